public import Foundation

/// Guesses the phonemes of a word from its letters, with a joint n-gram model learned from CMUdict.
///
/// Every letter becomes a unit of that letter and none to two phonemes; a beam search finds the likeliest sequence
/// of units with exactly one primary stress. `tools/lexicon/README.md` has the layout, the training and the error
/// rates.
public struct LetterToSound: Sendable {
    /// Longer words are read in pieces of this size, and with less care.
    private static let lengthLimit = 40

    private let model: JointModel

    /// The model that comes with the program.
    public static func embedded() throws(LexiconError) -> LetterToSound {
        try LetterToSound(contentsOf: ResourceFolder.file("letters.bin"))
    }

    /// Reads a model built by `tools/lexicon/build.py`.
    public init(contentsOf url: URL) throws(LexiconError) {
        let bytes = try ResourceFolder.read(url, limit: PronunciationLexicon.fileSizeLimit)
        model = try JointModel(bytes: bytes, path: url.path)
    }

    init(bytes: [UInt8], path: String) throws(LexiconError) { model = try JointModel(bytes: bytes, path: path) }

    /// The phonemes of a word; only the letters a to z count.
    public func phonemes(of word: String) -> [String] {
        let letters = word.lowercased().utf8.filter { (0x61...0x7A).contains($0) }
        var result: [String] = []
        var start = 0
        let beamWidth = letters.count > Self.lengthLimit ? 4 : 24
        while start < letters.count {
            let end = min(letters.count, start + Self.lengthLimit)
            result += guess(Array(letters[start..<end]), beamWidth: beamWidth)
            start = end
        }
        return result
    }

    private struct Hypothesis {
        var score: Float
        /// For every length, the model's node of the last units, or nil where the model has no such sequence.
        var context: [Int?]
        var units: [Int]
        var primaryStresses: Int
    }

    private func guess(_ letters: [UInt8], beamWidth: Int) -> [String] {
        var beam = [
            Hypothesis(score: 0, context: model.startContext, units: [], primaryStresses: 0)
        ]
        for letter in letters {
            var longer: [(score: Float, parent: Int, unit: Int)] = []
            for (parent, hypothesis) in beam.enumerated() {
                for unit in model.units(of: letter)
                where hypothesis.primaryStresses + model.primaryStresses[unit] <= 1 {
                    longer.append((hypothesis.score + model.score(of: unit, after: hypothesis.context), parent, unit))
                }
            }
            longer.sort { ($0.score, $1.parent, $1.unit) > ($1.score, $0.parent, $0.unit) }
            beam = longer.prefix(beamWidth).map { candidate in
                var hypothesis = beam[candidate.parent]
                hypothesis.score = candidate.score
                hypothesis.context = model.context(hypothesis.context, adding: candidate.unit)
                hypothesis.units.append(candidate.unit)
                hypothesis.primaryStresses += model.primaryStresses[candidate.unit]
                return hypothesis
            }
        }
        let best = beam.max { ending(of: $0) < ending(of: $1) }
        return best?.units.flatMap { model.phonemes(of: $0) } ?? []
    }

    /// The final score: a word without primary stress is unlikely.
    private func ending(of hypothesis: Hypothesis) -> Float {
        hypothesis.score + model.score(of: JointModel.end, after: hypothesis.context)
            - (hypothesis.primaryStresses == 0 ? 8 : 0)
    }
}
