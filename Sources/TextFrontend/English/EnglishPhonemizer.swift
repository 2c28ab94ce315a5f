/// English text to phoneme text: `Hello, world!` gives `{HH AH0 L OW1}, {W ER1 L D}!`.
///
/// One span per word, ARPAbet with stress digits on the vowels, punctuation attached as in normal text. Spans that
/// are already there stay as they are. Words come from the user's lexicon, then from homographs chosen by their
/// neighbours, the large lexicon, forms and compounds of known words, and last from their letters.
public struct EnglishPhonemizer: Phonemizer {
    private let lexicon: PronunciationLexicon
    private let userEntries: UserLexicon
    private let letterToSound: LetterToSound
    private let normalizer: EnglishNormalizer

    /// A phonemizer over a lexicon and a letter-to-sound model.
    public init(lexicon: PronunciationLexicon, letterToSound: LetterToSound, userEntries: UserLexicon = .init()) {
        self.lexicon = lexicon
        self.letterToSound = letterToSound
        self.userEntries = userEntries
        normalizer = EnglishNormalizer { lexicon.contains($0) || userEntries.contains($0) }
    }

    /// A phonemizer over the data that come with the program.
    public static func embedded(userEntries: UserLexicon = .init()) throws(LexiconError) -> EnglishPhonemizer {
        EnglishPhonemizer(
            lexicon: try PronunciationLexicon.embedded(), letterToSound: try LetterToSound.embedded(),
            userEntries: userEntries)
    }

    public func phonemize(_ text: String) -> String {
        let protected = userEntries.count > 0 ? protectingUserWords(text) : text
        let tokens = SpokenTokens.tokens(of: normalizer.spellOut(protected))
        var phonemes = tokens.indices.map { index in
            guard case .word(let word) = tokens[index] else { return [String]() }
            return self.phonemes(of: word, in: SpokenTokens.context(of: index, in: tokens))
        }
        adjustArticles(tokens, &phonemes)
        var result = ""
        for (token, sounds) in zip(tokens, phonemes) {
            switch token {
            case .space: if !result.isEmpty, !result.hasSuffix(" ") { result += " " }
            case .mark(let mark): result.append(mark)
            case .span(let span): result += span
            case .word: if !sounds.isEmpty { result += "{\(sounds.joined(separator: " "))}" }
            }
        }
        return result.hasSuffix(" ") ? String(result.dropLast()) : result
    }

    // MARK: Words

    /// Words of the user that the normalizer would spell out ("C++", "VoxCPM", "3D") become spans at once.
    private func protectingUserWords(_ text: String) -> String {
        let edges: Set<Character> = [",", ".", "!", "?", ";", ":", "\"", "(", ")", "…", "“", "”"]
        return text.split(separator: " ", omittingEmptySubsequences: false).map { piece in
            let lead = piece.prefix { edges.contains($0) }
            let core = piece.dropFirst(lead.count)
            let trail = String(core.reversed().prefix { edges.contains($0) }.reversed())
            let word = String(core.dropLast(trail.count))
            guard !word.contains("{"), let own = userEntries.pronunciation(of: word) else { return String(piece) }
            return "\(lead){\(own.joined(separator: " "))}\(trail)"
        }.joined(separator: " ")
    }

    private func phonemes(of word: String, in context: WordContext) -> [String] {
        if let own = userEntries.pronunciation(of: word) { return own }
        if let name = letterName(word, in: context) { return name }
        if let choice = Homographs.pronunciation(in: context) { return choice }
        return phonemes(of: context.word, typed: word)
    }

    private func phonemes(of word: String, typed: String) -> [String] {
        if let known = lexicon.pronunciation(of: word) { return known }
        if word.contains("-") {
            return word.split(separator: "-").flatMap { phonemes(of: String($0), typed: String($0)) }
        }
        let lookUp = { (part: String) in userEntries.pronunciation(of: part) ?? lexicon.pronunciation(of: part) }
        if let form = WordForms(lookUp: lookUp).phonemes(of: word) { return form }
        let parts = capitalizedParts(of: typed)
        if parts.count > 1 { return parts.flatMap { phonemes(of: $0.lowercased(), typed: $0) } }
        let letters = word.filter { $0.isLetter && $0.isASCII }
        // Without a vowel there is nothing to pronounce but the names of the letters.
        if letters.count <= 6, !letters.contains(where: { "aeiouy".contains($0) }) {
            return letters.flatMap { LetterNames.phonemes[$0] ?? [] }
        }
        return letterToSound.phonemes(of: letters)
    }

    /// "YouTube" in two, "McDonald" in two, "hello" in one.
    private func capitalizedParts(of word: String) -> [String] {
        var parts: [String] = []
        var previousIsLower = false
        for character in word.prefix(64) {
            if parts.isEmpty || character.isUppercase && previousIsLower { parts.append("") }
            parts[parts.count - 1].append(character)
            previousIsLower = character.isLowercase
        }
        return word.count <= 64 ? parts : [word]
    }

    /// The name of a letter that stands alone: capitals but the pronoun and the article, small ones but the same.
    private func letterName(_ word: String, in context: WordContext) -> [String]? {
        var stem = word
        if word.hasSuffix("'s") { stem.removeLast(2) }
        guard stem.count == 1, let letter = stem.lowercased().first, let name = LetterNames.phonemes[letter] else {
            return nil
        }
        if letter == "a", stem == word, !isLetterA(context) { return ["AH0"] }
        return stem == word ? name : WordForms.plural(of: name)
    }

    /// A capital A is a letter beside another one, and in the middle of a sentence.
    private func isLetterA(_ context: WordContext) -> Bool {
        guard context.typed == "A" else { return false }
        if context.next.count == 1 && context.nextIsCapital || context.previous.count == 1 && context.previousIsCapital
        {
            return true
        }
        return !context.isSentenceStart && !context.nextIsCapital
    }

    /// "the" before a vowel, "to" before a consonant.
    private func adjustArticles(_ tokens: [SpokenTokens.Token], _ phonemes: inout [[String]]) {
        for index in tokens.indices {
            guard case .word(let word) = tokens[index],
                word == word.lowercased() || index == 0 || word == "The" || word == "To",
                ["the", "to"].contains(word.lowercased()), userEntries.pronunciation(of: word) == nil
            else { continue }
            let following = index + 2 < tokens.count && tokens[index + 1] == .space ? index + 2 : nil
            let first = following.flatMap { next -> String? in
                if case .span(let span) = tokens[next] {
                    return span.dropFirst().split(separator: " ").first.map { $0.filter { $0 != "}" } }
                }
                return phonemes[next].first
            }
            let isVowel = first.map(Phoneme.isVowel) ?? false
            if word.lowercased() == "the" { phonemes[index] = ["DH", isVowel ? "IY0" : "AH0"] }
            if word.lowercased() == "to" { phonemes[index] = first == nil || isVowel ? ["T", "UW1"] : ["T", "AH0"] }
        }
    }
}
