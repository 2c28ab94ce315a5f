/// Reads little-endian numbers in order; nil at the end of the bytes.
struct ByteReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, bytes.count - position >= count else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() -> Int? { take(1)?.first.map(Int.init) }

    mutating func number(bytes count: Int) -> Int? {
        take(count)?.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func numbers(_ count: Int, bytes size: Int) -> [Int]? {
        guard count >= 0, count <= bytes.count, let raw = take(count * size) else { return nil }
        return (0..<count).map { index in
            let start = raw.startIndex + index * size
            return raw[start..<start + size].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
    }

    /// A count in one byte, then as many strings, each after its length in one byte.
    mutating func strings() -> [String]? {
        guard let count = byte() else { return nil }
        return strings(count)
    }

    mutating func strings(_ count: Int) -> [String]? {
        var result: [String] = []
        for _ in 0..<count {
            guard let length = byte(), let text = take(length) else { return nil }
            result.append(String(decoding: text, as: UTF8.self))
        }
        return result
    }
}
