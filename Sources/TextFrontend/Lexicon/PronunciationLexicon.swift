public import Foundation

/// A large read-only pronunciation dictionary: front-coded words in one flat byte buffer, found by binary search.
///
/// The layout is described in `tools/lexicon/README.md`. Lookups never trap on damaged data; they find nothing.
public struct PronunciationLexicon: Sendable {
    static let fileSizeLimit = 64 << 20
    private static let magic = Array("MYNLEX01".utf8)

    /// How many words there are.
    public let count: Int

    private let phonemes: [String]
    private let letterPairs: PairCodes
    private let soundPairs: PairCodes
    private let blockSize: Int
    private let blockStarts: [Int]
    private let body: [UInt8]

    /// The lexicon that comes with the program, made from CMUdict.
    public static func embedded() throws(LexiconError) -> PronunciationLexicon {
        try PronunciationLexicon(contentsOf: ResourceFolder.file("lexicon.bin"))
    }

    /// Reads a lexicon built by `tools/lexicon/build.py`.
    public init(contentsOf url: URL) throws(LexiconError) {
        try self.init(bytes: ResourceFolder.read(url, limit: Self.fileSizeLimit), path: url.path)
    }

    init(bytes: [UInt8], path: String) throws(LexiconError) {
        var reader = ByteReader(bytes)
        guard let magic = reader.take(8), magic.elementsEqual(Self.magic) else {
            throw .notALexicon(path: path, expected: "a pronunciation lexicon")
        }
        guard let count = reader.number(bytes: 4), let blocks = reader.number(bytes: 4),
            let blockSize = reader.number(bytes: 4), blockSize > 0, blocks <= bytes.count,
            count <= blocks * blockSize, count > (blocks - 1) * blockSize
        else { throw .damaged(path: path, part: "its sizes do not fit together") }
        guard let phonemes = reader.strings(), phonemes.allSatisfy(Phoneme.all.contains) else {
            throw .damaged(path: path, part: "its list of phonemes")
        }
        guard let letters = PairCodes(from: &reader, firstPair: 128),
            let sounds = PairCodes(from: &reader, firstPair: phonemes.count + 1)
        else { throw .damaged(path: path, part: "its tables of pairs") }
        guard let starts = reader.numbers(blocks, bytes: 4), let body = reader.take(bytes.count - reader.position),
            zip(starts, starts.dropFirst()).allSatisfy(<), starts.last ?? 0 <= body.count
        else { throw .damaged(path: path, part: "its index") }
        (self.count, self.phonemes, self.blockSize) = (count, phonemes, blockSize)
        (letterPairs, soundPairs, blockStarts, self.body) = (letters, sounds, starts, Array(body))
    }

    /// The phonemes of a word, or nil if it is not in the lexicon. Words are looked up in lower case.
    public func pronunciation(of word: String) -> [String]? {
        let wanted = Array(word.lowercased().utf8)
        guard !wanted.isEmpty, wanted.count <= 64, let block = block(of: wanted) else { return nil }
        var cursor = Cursor(position: blockStarts[block])
        for _ in 0..<min(blockSize, count - block * blockSize) {
            guard step(&cursor) else { return nil }
            if cursor.word == wanted { return sounds(from: cursor.sounds) }
            if wanted.lexicographicallyPrecedes(cursor.word) { return nil }
        }
        return nil
    }

    /// Whether a word is in the lexicon.
    public func contains(_ word: String) -> Bool { pronunciation(of: word) != nil }

    // MARK: Search

    private struct Cursor {
        var position: Int
        var word: [UInt8] = []
        var sounds: Range<Int> = 0..<0
    }

    /// The last block whose first word is not after `wanted`.
    private func block(of wanted: [UInt8]) -> Int? {
        var (low, high) = (0, blockStarts.count)
        while low < high {
            let middle = (low + high) / 2
            var cursor = Cursor(position: blockStarts[middle])
            guard step(&cursor) else { return nil }
            if wanted.lexicographicallyPrecedes(cursor.word) { high = middle } else { low = middle + 1 }
        }
        return low > 0 ? low - 1 : nil
    }

    /// Reads the entry at the cursor; false where the data end.
    private func step(_ cursor: inout Cursor) -> Bool {
        var position = cursor.position
        guard position < body.count else { return false }
        let (shared, short) = (Int(body[position] >> 4), Int(body[position] & 15))
        position += 1
        var length = short
        if short == 15 {
            guard position < body.count else { return false }
            length = Int(body[position])
            position += 1
        }
        guard shared <= cursor.word.count, position + length <= body.count else { return false }
        cursor.word.removeLast(cursor.word.count - shared)
        for code in body[position..<position + length] { cursor.word += letterPairs.expansion[Int(code)] }
        position += length
        guard let end = body[position...].firstIndex(of: 0) else { return false }
        cursor.sounds = position..<end
        cursor.position = end + 1
        return true
    }

    private func sounds(from range: Range<Int>) -> [String]? {
        var result: [String] = []
        for code in body[range] {
            for number in soundPairs.expansion[Int(code)] {
                guard (1...phonemes.count).contains(Int(number)) else { return nil }
                result.append(phonemes[Int(number) - 1])
            }
        }
        return result.isEmpty ? nil : result
    }
}

/// Codes that stand for one byte or, from `firstPair` on, for two earlier codes.
private struct PairCodes: Sendable {
    /// The bytes behind each of the 256 codes.
    let expansion: [[UInt8]]

    init?(from reader: inout ByteReader, firstPair: Int) {
        guard firstPair <= 256, let count = reader.byte(), firstPair + count <= 256,
            let codes = reader.take(count * 2)
        else { return nil }
        var expansion = (0..<256).map { [UInt8($0)] }
        for pair in 0..<count {
            let left = Int(codes[codes.startIndex + pair * 2])
            let right = Int(codes[codes.startIndex + pair * 2 + 1])
            guard left < firstPair + pair, right < firstPair + pair else { return nil }
            let bytes = expansion[left] + expansion[right]
            guard bytes.count <= 64 else { return nil }
            expansion[firstPair + pair] = bytes
        }
        self.expansion = expansion
    }
}
