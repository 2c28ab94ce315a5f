public import Foundation

/// The tokenizer of a VoxCPM checkpoint: Llama-style byte pair encoding as stored in `tokenizer.json`.
///
/// Ids are those of the reference's wrapper with transformers 4: no start token; the mark `▁` before the text and
/// again after every special token; characters without a token as bytes; tokens of several Chinese characters taken
/// apart, their mark dropped. (transformers 5 leaves the mark out where the text starts with a space or a mark;
/// that difference is not reproduced.) Phoneme spans such as `{HH AH0 L OW1}` are text like any other.
public struct BPETokenizer: Sendable {
    /// No `tokenizer.json` is larger than this; the official ones have under 10 MiB.
    static let fileSizeLimit = 64 << 20
    private static let mark: [UInt8] = Array("\u{2581}".utf8)

    private let definition: TokenizerDefinition
    /// `<0x00>` to `<0xFF>`, where the vocabulary has them.
    private let byteIDs: [Int?]
    /// The ids of the single characters of every token that is taken apart.
    private let splits: [Int: [Int]]

    /// Reads a `tokenizer.json`.
    public init(contentsOf url: URL) throws(TokenizerError) {
        let path = url.path
        let data: Data
        do {
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            guard size <= Self.fileSizeLimit else {
                throw TokenizerError.tooLarge(path: path, bytes: size, limit: Self.fileSizeLimit)
            }
            data = try Data(contentsOf: url)
        } catch let error as TokenizerError {
            throw error
        } catch {
            let reason = FileManager.default.fileExists(atPath: path) ? "it is not readable" : "there is no such file"
            throw .unreadable(path: path, reason: reason)
        }
        try self.init(json: [UInt8](data), path: path)
    }

    /// Reads the text of a `tokenizer.json`; `path` is named in errors.
    init(json: [UInt8], path: String) throws(TokenizerError) {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: json)
        } catch {
            throw .malformedJSON(path: path, fault: error)
        }
        definition = try TokenizerDefinitionReader(path: path, document: document).read()
        let vocabulary = definition.vocabulary
        byteIDs = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.id(of: Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)[...])
        }
        splits = Self.splits(of: vocabulary, unknownID: definition.unknownID)
    }

    // MARK: Vocabulary

    /// How many distinct tokens there are.
    public var vocabularySize: Int { definition.vocabulary.count }

    /// The largest id of any token; a model's embedding must be larger than this.
    public var largestID: Int { definition.vocabulary.idBound - 1 }

    /// The id of exactly this token, special or not.
    public func id(of token: String) -> Int? { definition.vocabulary.id(of: Array(token.utf8)[...]) }

    /// The tokens behind ids, for people to read; an id without a token shows as `<?>`.
    public func tokens(for ids: [Int]) -> [String] { ids.map { definition.vocabulary.token(of: $0) ?? "<?>" } }

    // MARK: Encoding

    /// The ids of a text. Text that is not in the vocabulary and has no byte tokens becomes the unknown token, or
    /// is dropped where there is none.
    public func encode(_ text: String) -> [Int] {
        var ids: [Int] = []
        for id in encodeWithoutSplitting(text) {
            if let characters = splits[id] { ids += characters } else { ids.append(id) }
        }
        return ids
    }

    /// The ids before Chinese tokens are taken apart.
    func encodeWithoutSplitting(_ text: String) -> [Int] {
        var ids: [Int] = []
        for piece in definition.verbatimTokens.split(Array(text.utf8)[...]) {
            guard case .text(let raw) = piece else {
                if case .token(let id) = piece { ids.append(id) }
                continue
            }
            for piece in definition.rewrittenTokens.split(definition.rewrite(raw)) {
                switch piece {
                case .token(let id): ids.append(id)
                case .text(let rewritten): ids += merged(rewritten)
                }
            }
        }
        return ids
    }

    private func merged(_ text: ArraySlice<UInt8>) -> [Int] {
        if definition.ignoresMerges, let id = definition.vocabulary.id(of: text) { return [id] }
        return definition.merges.apply(to: characters(of: text)).map(Int.init)
    }

    /// One symbol per character, its bytes where it has no token, or the unknown token.
    private func characters(of text: ArraySlice<UInt8>) -> [Int32] {
        var symbols: [Int32] = []
        symbols.reserveCapacity(text.count)
        var pendingUnknown: Int32?
        var start = text.startIndex
        while start < text.endIndex {
            var end = start + 1
            while end < text.endIndex, text[end] & 0xC0 == 0x80 { end += 1 }
            let character = text[start..<end]
            start = end
            if let id = definition.vocabulary.id(of: character) {
                if let unknown = pendingUnknown { symbols.append(unknown) }
                pendingUnknown = nil
                symbols.append(Int32(id))
            } else if definition.byteFallback, character.allSatisfy({ byteIDs[Int($0)] != nil }) {
                // As in the reference, a pending unknown token stays pending.
                for byte in character { if let id = byteIDs[Int(byte)] { symbols.append(Int32(id)) } }
            } else if let unknown = definition.unknownID {
                if let pending = pendingUnknown, !definition.fusesUnknown { symbols.append(pending) }
                pendingUnknown = Int32(unknown)
            }
        }
        if let unknown = pendingUnknown { symbols.append(unknown) }
        return symbols
    }

    /// For every token that, without marks, is in the vocabulary as two or more characters of U+4E00 to U+9FFF:
    /// the ids of those characters.
    private static func splits(of vocabulary: TokenVocabulary, unknownID: Int?) -> [Int: [Int]] {
        var splits: [Int: [Int]] = [:]
        for id in 0..<vocabulary.idBound {
            guard let token = vocabulary.bytes(of: id), token.count >= 6 else { continue }
            let bare = removingMarks(from: token)
            // Three bytes each, from E4 B8 80 to E9 BF BF.
            guard bare.count >= 6, bare.count % 3 == 0, vocabulary.id(of: bare) != nil else { continue }
            let text = String(decoding: bare, as: UTF8.self).unicodeScalars
            guard text.allSatisfy({ (0x4E00...0x9FFF).contains($0.value) }) else { continue }
            splits[id] = text.compactMap { vocabulary.id(of: Array(String($0).utf8)[...]) ?? unknownID }
        }
        return splits
    }

    private static func removingMarks(from token: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard token.contains(mark[0]) else { return token }
        let steps = [TokenizerRewrite.Step.replace(pattern: mark, with: [])]
        return TokenizerRewrite(steps: steps)(token)
    }
}
