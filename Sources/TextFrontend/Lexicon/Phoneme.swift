/// The ARPAbet phonemes of CMUdict: vowels carry a stress digit (0 none, 1 primary, 2 secondary), consonants none.
public enum Phoneme {
    /// The 15 vowels, without stress.
    public static let vowels = [
        "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
    ]
    /// The 24 consonants.
    public static let consonants = [
        "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V",
        "W", "Y", "Z", "ZH",
    ]
    /// Everything that may stand in a span, stressed vowels and consonants.
    public static let all: Set<String> = Set(vowels.flatMap { vowel in (0...2).map { "\(vowel)\($0)" } } + consonants)

    /// Whether a phoneme is a vowel: the one that ends in a digit.
    static func isVowel(_ phoneme: String) -> Bool { phoneme.last?.isNumber ?? false }
}
