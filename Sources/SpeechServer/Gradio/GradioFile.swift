import AudioIO
import SpeechStore
import Synchronization

/// A file of a client of Gradio: a recording that it sent, or speech that was made for it.
struct GradioFile: Sendable {
    enum Content: Sendable {
        /// What a recording was decoded to.
        case recording(MonoAudio)
        /// A wave file.
        case speech([UInt8])
    }

    /// As Gradio describes files. The path is an id of ours, and leads nowhere but here.
    struct Description: Encodable, Sendable {
        struct Meta: Encodable, Sendable { var _type = "gradio.FileData" }

        let path: String
        let url: String
        let size: Int
        var orig_name = "audio.wav"
        var mime_type = "audio/wav"
        var is_stream = false
        var meta = Meta()
    }

    let owner: String
    let content: Content

    fileprivate var byteCount: Int {
        switch content {
        case .recording(let audio): audio.samples.count * MemoryLayout<Float>.stride
        case .speech(let bytes): bytes.count
        }
    }
}

/// Keeps files for a while, under ids that nobody guesses. What is old, and what no longer fits, goes.
final class GradioShelf: Sendable {
    private struct Entry {
        let file: GradioFile
        var lastUse: ContinuousClock.Instant
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let byteLimit: Int
    private let time: Duration
    private let ownerLimit = 64

    init(byteLimit: Int = 256 << 20, time: Duration = .seconds(3600)) {
        self.byteLimit = byteLimit
        self.time = time
    }

    /// - Returns: The id.
    func keep(_ file: GradioFile) -> String {
        let id = "\(RecordID()).wav"
        entries.withLock { entries in
            entries[id] = Entry(file: file, lastUse: .now)
            entries = entries.filter { .now - $0.value.lastUse < time }
            func drop(where isChosen: (Entry) -> Bool) {
                let oldest = entries.filter { $0.key != id && isChosen($0.value) }
                    .min { $0.value.lastUse < $1.value.lastUse }
                if let oldest { entries[oldest.key] = nil }
            }
            while entries.count > 1, entries.values.reduce(0, { $0 + $1.file.byteCount }) > byteLimit {
                drop { _ in true }
            }
            if entries.values.count(where: { $0.file.owner == file.owner }) > ownerLimit {
                drop { $0.file.owner == file.owner }
            }
        }
        return id
    }

    /// A file of this owner; nil where there is none.
    func file(_ id: String, of owner: String) -> GradioFile? {
        entries.withLock { entries in
            guard let entry = entries[id], entry.file.owner == owner, .now - entry.lastUse < time else { return nil }
            entries[id]?.lastUse = .now
            return entry.file
        }
    }
}
