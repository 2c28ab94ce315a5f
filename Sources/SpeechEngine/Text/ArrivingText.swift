import TextFrontend

/// A text that is still being written, as a language model writes it: gives away each sentence as soon as nothing that may
/// follow can change where it ends.
///
/// The sentences are those that ``TextParts`` finds in the whole text, however the text was cut up on its way.
public struct ArrivingText: Sendable {
    /// Longer than this without an end, a sentence is given away clause by clause, in estimated seconds.
    private static let patienceSeconds = 40.0
    /// Characters of a clause then.
    private static let clauseLength = 300
    /// Bytes that are looked through at every piece; more without an end are looked through now and then, so that a long
    /// text in small pieces costs no more than a few readings.
    private static let freeLookBytes = 4000

    /// What was not given away yet.
    public private(set) var rest = ""
    /// Unicode scalars of it, counted as they come: a long text in small pieces is not counted again for each.
    public private(set) var restLength = 0
    /// Bytes from which on looking for an end makes sense again.
    private var nextLook = 0

    public init() {}

    /// Takes the next piece.
    public mutating func append(_ piece: String) {
        rest += piece
        restLength += piece.unicodeScalars.count
    }

    /// The sentences that are whole, with the white space between them; what has nothing to say comes with its neighbour.
    ///
    /// - Parameter minimumSeconds: The first one is as long as this, in estimated seconds: it is joined with the ones that
    ///   follow it.
    public mutating func takeWhole(minimumSeconds: Double = 0) -> [String] {
        let count = rest.utf8.count
        guard count >= nextLook else { return [] }
        let sentences = take(wholeEnds(), minimumSeconds)
        nextLook = sentences.isEmpty && count > Self.freeLookBytes ? count + count / 4 : 0
        return sentences
    }

    /// The sentences of all that is left, as ``takeWhole(minimumSeconds:)`` gives them.
    public mutating func takeAll(minimumSeconds: Double = 0) -> [String] {
        var sentences = take(Self.ends(of: rest, maximumLength: .max), minimumSeconds)
        if SpeakableText.isSpeakable(rest) { sentences.append(rest) }
        rest = ""
        restLength = 0
        nextLook = 0
        return sentences
    }

    private mutating func take(_ ends: [String.Index], _ minimumSeconds: Double) -> [String] {
        var sentences: [String] = []
        var start = rest.startIndex
        for end in ends {
            let sentence = rest[start..<end]
            let isLong = !sentences.isEmpty || SpeechLength.seconds(of: sentence) >= minimumSeconds
            guard isLong, SpeakableText.isSpeakable(sentence) else { continue }
            sentences.append(String(sentence))
            start = end
        }
        if !sentences.isEmpty {
            rest = String(rest[start...])
            restLength = rest.unicodeScalars.count
        }
        return sentences
    }

    /// Where the sentences end whose ends are certain.
    private func wholeEnds() -> [String.Index] {
        let ends = Self.ends(of: rest, maximumLength: .max).filter(isCertain)
        guard ends.isEmpty, SpeechLength.seconds(of: rest) > Self.patienceSeconds else { return ends }
        return Self.ends(of: rest, maximumLength: Self.clauseLength).dropLast()
    }

    private static func ends(of text: String, maximumLength: Int) -> [String.Index] {
        SentenceSplitter(maximumLength: maximumLength).pieces(of: text).map(\.range.upperBound)
    }

    /// Whether what follows cannot belong to the sentence any more: after a full-width mark anything else, else a whole
    /// word, because abbreviations and small letters let a sentence go on.
    private func isCertain(_ end: String.Index) -> Bool {
        let next = rest[end...].drop { !$0.isLetter && !$0.isNumber && $0 != "{" }
        guard let first = next.first else { return false }
        if "。！？」』）”’".contains(rest[rest.index(before: end)]) || first == "{" { return true }
        let word = next.prefix { $0.isLetter || $0.isNumber }
        return word.endIndex < rest.endIndex || word.count >= 24
    }
}
