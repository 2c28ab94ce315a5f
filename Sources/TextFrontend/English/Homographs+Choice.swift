extension Homographs {
    /// The pronunciation that fits the context; nil for words that need no choice.
    static func pronunciation(in context: WordContext) -> [String]? {
        if let phonemes = special(context) { return phonemes.split(separator: " ").map(String.init) }
        if let entry = entries[context.word] {
            return context.isVerb ?? entry.isVerbByDefault ? entry.verb : entry.noun
        }
        guard context.word.hasSuffix("s"), let entry = entries[String(context.word.dropLast())] else { return nil }
        // Without a hint the -s of a noun is likelier than that of a verb.
        return WordForms.plural(of: context.isSingularVerb ?? false ? entry.verb : entry.noun)
    }

    /// Words whose readings are no matter of noun and verb alone.
    private static func special(_ context: WordContext) -> String? {
        switch context.word {
        case "read": isPastRead(context) ? "R EH1 D" : "R IY1 D"
        case "lead": isMetal(context) ? "L EH1 D" : "L IY1 D"
        case "live": live(context)
        case "lives":
            context.followsSingularSubject
                || context.nextIs("in", "on", "at", "with", "near", "here", "there", "alone")
                    && !context.followsDeterminer
                ? "L IH1 V Z" : "L AY1 V Z"
        case "close": close(context)
        case "minute":
            context.previousIs("very", "too", "most", "extremely", "such")
                || context.nextIs(
                    "detail", "details", "amount", "amounts", "particles", "quantities", "differences", "traces")
                ? "M AY0 N UW1 T" : "M IH1 N AH0 T"
        case "content":
            context.previousIs(
                "is", "are", "was", "were", "am", "be", "been", "feel", "feels", "felt", "seem", "seems", "quite",
                "perfectly", "i'm", "he's", "she's", "they're", "we're", "looked")
                || context.nextIs("with")
                    && !context.followsDeterminer
                ? "K AH0 N T EH1 N T" : "K AA1 N T EH0 N T"
        case "bow":
            ["take", "took", "takes", "took"].contains(context.beforePrevious)
                || context.previousIs("take", "took", "takes", "to", "final", "they", "we", "i", "and")
                    && !context.nextIs("and", "tie")
                || context.nextIs("down", "before", "to", "out") ? "B AW1" : "B OW1"
        case "bass":
            context.previousIs("largemouth", "sea", "striped", "smallmouth") || context.nextIs("fishing", "lake")
                ? "B AE1 S" : "B EY1 S"
        case "wind", "winds":
            windUp(context).map { context.word == "wind" ? $0 : $0 + " Z" }
        case "wound":
            context.nextIs("up", "around", "down", "through", "tight", "tightly")
                || context.precedesObject && !context.followsDeterminer ? "W AW1 N D" : "W UW1 N D"
        case "tear":
            context.nextIs("up", "down", "apart", "off", "it", "open", "out", "in", "through") || context.followsModal
                || context.precedesObject ? "T EH1 R" : "T IH1 R"
        case "tears":
            context.followsSingularSubject || context.nextIs("up", "down", "apart", "the", "it")
                ? "T EH1 R Z" : "T IH1 R Z"
        case "dove": context.nextIs("into", "in", "off", "under", "down", "deep") ? "D OW1 V" : "D AH1 V"
        case "does": "D AH1 Z"
        case "used": isHabit(context) ? "Y UW1 S T" : "Y UW1 Z D"
        case "polish":
            context.typed.first?.isUppercase ?? false && !context.isSentenceStart ? "P OW1 L IH0 SH" : "P AA1 L IH0 SH"
        case "perfect", "separate", "intimate", "moderate", "deliberate", "elaborate", "appropriate":
            // Adjectives: a noun after them is no object.
            context.isSentenceStart && context.precedesObject || context.previousIs("to")
                || context.followsModal && !context.previousIs("not", "never", "still", "really", "just")
                || context.followsSubject && context.word != "perfect" ? nil : adjective(context.word)
        case "present":
            context.nextIs("in", "at", "day") && !context.followsModal ? "P R EH1 Z AH0 N T" : nil
        case "object": objects(context) ? "AH0 B JH EH1 K T" : nil
        case "objects": objects(context) ? "AH0 B JH EH1 K T S" : nil
        default: nil
        }
    }

    /// "he used to walk", but not "a tool used to cut" or "is used to".
    private static func isHabit(_ context: WordContext) -> Bool {
        guard context.nextIs("to") else { return false }
        let subjects: Set = [
            "i", "you", "he", "she", "it", "we", "they", "who", "there", "never", "always", "also", "people",
        ]
        let owners: Set = ["my", "your", "his", "her", "our", "their"]
        return subjects.contains(context.previous) || owners.contains(context.beforePrevious)
            || context.previousIsCapital && !context.previous.isEmpty
    }

    private static func objects(_ context: WordContext) -> Bool {
        context.nextIs("to") && !context.followsDeterminer
    }

    private static func adjective(_ word: String) -> String? { entries[word]?.noun.joined(separator: " ") }

    private static func isPastRead(_ context: WordContext) -> Bool {
        if [
            "to", "will", "would", "can", "could", "should", "may", "might", "must", "do", "does", "did", "didn't",
            "don't",
            "please", "let's", "can't", "couldn't", "i'll", "we'll", "you'll", "and",
        ].contains(context.previous) {
            return context.previous == "and" && context.isPast
        }
        let perfect: Set = [
            "have", "has", "had", "i've", "we've", "you've", "they've", "i'd", "was", "were", "been", "be", "being",
            "is",
            "are", "haven't", "hasn't", "hadn't", "he", "she", "it", "well", "widely", "already",
        ]
        if perfect.contains(context.previous) { return true }
        if ["ever", "never", "just", "also", "not"].contains(context.previous), perfect.contains(context.beforePrevious)
        {
            return true
        }
        if ["have", "has", "had"].contains(context.beforePrevious) { return !context.previous.hasSuffix("to") }
        return context.isPast
    }

    private static func isMetal(_ context: WordContext) -> Bool {
        context.nextIs(
            "pipe", "pipes", "paint", "poisoning", "pencil", "pencils", "bullet", "bullets", "shot", "ore", "acid")
            || context.previousIs("of", "molten", "liquid", "contains", "containing")
                && !context.nextIs("singer", "role")
            || context.beforePrevious == "made" && context.previous == "of"
    }

    private static func live(_ context: WordContext) -> String {
        let shows = [
            "music", "show", "shows", "concert", "concerts", "broadcast", "stream", "streaming", "performance",
            "performances", "audience", "tv", "television", "event", "events", "coverage", "band", "album", "video",
            "chat",
            "wire", "ammunition", "animals", "recording", "action", "bait", "updates", "from", "demo", "entertainment",
        ]
        if shows.contains(context.next), !context.followsModal || context.previousIs("not", "always", "also", "still"),
            !(context.next == "from" && context.followsSubject)
        {
            return "L AY1 V"
        }
        if context.previousIs(
            "going", "go", "went", "broadcast", "streamed", "aired", "is", "are", "was", "were", "the", "a", "watch",
            "performed", "play", "perform", "goes", "streaming")
        {
            return "L AY1 V"
        }
        return "L IH1 V"
    }

    private static func close(_ context: WordContext) -> String {
        if context.followsSubject { return "K L OW1 Z" }
        let near = [
            "to", "by", "friend", "friends", "call", "enough", "relationship", "ties", "together", "at", "range",
            "contact", "attention", "look", "race", "second", "family", "behind", "proximity",
        ]
        let degree = [
            "very", "so", "too", "is", "are", "was", "were", "get", "got", "gets", "come", "came", "comes", "stay",
            "as", "how", "a", "pretty", "been", "quite", "be", "really", "stayed", "getting", "my", "it's", "that's",
            "we're",
        ]
        if near.contains(context.next), context.previous != "to" { return "K L OW1 S" }
        if degree.contains(context.previous) { return "K L OW1 S" }
        return context.isVerb ?? false || context.next == "of" ? "K L OW1 Z" : "K L OW1 S"
    }

    private static func windUp(_ context: WordContext) -> String? {
        if context.nextIs("up", "down", "through", "around"), !context.followsDeterminer { return "W AY1 N D" }
        return context.previousIs("to", "will", "can", "must", "should") ? "W AY1 N D" : "W IH1 N D"
    }
}
