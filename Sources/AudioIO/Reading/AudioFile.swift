import CSndFile
public import Foundation
import Glibc

/// The door through which recordings come in: wav, flac, ogg, opus and mp3 of any rate, as mono.
public enum AudioFile {
    /// Reads a file (or a named pipe) as one channel: the mean of its channels, brought to a rate.
    ///
    /// The kind of file is told by its content, not its name.
    /// - Parameters:
    ///   - url: the file.
    ///   - sampleRateHz: wanted rate in Hz; nil keeps the file's own.
    ///   - method: how to change the rate; the default equals the reference's prompts.
    ///   - limits: what is accepted; counted on decoded sound.
    /// - Throws: `AudioReadError`, naming the file.
    public static func readMono(
        _ url: URL, sampleRateHz: Int? = nil, method: ResamplingMethod = .reference, limits: DecodeLimits = .prompt
    ) throws(AudioReadError) -> MonoAudio {
        let path = url.path
        let descriptor = try open(path)
        defer { close(descriptor) }
        return try readMono(
            fileDescriptor: descriptor, named: path, sampleRateHz: sampleRateHz, method: method, limits: limits)
    }

    /// Reads from an open descriptor, which stays open: a file, a pipe, or 0 for standard input.
    ///
    /// - Parameter named: what messages call it, such as "standard input".
    /// - Throws: `AudioReadError`.
    public static func readMono(
        fileDescriptor: Int32, named source: String, sampleRateHz: Int? = nil,
        method: ResamplingMethod = .reference, limits: DecodeLimits = .prompt
    ) throws(AudioReadError) -> MonoAudio {
        var status = stat()
        guard fstat(fileDescriptor, &status) == 0 else {
            throw .notReadable(source: source, reason: reason(errno))
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw .isFolder(source: source) }
        let seekable = status.st_mode & S_IFMT == S_IFREG && lseek(fileDescriptor, 0, SEEK_CUR) == 0
        guard seekable else {
            let bytes = try PipeReader(source: source, limit: limits.maxBytes).readAll(fileDescriptor)
            return try readMono(
                bytes: bytes, named: source, sampleRateHz: sampleRateHz, method: method, limits: limits)
        }
        let (handle, info) = try open(fileDescriptor, source: source)
        let audio = try SoundDecoder(source: source, limits: limits).decode(handle, info: info)
        return try resample(audio, source: source, to: sampleRateHz, method: method)
    }

    /// Reads a recording that lies in memory, such as an upload.
    ///
    /// - Parameter named: what messages call it.
    /// - Throws: `AudioReadError`.
    public static func readMono(
        bytes: [UInt8], named source: String, sampleRateHz: Int? = nil,
        method: ResamplingMethod = .reference, limits: DecodeLimits = .prompt
    ) throws(AudioReadError) -> MonoAudio {
        guard bytes.count <= limits.maxBytes else {
            throw .tooManyBytes(source: source, limit: limits.maxBytes)
        }
        try check(Array(bytes.prefix(AudioContainer.signatureLength)), source: source)
        var info = SF_INFO()
        let memory = MemorySource(bytes)
        defer { withExtendedLifetime(memory) {} }
        let handle = memory.open(&info)
        let audio = try SoundDecoder(source: source, limits: limits).decode(handle, info: info)
        return try resample(audio, source: source, to: sampleRateHz, method: method)
    }

    /// Reads a file block by block, so that memory does not grow with its length: one channel, the mean of all, at the
    /// file's own rate.
    ///
    /// - Parameter take: Takes the next samples and their rate in Hz; false where it wants no more.
    /// - Throws: `AudioReadError`; what was taken before is valid.
    public static func readBlocks(
        _ url: URL, limits: DecodeLimits, _ take: (_ samples: [Float], _ rateHz: Int) -> Bool
    ) throws(AudioReadError) {
        let path = url.path
        let descriptor = try open(path)
        defer { close(descriptor) }
        let (handle, info) = try open(descriptor, source: path)
        _ = try SoundDecoder(source: path, limits: limits).decode(handle, info: info, take)
    }

    private static func open(_ path: String) throws(AudioReadError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { throw .notFound(source: path) }
            throw .notReadable(source: path, reason: reason(code))
        }
        return descriptor
    }

    /// Lets libsndfile look at a file that has a beginning; `decode` closes what it opened.
    private static func open(
        _ descriptor: Int32, source: String
    ) throws(AudioReadError) -> (handle: OpaquePointer?, info: SF_INFO) {
        var head = [UInt8](repeating: 0, count: AudioContainer.signatureLength)
        let got = pread(descriptor, &head, head.count, 0)
        guard got >= 0 else { throw .notReadable(source: source, reason: reason(errno)) }
        try check(Array(head[..<got]), source: source)
        var info = SF_INFO()
        let handle = sf_open_fd(descriptor, Int32(SFM_READ), &info, 0)
        return (handle, info)
    }

    private static func check(_ firstBytes: [UInt8], source: String) throws(AudioReadError) {
        guard !firstBytes.isEmpty else { throw .noSamples(source: source) }
        guard AudioContainer(firstBytes: firstBytes) != nil else { throw .notAudio(source: source) }
    }

    private static func resample(
        _ audio: MonoAudio, source: String, to rateHz: Int?, method: ResamplingMethod
    ) throws(AudioReadError) -> MonoAudio {
        guard let rateHz, rateHz != audio.sampleRateHz else { return audio }
        do throws(ResampleError) {
            var changed = audio
            changed.samples = try method.resample(audio.samples, fromHz: audio.sampleRateHz, toHz: rateHz)
            changed.sampleRateHz = rateHz
            return changed
        } catch {
            throw .resampling(source: source, fault: error)
        }
    }
}

/// The system's words for an error number, in lower case.
func reason(_ code: Int32) -> String {
    guard let words = strerror(code) else { return "error \(code)" }
    return String(cString: words).lowercased()
}
