import Hummingbird
import SpeechEngine

/// What those who run the server look at.
struct OperationRoutes: Sendable {
    let source: any SpeechSource
    let metrics: ServerMetrics

    /// Work without a step for so long means that the engine hangs.
    private static let hangTime: Duration = .seconds(60)

    var routes: [Route] {
        [
            Route(.get, "/health/live", access: .open, live),
            Route(.get, "/health/ready", access: .open, ready),
            Route(.get, "/health", access: .open, ready),
            Route(.get, "/metrics") { _ in
                Answers.text(metrics.text(source.snapshot()), type: "text/plain; version=0.0.4; charset=utf-8")
            },
        ]
    }

    private func live(_ exchange: Exchange) -> Response {
        let snapshot = source.snapshot()
        let hangs =
            snapshot.takenPlaces > snapshot.paused && snapshot.lastStep.map { .now - $0 > Self.hangTime } ?? false
        return Answers.json(
            Health(status: hangs ? "wedged" : "live", snapshot, model: source.loaded),
            status: hangs ? .serviceUnavailable : .ok)
    }

    private func ready(_ exchange: Exchange) -> Response {
        let snapshot = source.snapshot()
        let isReady = source.takesRequests
        var response = Answers.json(
            Health(status: source.stateName, snapshot, model: source.loaded),
            status: isReady ? .ok : .serviceUnavailable)
        if !isReady { response.headers[.retryAfter] = "5" }
        return response
    }
}

/// What `/health/...` say.
private struct Health: Encodable {
    let status: String
    let model: String?
    let queue_depth: Int
    let active: Int
    /// What computes; absent where it is not known.
    let device: String?
    /// The failure that is being mended, or because of which the processor computes; absent where all is well.
    let fault: String?

    init(status: String, _ snapshot: EngineSnapshot, model: LoadedModel?) {
        self.status = status
        self.model = model?.name
        queue_depth = snapshot.queueDepth
        active = snapshot.active
        device = model?.device
        fault = snapshot.fault.map { APIError.sentence($0.description) }
    }
}

extension EngineState {
    /// A word for clients.
    var name: String {
        switch self {
        case .unloaded: "unloaded"
        case .loading: "loading"
        case .ready: "ready"
        case .draining: "draining"
        case .stopped: "stopped"
        }
    }
}
