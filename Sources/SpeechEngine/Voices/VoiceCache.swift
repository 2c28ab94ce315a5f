import Compute
import Crypto

/// Encoded recordings by their content and model: each is encoded once, whoever asks, and the ones used last are kept.
struct VoiceCache {
    /// What was encoded, and with what.
    struct Key: Hashable, Sendable {
        private let content: SHA256Digest
        private let model: String

        init(_ recording: [Float], model: String) {
            content = recording.withUnsafeBytes { SHA256.hash(data: $0) }
            self.model = model
        }
    }

    typealias Answer = Result<Matrix, any Error>?

    private struct Entry {
        var encoding: Task<Answer, Never>
        /// 0 until the latents are there.
        var bytes = 0
        var lastUse: Int
    }

    private let byteLimit: Int
    private var entries: [Key: Entry] = [:]
    private var uses = 0

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// The encoding of a recording: the one that was begun or done before, or a new one.
    mutating func encoding(_ key: Key, begin: () -> Task<Answer, Never>) -> Task<Answer, Never> {
        uses += 1
        let encoding = entries[key]?.encoding ?? begin()
        entries[key, default: Entry(encoding: encoding, lastUse: uses)].lastUse = uses
        return encoding
    }

    /// Keeps what was encoded, as far as there is room; forgets what failed.
    ///
    /// - Returns: Bytes kept.
    mutating func settle(_ key: Key, _ answer: Answer) -> Int {
        if case .success(let latents)? = answer {
            entries[key]?.bytes = latents.rows * latents.columns * MemoryLayout<Float>.stride
        } else {
            entries[key] = nil
        }
        var bytes = entries.values.reduce(0) { $0 + $1.bytes }
        while bytes > byteLimit,
            let oldest = entries.filter({ $0.value.bytes > 0 }).min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            bytes -= oldest.value.bytes
            entries[oldest.key] = nil
        }
        return bytes
    }
}
