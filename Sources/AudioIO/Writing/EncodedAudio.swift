/// Encoded sound in memory. Not for use by two tasks at once.
public final class EncodedAudio {
    public fileprivate(set) var bytes: [UInt8] = []

    public init() {}
}

/// A sink that keeps everything in memory.
final class MemorySink: ByteSink {
    let name = "memory"
    let canPatch = true
    var byteCount: Int { audio.bytes.count }
    private let audio: EncodedAudio

    init(_ audio: EncodedAudio) { self.audio = audio }

    func write(_ bytes: UnsafeRawBufferPointer) { audio.bytes += bytes }

    func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        for (index, byte) in bytes.enumerated() where offset + index < audio.bytes.count {
            audio.bytes[offset + index] = byte
        }
    }

    func finish() {}
    func abandon() { audio.bytes = [] }
}
