/// Words in capitals: letter by letter, or as a word.
enum Acronyms {
    /// Always read letter by letter when written in capitals.
    private static let spelled: Set<String> = [
        "US", "UK", "EU", "UN", "AI", "PR", "HR", "AC", "DC", "TV", "PM", "AM", "CEO", "CFO", "CTO", "COO", "FBI",
        "CIA",
        "USA", "UAE", "UFO", "ATM", "API", "GPU", "CPU", "IPO", "IQ", "EQ", "VIP", "DIY", "FAQ", "SOS", "SUV", "URL",
        "USB", "VPN", "ADHD", "AOL", "IBM", "NBA", "NFL", "BBC", "CNN", "NBC", "ABC", "CBS", "HBO", "MIT", "UCLA",
        "USC",
        "DNA", "RNA", "HIV", "MRI", "ICU", "ER", "DJ", "MC", "CD", "DVD", "PC", "IT", "OS", "UI", "UX", "IP", "ID",
        "ISO",
        "IRS", "NHS", "EPA", "FDA", "CDC", "GDP", "GPS", "LED", "LCD", "OLED", "AAA", "AA", "IOU", "RIP", "MIA", "IEEE",
        "IE", "EEG", "EKG", "ECG", "IV", "OCD", "TTS", "ASR", "LLM", "NLP", "SQL", "SDK", "IDE", "ASL", "ESL", "ETA",
        "EV",
        "AP", "AV", "BA", "MA", "MBA", "PhD", "DOB", "EST", "PST", "GMT", "UTC", "TBA", "TBD", "IMO", "OMG", "IDK",
        "NGO",
    ]
    /// Always read as a word, though they do not look like one.
    private static let spoken = [
        "NASA": "NASA", "JPEG": "jay peg", "JSON": "jason", "SCSI": "scuzzy", "WYSIWYG": "wizzy wig", "MPEG": "em peg",
        "PNG": "P N G", "CMYK": "C M Y K", "IEEE": "I triple E", "AAA": "triple A", "NAACP": "N double A C P",
        "NCAA": "N C double A", "OK": "okay", "VOXCPM": "vox C P M", "PDF": "P D F", "WIFI": "wi fi", "ASCII": "askey",
    ]
    /// Short words that people shout.
    private static let words: Set<String> = [
        "NO", "YES", "NOT", "ALL", "ANY", "AND", "ARE", "BUT", "CAN", "DID", "FOR", "GET", "GO", "HAS", "HAD", "HER",
        "HIM", "HIS", "HOW", "IF", "IN", "IS", "LET", "MAY", "ME", "MY", "NEW", "NOW", "OF", "OFF", "OLD", "ON", "ONE",
        "OR", "OUR", "OUT", "SAY", "SEE", "SHE", "SO", "THE", "TO", "TOO", "TRY", "TWO", "UP", "USE", "WAS", "WAY",
        "WE",
        "WHY", "WHO", "WIN", "YOU", "BIG", "BAD", "RUN", "OUR", "DO", "DON", "DAY", "END", "EAT", "FUN", "HE", "HI",
        "HOT",
        "JOB", "KEY", "LOW", "MAN", "MOM", "DAD", "OH", "PAY", "PUT", "RED", "SIX", "TEN", "TOP", "YET", "AT", "BE",
        "BY",
        "AN", "AS", "ACT", "AGE", "ADD", "AGO", "AIR", "ART", "ASK", "BAR", "BED", "BOX", "BOY", "BUY", "CAR", "CAT",
        "CUT", "DOG", "EYE", "FAR", "FEW", "FLY", "FOX", "GOD", "GUN", "GUY", "HIT", "LAW", "LEG", "LOT", "MAD", "MAP",
        "NET", "NOR", "OWN", "PET", "PIN", "RAM", "ROM", "SAD", "SET", "SIM", "SIT", "SUN", "TEA", "TIP", "VAN", "WAR",
        "WET", "WON", "ZIP", "ZOO", "GIF", "LAN", "WAN", "CAD", "DOS", "NOW", "TIM", "SAM", "BOB", "JIM", "MAX", "OIL",
    ]

    /// How a word in capitals is read; nil for "as it stands". A plural or possessive s may follow the capitals.
    static func reading(of word: String, isShouting: Bool, isKnownWord: (String) -> Bool) -> String? {
        var stem = word
        var ending = ""
        for suffix in ["'s", "s"] where stem.count > suffix.count + 1 && stem.hasSuffix(suffix) {
            stem.removeLast(suffix.count)
            ending = "'s"
            break
        }
        guard stem.count >= 2, stem.count <= 24, stem.allSatisfy({ $0.isUppercase && $0.isASCII }) else { return nil }
        if stem == "OK" || !isShouting, let reading = spoken[stem] { return reading + ending }
        if isWord(stem, isShouting: isShouting, isKnownWord: isKnownWord) { return nil }
        return stem.map(String.init).joined(separator: " ") + ending
    }

    private static func isWord(_ word: String, isShouting: Bool, isKnownWord: (String) -> Bool) -> Bool {
        let hasVowel = word.contains { "AEIOUY".contains($0) }
        if isShouting {
            return hasVowel && (word.count > 3 || words.contains(word) || ["US", "IT", "AM"].contains(word))
        }
        if spelled.contains(word) || !hasVowel { return false }
        if word.count <= 3 { return words.contains(word) }
        return isKnownWord(word) || isPronounceable(word)
    }

    /// Whether consonants and vowels alternate as in a word: at most two consonants at the edges, three inside.
    private static func isPronounceable(_ word: String) -> Bool {
        let kinds = word.map { "AEIOUY".contains($0) }
        let runs = kinds.split(whereSeparator: { $0 }).map(\.count)
        let vowels = kinds.split(whereSeparator: { !$0 }).map(\.count)
        let leading = kinds.prefix { !$0 }.count
        return leading <= 2 && (runs.max() ?? 0) <= 3 && (vowels.max() ?? 0) <= 2
            && Set(word).count > 1 && kinds.suffix(3).contains(true)
    }
}
