import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// What a client asked.
struct HubRequest: Sendable {
    let path: String
    let headers: HTTPHeaders

    /// The first byte that was asked for.
    var rangeStart: Int? {
        headers.first(name: "Range").flatMap { Int($0.dropFirst("bytes=".count).dropLast()) }
    }
}

/// What a server says.
struct HubAnswer: Sendable {
    var status: HTTPResponseStatus = .ok
    var headers: HTTPHeaders = [:]
    var body = Data()
    /// Ends the connection after so many bytes of the body.
    var cutAfter: Int?
    /// Says so instead of the truth; negative: says nothing, and sends chunks.
    var claimedLength: Int?
    /// Never ends the answer.
    var hangs = false
}

/// A hub on this machine with one model, which can be told to misbehave.
final class LocalHub: Sendable {
    /// Answers a request in another way than a good hub; nil for the good answer.
    typealias Mischief = @Sendable (HubRequest, HubAnswer) -> HubAnswer?

    private struct State {
        var files: [String: Data]
        var requests: [HubRequest] = []
        var mischief: Mischief = { _, _ in nil }
    }

    static let commit = "0123456789abcdef0123456789abcdef01234567"
    private let state: Mutex<State>
    private let listener = Mutex<(any Channel)?>(nil)
    let address: URL

    /// The files of a small model, and some that no engine needs.
    static let model: [String: Data] = [
        "config.json": Data("{}".utf8), "tokenizer.json": Data("{\"model\":1}".utf8),
        "model.safetensors": Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }),
        "audiovae.pth": Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 >> 2) }),
        "README.md": Data("words".utf8), "assets/picture.png": Data("image".utf8), ".gitattributes": Data("x".utf8),
        "pytorch_model.bin": Data("older weights".utf8),
    ]

    static let needed = ["audiovae.pth", "config.json", "model.safetensors", "tokenizer.json"]

    init(_ files: [String: Data] = LocalHub.model) async throws {
        state = Mutex(State(files: files))
        let table = Table()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(HubHandler(table: table))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        address = URL(string: "http://127.0.0.1:\(channel.localAddress?.port ?? 0)") ?? URL(fileURLWithPath: "/")
        listener.withLock { $0 = channel }
        table.set { [weak self] request in self?.answer(request) ?? HubAnswer(status: .notFound) }
    }

    deinit { listener.withLock { $0?.close(promise: nil) } }

    /// All requests so far.
    var requests: [HubRequest] { state.withLock { $0.requests } }

    func misbehave(_ mischief: @escaping Mischief) { state.withLock { $0.mischief = mischief } }

    func behave() { misbehave { _, _ in nil } }

    func set(_ path: String, _ content: Data?) { state.withLock { $0.files[path] = content } }

    private func answer(_ request: HubRequest) -> HubAnswer {
        let (files, mischief) = state.withLock { state in
            state.requests.append(request)
            return (state.files, state.mischief)
        }
        let good = Self.goodAnswer(request, files)
        return mischief(request, good) ?? good
    }

    // MARK: A good hub

    private static func goodAnswer(_ request: HubRequest, _ files: [String: Data]) -> HubAnswer {
        let path = request.path.split(separator: "?")[0]
        switch path {
        case "/api/models/ada/tiny/revision/main": return json(["sha": commit])
        case "/api/models/ada/tiny/tree/\(commit)": return json(files.map { entry($0.key, $0.value) })
        case "/api/v1/models/ada/tiny/repo/files":
            let list = files.map {
                ["Path": $0.key, "Type": "blob", "Size": $0.value.count, "Sha256": sha256($0.value)]
            }
            return json(["Data": ["Files": list]])
        default: break
        }
        for prefix in ["/ada/tiny/resolve/\(commit)/", "/models/ada/tiny/resolve/master/"] {
            guard path.hasPrefix(prefix), let content = files[String(path.dropFirst(prefix.count))] else { continue }
            guard let first = request.rangeStart else { return HubAnswer(body: content) }
            guard first < content.count else { return HubAnswer(status: .rangeNotSatisfiable) }
            return HubAnswer(
                status: .partialContent,
                headers: ["Content-Range": "bytes \(first)-\(content.count - 1)/\(content.count)"],
                body: content.suffix(from: first))
        }
        return HubAnswer(status: .notFound)
    }

    static func entry(_ path: String, _ content: Data) -> [String: Any] {
        var entry: [String: Any] = ["type": "file", "path": path, "size": content.count, "oid": gitBlob(content)]
        if path.hasSuffix(".safetensors") || path.hasSuffix(".pth") {
            entry["lfs"] = ["oid": sha256(content), "size": content.count, "pointerSize": 130]
        }
        return entry
    }

    static func json(_ value: Any) -> HubAnswer {
        HubAnswer(body: (try? JSONSerialization.data(withJSONObject: value)) ?? Data())
    }

    static func sha256(_ content: Data) -> String { digits(SHA256.hash(data: content)) }

    static func gitBlob(_ content: Data) -> String {
        digits(Insecure.SHA1.hash(data: Data("blob \(content.count)\0".utf8) + content))
    }

    private static func digits(_ digest: some Sequence<UInt8>) -> String {
        digest.map { String(format: "%02x", $0) }.joined()
    }
}
