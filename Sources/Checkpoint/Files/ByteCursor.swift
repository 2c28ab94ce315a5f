/// Reads little-endian numbers from untrusted bytes; nil where the bytes end.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset: Int

    /// - Parameter offset: Where to start; any value, also beyond the end.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func read<I: FixedWidthInteger>(_: I.Type = I.self) -> I? {
        let size = I.bitWidth / 8
        guard offset >= 0, offset <= bytes.count, size <= bytes.count - offset else { return nil }
        defer { offset += size }
        return I(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: I.self))
    }

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard offset >= 0, offset <= bytes.count, count >= 0, count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    /// The bytes before the next line feed, which is skipped.
    mutating func line(limit: Int) -> UnsafeRawBufferPointer? {
        guard offset >= 0, offset <= bytes.count else { return nil }
        let end = min(bytes.count, offset + limit + 1)
        guard let feed = bytes[offset..<end].firstIndex(of: 0x0a) else { return nil }
        defer { offset = feed + 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<feed])
    }
}
