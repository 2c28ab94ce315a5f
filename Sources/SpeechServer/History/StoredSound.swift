import AudioIO
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SpeechEngine
import SpeechStore

/// Brings kept sound to clients in the format that they wish.
struct StoredSound: Sendable {
    /// Sounds that follow each other, each with silence before it.
    struct Piece: Sendable {
        let file: URL
        let silenceBefore: Int
        private let mediaType: String

        init(_ audio: StoredAudio, in store: any SpeechStoring, silenceBefore: Int = 0) {
            file = store.file(of: audio)
            self.silenceBefore = silenceBefore
            mediaType = audio.mediaType
        }

        /// Whether the file is what somebody wishes who wants this format.
        func isKept(as format: AudioFormat) -> Bool { mediaType == format.mediaType }
    }

    let sampleRateHz: Int

    /// The format that the query wishes.
    static func format(_ fields: JSONFields) throws(APIError) -> AudioFormat {
        try SoundForm.read(fields, key: "format", usual: .wav, usualRateHz: nil).format
    }

    /// All pieces as one sound of true length. What is not kept as it is wished is written to a nameless file first, so
    /// that its size is known and memory does not grow with it.
    func answer(_ pieces: [Piece], format: AudioFormat, name: String, exchange: Exchange) async throws -> Response {
        let rate = sampleRateHz
        let file = try await VoiceShelf.offTheServer {
            if pieces.count == 1, pieces[0].silenceBefore == 0, pieces[0].isKept(as: format) {
                return try NamelessFile(of: pieces[0].file)
            }
            return try NamelessFile { target in
                let writer = try AudioWriter(to: .file(target), format: format, sampleRateHz: rate)
                for piece in pieces {
                    if piece.silenceBefore > 0 {
                        try writer.append([Float](repeating: 0, count: piece.silenceBefore))
                    }
                    try Self.copy(piece.file, rateHz: rate, to: writer)
                }
                _ = try writer.finish()
            }
        }
        let headers: HTTPFields = [
            .contentType: format.mediaType, .cacheControl: "no-store", .generated: "true",
            .sampleRate: "\(format.encodedRateHz(for: rate))",
            .contentDisposition: "attachment; filename=\"\(name).\(format.fileExtension)\"",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: file.byteCount) { writer in
                var offset = 0
                while offset < file.byteCount {
                    let start = offset
                    let bytes = try await VoiceShelf.offTheServer { try file.read(at: start, count: 256 << 10) }
                    try await exchange.send(bytes, by: &writer)
                    offset += bytes.count
                }
                try await writer.finish(nil)
            })
    }

    /// One piece in memory, without the silence before it.
    static func encoded(_ piece: Piece, format: AudioFormat, sampleRateHz: Int) throws -> [UInt8] {
        if piece.isKept(as: format) { return [UInt8](try Data(contentsOf: piece.file)) }
        return try SoundEncoder.whole(
            try samples(of: piece.file, rateHz: sampleRateHz), SoundForm(format: format, rateHz: nil),
            sampleRateHz: sampleRateHz)
    }

    /// What was kept was ours to begin with.
    private static let keptLimits = DecodeLimits(maxSeconds: 1_000_000, maxBytes: .max)

    /// Appends a kept sound, block by block where it has the rate that is wished.
    private static func copy(_ file: URL, rateHz: Int, to writer: AudioWriter) throws {
        var fault: AudioWriteError?
        var isOther = false
        try reading {
            try AudioFile.readBlocks(file, limits: keptLimits) { block, blockRateHz in
                isOther = blockRateHz != rateHz
                guard !isOther else { return false }
                do throws(AudioWriteError) { try writer.append(block) } catch { fault = error }
                return fault == nil
            }
        }
        if let fault { throw fault }
        if isOther { try writer.append(try samples(of: file, rateHz: rateHz)) }
    }

    /// The samples of a kept sound.
    static func samples(of file: URL, rateHz: Int) throws -> [Float] {
        try reading { try AudioFile.readMono(file, sampleRateHz: rateHz, limits: keptLimits).samples }
    }

    private static func reading<Value>(_ read: () throws -> Value) throws -> Value {
        do { return try read() } catch AudioReadError.notFound(let source) {
            // Nothing but a deletion in this moment takes a file away.
            throw StoreError.notFound(.audio, id: URL(fileURLWithPath: source).lastPathComponent)
        }
    }
}

/// A file that needs no name any longer: what is written for it is gone when its use ends, however that happens, and a
/// kept sound can be read to its end, whoever deletes it meanwhile.
final class NamelessFile: Sendable {
    let byteCount: Int
    private let descriptor: Int32

    /// - Parameter fill: Writes the file.
    convenience init(_ fill: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("mynah-\(RecordID())")
        defer { unlink(url.path) }
        try fill(url)
        try self.init(of: url)
    }

    /// - Parameter url: A file that is complete.
    init(of url: URL) throws {
        descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT
                ? StoreError.notFound(.audio, id: url.lastPathComponent) : StoreError.file(path: url.path, code: errno)
        }
        byteCount = max(0, Int(lseek(descriptor, 0, SEEK_END)))
    }

    deinit { close(descriptor) }

    func read(at offset: Int, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, byteCount - offset))
        let got = pread(descriptor, &bytes, bytes.count, off_t(offset))
        guard got > 0 else { throw StoreError.file(path: "a sound", code: got < 0 ? errno : EIO) }
        return Array(bytes[..<got])
    }
}

/// Writes marks as subtitles.
enum SubtitleAnswer {
    static func make(_ marks: [SpeechMark], sampleRateHz: Int, _ fields: JSONFields) throws -> Response {
        let name = try fields.choice("format", of: SubtitleWriter.Format.allCases.map(\.rawValue))
        let format = name.flatMap { SubtitleWriter.Format(rawValue: $0) } ?? .srt
        let text = try SubtitleWriter(sampleRateHz: sampleRateHz).write(marks, as: format)
        let type =
            switch format {
            case .srt: "application/x-subrip; charset=utf-8"
            case .webVTT: "text/vtt; charset=utf-8"
            case .json: "application/json"
            }
        return Answers.text(text, type: type)
    }
}
