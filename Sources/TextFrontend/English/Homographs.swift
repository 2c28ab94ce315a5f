/// Words that are spelled alike and said differently.
enum Homographs {
    struct Entry: Sendable {
        /// As a noun or adjective.
        let noun: [String]
        /// As a verb.
        let verb: [String]
        let isVerbByDefault: Bool
    }

    /// `word, noun or adjective, verb`; a star marks verbs that are likelier without any hint.
    private static let lines = """
        abuse, AH0 B Y UW1 S, AH0 B Y UW1 Z
        addict, AE1 D IH2 K T, AH0 D IH1 K T
        address, AE1 D R EH2 S, AH0 D R EH1 S
        advocate, AE1 D V AH0 K AH0 T, AE1 D V AH0 K EY2 T
        affiliate, AH0 F IH1 L IY0 AH0 T, AH0 F IH1 L IY0 EY2 T
        aggregate, AE1 G R AH0 G AH0 T, AE1 G R AH0 G EY2 T
        ally, AE1 L AY0, AH0 L AY1
        alternate, AO1 L T ER0 N AH0 T, AO1 L T ER0 N EY2 T
        appropriate, AH0 P R OW1 P R IY0 AH0 T, AH0 P R OW1 P R IY0 EY2 T
        approximate, AH0 P R AA1 K S AH0 M AH0 T, AH0 P R AA1 K S AH0 M EY2 T
        articulate, AA0 R T IH1 K Y AH0 L AH0 T, AA0 R T IH1 K Y AH0 L EY2 T *
        associate, AH0 S OW1 SH IY0 AH0 T, AH0 S OW1 SH IY0 EY2 T
        attribute, AE1 T R AH0 B Y UW2 T, AH0 T R IH1 B Y UW2 T
        close, K L OW1 S, K L OW1 Z
        combat, K AA1 M B AE0 T, K AH0 M B AE1 T
        combine, K AA1 M B AY0 N, K AH0 M B AY1 N *
        compound, K AA1 M P AW0 N D, K AH0 M P AW1 N D
        compress, K AA1 M P R EH0 S, K AH0 M P R EH1 S *
        conduct, K AA1 N D AH0 K T, K AH0 N D AH1 K T *
        conflict, K AA1 N F L IH0 K T, K AH0 N F L IH1 K T
        console, K AA1 N S OW0 L, K AH0 N S OW1 L
        construct, K AA1 N S T R AH0 K T, K AH0 N S T R AH1 K T *
        contest, K AA1 N T EH0 S T, K AH0 N T EH1 S T
        contract, K AA1 N T R AE2 K T, K AH0 N T R AE1 K T
        contrast, K AA1 N T R AE0 S T, K AH0 N T R AE1 S T
        converse, K AA1 N V ER0 S, K AH0 N V ER1 S *
        convert, K AA1 N V ER0 T, K AH0 N V ER1 T *
        convict, K AA1 N V IH0 K T, K AH0 N V IH1 K T
        coordinate, K OW0 AO1 R D AH0 N AH0 T, K OW0 AO1 R D AH0 N EY2 T *
        decrease, D IY1 K R IY2 S, D IH0 K R IY1 S
        defect, D IY1 F EH0 K T, D IH0 F EH1 K T
        delegate, D EH1 L AH0 G AH0 T, D EH1 L AH0 G EY2 T
        deliberate, D IH0 L IH1 B R AH0 T, D IH0 L IH1 B ER0 EY2 T
        desert, D EH1 Z ER0 T, D IH0 Z ER1 T
        diffuse, D IH0 F Y UW1 S, D IH0 F Y UW1 Z
        digest, D AY1 JH EH0 S T, D AY0 JH EH1 S T *
        discharge, D IH1 S CH AA2 R JH, D IH0 S CH AA1 R JH
        discount, D IH1 S K AW0 N T, D IH0 S K AW1 N T
        dove, D AH1 V, D OW1 V
        duplicate, D UW1 P L AH0 K AH0 T, D UW1 P L AH0 K EY2 T
        elaborate, IH0 L AE1 B R AH0 T, IH0 L AE1 B ER0 EY2 T
        entrance, EH1 N T R AH0 N S, EH0 N T R AE1 N S
        escort, EH1 S K AO0 R T, EH0 S K AO1 R T
        estimate, EH1 S T AH0 M AH0 T, EH1 S T AH0 M EY2 T
        excuse, IH0 K S K Y UW1 S, IH0 K S K Y UW1 Z
        exploit, EH1 K S P L OY2 T, EH2 K S P L OY1 T *
        export, EH1 K S P AO0 R T, EH0 K S P AO1 R T
        extract, EH1 K S T R AE2 K T, IH0 K S T R AE1 K T *
        ferment, F ER1 M EH0 N T, F ER0 M EH1 N T
        graduate, G R AE1 JH AH0 W AH0 T, G R AE1 JH AH0 W EY2 T
        house, HH AW1 S, HH AW1 Z
        impact, IH1 M P AE0 K T, IH2 M P AE1 K T
        implant, IH1 M P L AE2 N T, IH2 M P L AE1 N T
        import, IH1 M P AO2 R T, IH2 M P AO1 R T
        imprint, IH1 M P R IH0 N T, IH2 M P R IH1 N T
        incline, IH1 N K L AY0 N, IH2 N K L AY1 N
        increase, IH1 N K R IY2 S, IH2 N K R IY1 S
        insert, IH1 N S ER2 T, IH2 N S ER1 T *
        insult, IH1 N S AH2 L T, IH2 N S AH1 L T
        intimate, IH1 N T AH0 M AH0 T, IH1 N T AH0 M EY2 T
        live, L AY1 V, L IH1 V *
        moderate, M AA1 D ER0 AH0 T, M AA1 D ER0 EY2 T
        mouth, M AW1 TH, M AW1 DH
        object, AA1 B JH EH0 K T, AH0 B JH EH1 K T
        overflow, OW1 V ER0 F L OW2, OW2 V ER0 F L OW1
        perfect, P ER1 F IH2 K T, P ER0 F EH1 K T
        permit, P ER1 M IH2 T, P ER0 M IH1 T
        pervert, P ER1 V ER0 T, P ER0 V ER1 T
        present, P R EH1 Z AH0 N T, P R IY0 Z EH1 N T
        produce, P R OW1 D UW0 S, P R AH0 D UW1 S *
        progress, P R AA1 G R EH2 S, P R AH0 G R EH1 S
        project, P R AA1 JH EH0 K T, P R AH0 JH EH1 K T
        protest, P R OW1 T EH2 S T, P R AH0 T EH1 S T
        rebel, R EH1 B AH0 L, R IH0 B EH1 L
        recall, R IY1 K AO2 L, R IH0 K AO1 L *
        recess, R IY1 S EH0 S, R IH0 S EH1 S
        record, R EH1 K ER0 D, R IH0 K AO1 R D
        refill, R IY1 F IH0 L, R IY0 F IH1 L *
        refund, R IY1 F AH2 N D, R IH0 F AH1 N D
        refuse, R EH1 F Y UW2 Z, R IH0 F Y UW1 Z *
        reject, R IY1 JH EH0 K T, R IH0 JH EH1 K T *
        relapse, R IY1 L AE2 P S, R IH0 L AE1 P S
        research, R IY1 S ER0 CH, R IY0 S ER1 CH
        reset, R IY1 S EH0 T, R IY0 S EH1 T *
        resume, R EH1 Z AH0 M EY2, R IH0 Z UW1 M *
        segment, S EH1 G M AH0 N T, S EH2 G M EH1 N T
        separate, S EH1 P R AH0 T, S EH1 P ER0 EY2 T
        subject, S AH1 B JH IH0 K T, S AH0 B JH EH1 K T
        subordinate, S AH0 B AO1 R D AH0 N AH0 T, S AH0 B AO1 R D AH0 N EY2 T
        survey, S ER1 V EY2, S ER0 V EY1
        suspect, S AH1 S P EH2 K T, S AH0 S P EH1 K T *
        tear, T IH1 R, T EH1 R
        torment, T AO1 R M EH2 N T, T AO0 R M EH1 N T
        transfer, T R AE1 N S F ER0, T R AE0 N S F ER1
        transplant, T R AE1 N S P L AE2 N T, T R AE0 N S P L AE1 N T
        transport, T R AE1 N S P AO0 R T, T R AE0 N S P AO1 R T
        update, AH1 P D EY2 T, AH0 P D EY1 T
        upgrade, AH1 P G R EY2 D, AH0 P G R EY1 D
        upset, AH1 P S EH2 T, AH0 P S EH1 T *
        use, Y UW1 S, Y UW1 Z *
        wind, W IH1 N D, W AY1 N D
        wound, W UW1 N D, W AW1 N D
        """

    /// The entries by word.
    static let entries: [String: Entry] = {
        var entries: [String: Entry] = [:]
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: ",").map { $0.split(separator: " ").map(String.init) }
            let isVerb = fields[2].last == "*"
            entries[fields[0].joined()] = Entry(
                noun: fields[1], verb: isVerb ? Array(fields[2].dropLast()) : fields[2], isVerbByDefault: isVerb)
        }
        return entries
    }()
}
