import Testing

@testable import Archives

/// Zip archives: ours come back, strangers' are refused.
struct ZipTests {
    private static let reader = ZipReader(maxEntries: 4, maxBytes: 1 << 20)

    private static func zip(_ entries: [(String, [UInt8])]) throws -> [UInt8] {
        let writer = try ZipWriter(seconds: 1_700_000_000)
        for (name, bytes) in entries { try writer.add(name, bytes) }
        try writer.finish()
        return writer.take()
    }

    @Test func comesBackAsItWent() throws {
        let noise = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let bytes = try Self.zip([("a.txt", Array("words".utf8)), ("b-1_2.wav", noise), ("empty", [])])
        #expect(bytes.starts(with: Array("PK".utf8)))
        let entries = try Self.reader.read(bytes)
        #expect(entries == ["a.txt": Array("words".utf8), "b-1_2.wav": noise, "empty": []])
    }

    @Test func leavesPieceByPiece() throws {
        let writer = try ZipWriter(seconds: 0)
        try writer.add("a", Array(repeating: 7, count: 100_000))
        let first = writer.take()
        #expect(!first.isEmpty && writer.take().isEmpty)
        try writer.finish()
        #expect(try Self.reader.read(first + writer.take())["a"]?.count == 100_000)
    }

    @Test(arguments: [
        "../a", "/etc/passwd", "a/b", "a\\b", "..", ".hidden", "a b", "ü", String(repeating: "x", count: 101),
    ])
    func pathsAreRefused(name: String) throws {
        let bytes = try Self.zip([(name, [1])])
        #expect(throws: ArchiveError.self) { try Self.reader.read(bytes) }
    }

    @Test func bombsAreRefusedWhileTheyUnpack() throws {
        let bomb = try Self.zip([("bomb", Array(repeating: 0, count: 100 << 20))])
        #expect(bomb.count < 1 << 20)
        #expect(throws: ArchiveError.tooLarge(limitBytes: 1 << 20)) { try Self.reader.read(bomb) }
        let many = try Self.zip((0..<3).map { ("part\($0)", Array(repeating: 0, count: 400 << 10)) })
        #expect(throws: ArchiveError.tooLarge(limitBytes: 1 << 20)) { try Self.reader.read(many) }
        let crowd = try Self.zip((0..<5).map { ("part\($0)", []) })
        #expect(throws: ArchiveError.tooManyEntries(limit: 4)) { try Self.reader.read(crowd) }
        let twins = try Self.zip([("a", [1]), ("a", [2])])
        #expect(throws: ArchiveError.twice(name: "a")) { try Self.reader.read(twins) }
    }

    /// A byte changed anywhere, or an end too early, is an error or the same content, and never a crash.
    @Test func damageIsToldOrHarmless() throws {
        let good = try Self.zip([("a.txt", Array("words and more words".utf8)), ("b", [1, 2, 3])])
        let content = try Self.reader.read(good)
        for length in 0..<good.count { _ = try? Self.reader.read(Array(good[..<length])) }
        var wrong = 0
        for index in good.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                var bytes = good
                bytes[index] ^= change
                // Names and times are not covered by a digest; content is.
                guard let read = try? Self.reader.read(bytes) else { continue }
                if let text = read["a.txt"], text != content["a.txt"] { wrong += 1 }
            }
        }
        #expect(wrong == 0, "damaged content was taken for good")
        for strange in [[], Array("PK".utf8), Array("not a zip at all".utf8), Array(repeating: 0, count: 5000)] {
            #expect(throws: ArchiveError.self) { try Self.reader.read(strange) }
        }
    }
}
