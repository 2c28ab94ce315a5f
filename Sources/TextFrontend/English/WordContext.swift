/// A word and the words around it, in lower case; empty at a punctuation mark that separates clauses.
struct WordContext {
    let word: String
    /// As it was typed.
    let typed: String
    var previous = ""
    var beforePrevious = ""
    var next = ""
    var afterNext = ""
    var previousIsCapital = false
    var nextIsCapital = false
    var isSentenceStart = false
    /// Some word of the sentence speaks of the past.
    var isPast = false

    private static let determiners: Set<String> = [
        "a", "an", "the", "this", "that", "these", "those", "my", "your", "his", "her", "its", "our", "their", "some",
        "any", "no", "every", "each", "another", "one", "first", "second", "third", "last", "next", "new", "old", "own",
        "many", "few", "several", "both", "all", "such", "what", "whose", "good", "great", "big", "little", "other",
        "two",
        "three", "four", "five", "more", "most", "best", "same", "only", "public", "private", "national",
    ]
    private static let prepositions: Set<String> = [
        "of", "in", "on", "at", "for", "with", "from", "by", "about", "into", "through", "under", "over", "without",
        "against", "between", "during", "per", "as", "after", "before", "like", "despite", "across", "behind",
    ]
    private static let modals: Set<String> = [
        "to", "will", "would", "can", "could", "should", "shall", "may", "might", "must", "do", "does", "did", "don't",
        "doesn't", "didn't", "won't", "can't", "cannot", "couldn't", "wouldn't", "shouldn't", "let's", "please", "not",
        "never", "always", "often", "also", "i'll", "you'll", "we'll", "they'll", "he'll", "she'll", "it'll", "i'd",
        "you'd", "we'd", "they'd", "he'd", "she'd", "gonna", "help", "helps", "helped", "lets", "let", "cannot", "just",
        "usually", "sometimes", "rarely", "actually", "really", "still",
    ]
    private static let subjects: Set<String> = ["i", "you", "we", "they", "who", "people"]
    private static let singularSubjects: Set<String> = [
        "he", "she", "it", "who", "which", "that", "everyone", "nobody",
    ]
    private static let objects: Set<String> = [
        "the", "a", "an", "it", "them", "him", "her", "me", "us", "you", "this", "these", "those", "my", "your", "his",
        "our", "their", "its", "myself", "yourself", "himself", "herself", "all", "both", "every", "each", "everything",
        "something", "anything",
    ]

    private static let adjectivesInLy: Set<String> = [
        "likely", "early", "only", "friendly", "daily", "weekly", "monthly", "family", "lovely", "lonely", "elderly",
        "costly", "unlikely", "deadly", "lively", "italy", "orderly", "yearly", "hourly", "supply", "reply",
    ]

    func previousIs(_ words: String...) -> Bool { words.contains(previous) }
    func nextIs(_ words: String...) -> Bool { words.contains(next) }

    var followsDeterminer: Bool {
        Self.determiners.contains(previous) || isPossessive(previous)
    }
    /// "the doctor's", but not "let's" or "what's".
    private func isPossessive(_ word: String) -> Bool {
        let contractions = [
            "it's", "he's", "she's", "let's", "that's", "what's", "who's", "there's", "here's", "where's", "how's",
            "everyone's", "everybody's",
        ]
        return word.hasSuffix("'s") && !contractions.contains(word)
    }
    var followsPreposition: Bool { Self.prepositions.contains(previous) }
    var followsModal: Bool { Self.modals.contains(previous) || previous.hasSuffix("n't") }
    var followsSubject: Bool { Self.subjects.contains(previous) }
    var followsSingularSubject: Bool { Self.singularSubjects.contains(previous) }
    var precedesObject: Bool { Self.objects.contains(next) }

    /// Whether the word is more likely a verb than a noun or an adjective; nil where nothing tells.
    var isVerb: Bool? {
        if previous == "to" { return !["according", "due", "thanks", "addition", "next"].contains(beforePrevious) }
        if followsModal || followsSubject { return true }
        if followsDeterminer || followsPreposition { return false }
        if previous.isEmpty, isSentenceStart { return precedesObject ? true : nil }
        if next == "of" { return false }
        let isAdverb = previous.hasSuffix("ly") && previous.count > 4 && !Self.adjectivesInLy.contains(previous)
        if isAdverb { return !next.isEmpty }
        if precedesObject { return true }
        if ["is", "was", "are", "were", "be", "been", "very", "so", "too", "quite"].contains(previous) { return false }
        let isPlural = previous.hasSuffix("s") && !previous.hasSuffix("ss")
        if isPlural, ["when", "while", "until", "if", "because", "by"].contains(next) { return true }
        // At the end of a clause, after something that is no subject: "fresh produce".
        return next.isEmpty && !previous.isEmpty ? false : nil
    }

    /// The same for a form with -s: "he records" or "the records".
    var isSingularVerb: Bool? {
        if followsSingularSubject { return previous != "which" || precedesObject }
        if ["never", "always", "often", "also", "usually", "rarely", "sometimes", "still"].contains(previous) {
            return true
        }
        if followsDeterminer || followsPreposition || followsModal { return false }
        return precedesObject && !previous.isEmpty ? true : nil
    }
}
