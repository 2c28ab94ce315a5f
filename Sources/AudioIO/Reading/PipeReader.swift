import Glibc

/// Reads a pipe or terminal to its end, within a limit, and gives up early on what is not audio.
struct PipeReader {
    let source: String
    let limit: Int

    func readAll(_ descriptor: Int32) throws(AudioReadError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = Glibc.read(descriptor, &chunk, chunk.count)
            if got < 0 {
                if errno == EINTR { continue }
                throw .notReadable(source: source, reason: reason(errno))
            }
            if got == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<got])
            guard bytes.count <= limit else { throw .tooManyBytes(source: source, limit: limit) }
            let signature = bytes.prefix(AudioContainer.signatureLength)
            if signature.count == AudioContainer.signatureLength
                && AudioContainer(firstBytes: Array(signature)) == nil
            {
                throw .notAudio(source: source)
            }
        }
    }
}
