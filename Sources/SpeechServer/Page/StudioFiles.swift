import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The files of the page, read once: what a client names is looked up here and never opened as a path.
struct StudioFiles: Sendable {
    private struct File: Sendable {
        let content: ByteBuffer
        let type: String
        let tag: String
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "json": "application/json", "svg": "image/svg+xml",
    ]

    private let files: [String: File]

    /// - Throws: Where the files are missing.
    init() throws {
        let folder = try ServerFile.url("studio")
        var files: [String: File] = [:]
        for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            guard let type = Self.types[url.pathExtension] else { continue }
            let content = try Data(contentsOf: url)
            // Good for this process, whose files do not change.
            let tag = "\"\(String(UInt(bitPattern: content.hashValue), radix: 36))\""
            files[url.lastPathComponent] = File(content: ByteBuffer(bytes: content), type: type, tag: tag)
        }
        guard files["index.html"] != nil else { throw ServerError.missingResource("index.html") }
        self.files = files
    }

    /// Names of the files, and how many bytes they have.
    var sizes: [String: Int] { files.mapValues(\.content.readableBytes) }

    /// Answers with a file, or with 304 where the browser has it.
    ///
    /// - Throws: 404.
    func answer(_ name: String, to request: Request) throws(APIError) -> Response {
        guard let file = files[name] else {
            throw APIError(.notFound, code: "not_found", "The page has no file of this name.")
        }
        var headers: HTTPFields = [.contentType: file.type, .cacheControl: "no-cache", .eTag: file.tag]
        if request.headers[.ifNoneMatch] == file.tag {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.content))
    }
}
