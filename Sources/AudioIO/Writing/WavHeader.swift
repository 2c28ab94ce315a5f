/// The header of a RIFF wave file of one channel.
struct WavHeader {
    let sampleType: SampleType
    let rateHz: Int
    /// Bytes of sound; nil where they are not known yet, which is written as 0xFFFFFFFF,
    /// the usual sign of a stream that ends where it ends.
    let dataBytes: Int?
    /// What the file says of itself. It stands before the sound, so that streams have it too.
    var label: AudioLabel?

    var bytes: [UInt8] {
        let isFloat = sampleType == .float32
        var format = Fields()
        format.add16(isFloat ? 3 : 1)
        format.add16(1)
        format.add32(rateHz)
        format.add32(rateHz * sampleType.width)
        format.add16(sampleType.width)
        format.add16(sampleType.width * 8)
        if isFloat { format.add16(0) }

        var chunks = Fields()
        chunks.add(text: "WAVE")
        chunks.add(text: "fmt ")
        chunks.add32(format.bytes.count)
        chunks.bytes += format.bytes
        if isFloat {
            chunks.add(text: "fact")
            chunks.add32(4)
            chunks.add32(dataBytes.map { $0 / sampleType.width } ?? Self.unknown)
        }
        if let label { chunks.bytes += Self.list(label) }
        chunks.add(text: "data")
        chunks.add32(dataBytes ?? Self.unknown)

        var header = Fields()
        header.add(text: "RIFF")
        header.add32(dataBytes.map { chunks.bytes.count + $0 + $0 % 2 } ?? Self.unknown)
        return header.bytes + chunks.bytes
    }

    private static let unknown = 0xFFFF_FFFF

    /// A `LIST` chunk of type `INFO`: strings that end with a zero and fill even lengths.
    private static func list(_ label: AudioLabel) -> [UInt8] {
        var entries = Fields()
        entries.add(text: "INFO")
        for (name, text) in label.entries {
            entries.add(text: name)
            entries.add32(text.utf8.count + 1)
            entries.add(text: text)
            entries.bytes += [UInt8](repeating: 0, count: 1 + (text.utf8.count + 1) % 2)
        }
        var list = Fields()
        list.add(text: "LIST")
        list.add32(entries.bytes.count)
        return list.bytes + entries.bytes
    }

    /// Little-endian fields in a row; a number too large for its field becomes the largest that fits.
    private struct Fields {
        var bytes: [UInt8] = []

        mutating func add(text: String) { bytes += Array(text.utf8) }

        mutating func add16(_ value: Int) {
            withUnsafeBytes(of: UInt16(clamping: value).littleEndian) { bytes += Array($0) }
        }

        mutating func add32(_ value: Int) {
            withUnsafeBytes(of: UInt32(clamping: value).littleEndian) { bytes += Array($0) }
        }
    }
}
