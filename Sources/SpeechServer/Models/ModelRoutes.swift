import AudioIO
import Hummingbird
import SpeechEngine

/// The models of this machine.
struct ModelRoutes: Sendable {
    let source: any SpeechSource

    var routes: [Route] {
        [
            Route(.get, "/api/v1/models") { Answers.json(ModelReport(source, $0.services.models)) },
            Route(.post, "/api/v1/models/load", access: .admin, load),
            Route(.post, "/api/v1/models/unload", access: .admin) { exchange in
                try Self.switching(exchange).beginIdling()
                return Answers.json(ModelReport(source, exchange.services.models), status: .accepted)
            },
        ]
    }

    private func load(_ exchange: Exchange) async throws -> Response {
        let fields = try await exchange.json()
        try fields.refuseOthers(than: ["model"])
        let name = try fields.text("model", limit: 200)
        let models = try Self.switching(exchange)
        // Names only: a client's path is never opened.
        guard models.names().contains(name) else {
            throw APIError(
                .notFound, code: "model_not_found", parameter: "model",
                "There is no model '\(name.shown(limit: 100))' here; GET /api/v1/models lists what there is.")
        }
        models.beginLoading(name)
        return Answers.json(ModelReport(source, models), status: .accepted)
    }

    private static func switching(_ exchange: Exchange) throws(APIError) -> any ModelSwitching {
        guard let models = exchange.services.models else {
            throw APIError(.conflict, code: "model_fixed", "This server's model cannot be changed.")
        }
        return models
    }
}

private struct ModelReport: Encodable {
    /// What is done where a request does not say.
    struct Defaults: Encodable {
        let cfg: Double
        let steps: Int
        let temperature: Double
    }

    struct Model: Encodable {
        let name: String
        let is_loaded: Bool
        var sample_rate: Int?
        var seconds_per_patch: Double?
        var default_voice: String?
        var defaults: Defaults?
        var formats: [String]?
        var device: String?
        var precision: String?
    }

    let state: String
    let progress: Double?
    let models: [Model]

    init(_ source: any SpeechSource, _ switching: (any ModelSwitching)?) {
        let engine = source.snapshot().state
        state = source.stateName
        if case .loading(let share) = engine { progress = share } else { progress = nil }
        let loaded = source.loaded
        let isThere = engine == .ready || engine == .draining
        let names = switching?.names() ?? []
        let own = loaded.map { model in
            Model(
                name: model.name, is_loaded: isThere, sample_rate: model.sampleRateHz,
                seconds_per_patch: model.secondsPerPatch, default_voice: model.defaultVoice,
                defaults: Defaults(
                    cfg: model.defaults.cfg, steps: model.defaults.steps, temperature: model.defaults.temperature),
                formats: EncoderCatalog.encodable.map(\.rawValue),
                device: model.device, precision: model.precision)
        }
        models =
            (own.map { [$0] } ?? [])
            + names.filter { $0 != loaded?.name }.map { Model(name: $0, is_loaded: false) }
    }
}

extension SpeechSource {
    /// Whether the model was given back, so that the next request brings it again.
    private var sleeps: Bool { isIdle && snapshot().state == .unloaded }
    /// A word for what the engine does, or that it sleeps.
    var stateName: String { sleeps ? "idle" : snapshot().state.name }
}
