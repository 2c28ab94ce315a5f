import Foundation

@testable import AudioIO

/// Sounds and files made up for the tests.
enum Sounds {
    static func sine(hertz: Double, seconds: Double, rateHz: Int, amplitude: Float = 0.5) -> [Float] {
        (0..<Int(seconds * Double(rateHz))).map { index in
            amplitude * Float(sin(2 * Double.pi * hertz * Double(index) / Double(rateHz)))
        }
    }

    /// Repeatable noise of -0.5 ... 0.5.
    static func noise(count: Int, seed: UInt64) -> [Float] {
        var state = SplitMix(state: seed)
        return (0..<count).map { _ in Float(state.next() >> 40) / Float(1 << 24) - 0.5 }
    }

    /// A whole file in memory.
    static func encoded(
        _ samples: [Float], as format: AudioFormat, rateHz: Int, options: EncodingOptions = EncodingOptions()
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let writer = try AudioWriter(
            to: .receiver(name: "memory") { bytes += Array($0) }, format: format, sampleRateHz: rateHz,
            options: options)
        try writer.append(samples)
        try writer.finish()
        return bytes
    }

    /// A 16-bit wave file whose header says what the test wants it to say.
    static func wave(
        frames: [[Int16]], channels: Int, rateHz: UInt32, claimedDataBytes: UInt32? = nil
    ) -> [UInt8] {
        var data: [UInt8] = []
        for frame in frames { for sample in frame { data += bytes(UInt16(bitPattern: sample)) } }
        var file = Array("RIFF".utf8) + bytes(UInt32(36 + data.count)) + Array("WAVEfmt ".utf8)
        file += bytes(UInt32(16)) + bytes(UInt16(1)) + bytes(UInt16(channels)) + bytes(rateHz)
        file += bytes(rateHz &* UInt32(channels * 2)) + bytes(UInt16(channels * 2)) + bytes(UInt16(16))
        return file + Array("data".utf8) + bytes(claimedDataBytes ?? UInt32(data.count)) + data
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

/// A small repeatable random generator.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A folder that is gone after the test.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("audio io \(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    func file(_ name: String, holding bytes: [UInt8]) throws -> URL {
        let place = file(name)
        try Data(bytes).write(to: place)
        return place
    }

    /// Names of all entries, hidden ones too.
    var entries: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
    }
}

extension Sounds {
    /// A whole file as it lies on disk, with true sizes in its header.
    static func encodedFile(_ samples: [Float], as format: AudioFormat, rateHz: Int) throws -> [UInt8] {
        let folder = try ScratchFolder()
        let place = folder.file("sound")
        let writer = try AudioWriter(to: .file(place), format: format, sampleRateHz: rateHz)
        try writer.append(samples)
        try writer.finish()
        return [UInt8](try Data(contentsOf: place))
    }
}
