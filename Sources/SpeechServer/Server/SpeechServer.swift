import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import ServiceLifecycle
import SpeechEngine
public import SpeechStore

/// The server: an engine behind HTTP.
public struct SpeechServer: Sendable {
    private let configuration: ServerConfiguration
    private let source: any SpeechSource
    private let logger: Logger
    private let door: FrontDoor
    private let streams: StreamService
    private let services: Services

    /// - Parameters:
    ///   - source: The engine.
    ///   - store: Where voices, history, jobs and keys are kept; nil for nowhere.
    ///   - models: Switches models; nil where the model is fixed.
    ///   - metrics: What the engine reports to.
    ///   - log: The last lines of the log.
    /// - Throws: ``ServerError``.
    public init(
        _ configuration: ServerConfiguration, source: any SpeechSource, store: (any SpeechStoring)? = nil,
        models: (any ModelSwitching)? = nil, metrics: ServerMetrics = ServerMetrics(), log: RecentLog = RecentLog(),
        logger: Logger
    ) throws {
        self.configuration = configuration
        self.source = source
        self.logger = logger
        let voices = VoiceShelf(source: source, store: store)
        services = Services(
            store: store, voices: voices, meter: KeyMeter(window: configuration.limits.meterTime),
            settings: LiveSettings(store: store, models: models),
            jobs: store.map { JobRunner(source: source, store: $0, voices: voices, logger: logger) }, models: models,
            log: log)
        let keys = Guard(keys: configuration.keys, store: store)
        streams = StreamService(
            source: source, services: services, configuration: configuration, metrics: metrics, logger: logger)
        let table = RouteTable(
            routes: OpenAIRoutes(source: source).routes + OperationRoutes(source: source, metrics: metrics).routes
                + NativeRoutes(source: source).routes + VoiceRoutes(source: source).routes + OpenAIVoiceRoutes().routes
                + HistoryRoutes().routes + JobRoutes(source: source).routes + JobSoundRoutes().routes
                + streams.routes + (try GradioRoutes(source: source).routes)
                + KeyRoutes().routes + SettingsRoutes().routes + ModelRoutes(source: source).routes
                + (try PageRoutes(source: source, keys: keys).routes))
        door = FrontDoor(
            table: table, configuration: configuration, services: services, metrics: metrics, logger: logger)
    }

    /// The methods and paths that are answered, as `docs/openapi.yaml` lists them.
    public var paths: [String] { door.table.routes.map { "\($0.method.rawValue) \($0.path)" }.sorted() }

    /// Serves until it is asked to stop, and until the requests that are under way then are over.
    ///
    /// - Parameters:
    ///   - onListening: Called with the port.
    ///   - stop: Returns when the server shall stop.
    /// - Throws: ``ServerError``.
    public func run(
        onListening: @escaping @Sendable (Int) -> Void = { _ in }, until stop: @escaping @Sendable () async -> Void
    ) async throws {
        try await services.settings.restore(overruled: configuration.overruled)
        await services.jobs?.start()
        let limits = configuration.limits
        let application = Application(
            responder: door,
            server: try secured(
                HTTPServerBuilder { responder in
                    StreamChannel(
                        responder: responder,
                        configuration: HTTP1Channel.Configuration(
                            additionalChannelHandlers: [ConnectionWatch()], idleTimeout: TimeAmount(limits.idleTime),
                            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                                maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)),
                        isSecure: configuration.tls != nil, messageBytes: limits.messageBytes, admit: streams.admit,
                        serve: streams.serve)
                }),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "mynah"),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? 0) },
            logger: Self.quiet(logger))
        var group = ServiceGroupConfiguration(
            // The last one is told to stop first: the server listens, and refuses, while the engine finishes its work.
            services: [
                .init(service: application),
                .init(service: Drain(source: source, jobs: services.jobs, time: configuration.drainTime)),
            ],
            logger: Self.quiet(logger))
        group.maximumGracefulShutdownDuration = configuration.drainTime + .seconds(5)
        let services = ServiceGroup(configuration: group)
        let watch = Task {
            await stop()
            await services.triggerGracefulShutdown()
        }
        defer { watch.cancel() }
        do {
            try await services.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ServerError.addressTaken(host: configuration.host, port: configuration.port)
        } catch let error as IOError {
            throw ServerError.addressRefused(
                host: configuration.host, port: configuration.port, reason: String(cString: strerror(error.errnoCode)))
        }
    }

    /// The same with TLS where there is a certificate.
    private func secured(_ plain: HTTPServerBuilder) throws -> HTTPServerBuilder {
        guard let tls = configuration.tls else { return plain }
        return try .tls(plain, tlsConfiguration: tls.configuration)
    }

    /// The same log without the libraries' small talk.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}

/// Lets the engine finish its work when the server is asked to stop.
private struct Drain: Service {
    let source: any SpeechSource
    let jobs: JobRunner?
    let time: Duration

    func run() async throws {
        try await gracefulShutdown()
        await jobs?.stop()
        await source.stop(draining: time)
        await jobs?.finish()
    }
}
