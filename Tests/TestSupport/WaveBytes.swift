/// The chunks of a wave file, found without the reader that is tested.
public struct WaveBytes {
    /// Where the sound begins.
    public let soundStart: Int
    /// The bytes of sound that the header announces.
    public let announcedBytes: Int
    /// The strings of its `INFO` list by their names of four letters.
    public let info: [String: String]

    /// - Returns: nil where the bytes are no wave file, or end before the sound.
    public init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count >= 12, Self.name(bytes, 0) == "RIFF", Self.name(bytes, 8) == "WAVE" else { return nil }
        var place = 12
        var info: [String: String] = [:]
        while place + 8 <= bytes.count {
            let name = Self.name(bytes, place)
            let size = Self.number(bytes, place + 4)
            if name == "data" {
                soundStart = place + 8
                announcedBytes = size
                self.info = info
                return
            }
            guard place + 8 + size <= bytes.count else { return nil }
            if name == "LIST", size >= 4, Self.name(bytes, place + 8) == "INFO" {
                info = Self.entries(bytes[(place + 12)..<(place + 8 + size)])
            }
            place += 8 + size + size % 2
        }
        return nil
    }

    private static func entries(_ list: ArraySlice<UInt8>) -> [String: String] {
        let bytes = Array(list)
        var entries: [String: String] = [:]
        var place = 0
        while place + 8 <= bytes.count {
            let end = place + 8 + number(bytes, place + 4)
            guard end <= bytes.count else { return entries }
            entries[name(bytes, place)] = String(decoding: bytes[(place + 8)..<end].prefix { $0 != 0 }, as: UTF8.self)
            place = end + end % 2
        }
        return entries
    }

    private static func name(_ bytes: [UInt8], _ place: Int) -> String {
        String(decoding: bytes[place..<place + 4], as: UTF8.self)
    }

    private static func number(_ bytes: [UInt8], _ place: Int) -> Int {
        bytes[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
