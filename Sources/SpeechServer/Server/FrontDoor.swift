import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SpeechEngine
import SpeechStore

/// Every request passes here: its id, the checks of host, origin and key, its route, the log and the numbers.
struct FrontDoor: HTTPResponder {
    typealias Context = ConnectionContext

    let table: RouteTable
    let configuration: ServerConfiguration
    let metrics: ServerMetrics
    let logger: Logger
    private let hosts: HostRule
    private let keys: Guard
    private let services: Services

    init(
        table: RouteTable, configuration: ServerConfiguration, services: Services, metrics: ServerMetrics,
        logger: Logger
    ) {
        self.table = table
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        hosts = HostRule(configuration)
        keys = Guard(keys: configuration.keys, store: services.store)
        self.services = services
    }

    func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let start = ContinuousClock.now
        let id = Self.requestID(request.headers[.requestID])
        var origin: String?
        var route: Route?
        var response: Response
        do {
            origin = try hosts.check(request.head)
            response = try await answer(request, id: id, origin: origin, context: context, route: &route)
        } catch let error as APIError {
            response = Answers.error(error)
            if error.closesConnection { hangUp(context.channel) }
        } catch let error as StoreError {
            let answer = APIError(error)
            if answer.kind == .server {
                logger.error("store failed", metadata: ["request": "\(id)", "error": "\(error)"])
            }
            response = Answers.error(answer)
        } catch {
            logger.error("request failed", metadata: ["request": "\(id)", "error": "\(error)"])
            response = Answers.error(.internalFault)
        }
        Guard.dress(&response.headers, id: id, origin: origin)
        if request.method == .head {
            response.body = ResponseBody(contentLength: response.body.contentLength) { writer in
                try await writer.finish(nil)
            }
        }
        return note(response, of: request, path: route?.path ?? "unknown", id: id, since: start)
    }

    private func answer(
        _ request: Request, id: String, origin: String?, context: ConnectionContext, route: inout Route?
    ) async throws -> Response {
        if origin != nil, request.method == .options { return Guard.preflight }
        let (found, values) = try table.find(request.method, request.uri.path)
        route = found
        let address = context.channel.remoteAddress?.ipAddress ?? "local"
        let caller: Caller
        switch found.access {
        case .key, .admin: caller = try await keys.caller(of: request.head, address: address)
        case .open, .keyInForm: caller = Caller(name: address, key: nil, isAdmin: false)
        }
        if found.access == .admin { try caller.expectAdmin() }
        let exchange = Exchange(
            request: request, values: values, id: id, caller: caller, services: services,
            connection: await context.news(),
            channel: context.channel, limits: configuration.limits, logger: logger)
        return try await found.handle(exchange)
    }

    /// Logs and counts a request when its answer is out.
    private func note(
        _ response: Response, of request: Request, path: String, id: String, since start: ContinuousClock.Instant
    ) -> Response {
        let status = response.status.code
        let method = request.method.rawValue
        let (metrics, logger) = (metrics, logger)
        @Sendable func note(_ wasCutOff: Bool) {
            let time = ContinuousClock.now - start
            metrics.answered(path: path, method: method, status: status, after: time)
            logger.info(
                "request",
                metadata: [
                    "request": "\(id)", "method": "\(method.prefix(20))", "path": "\(path)", "status": "\(status)",
                    "seconds": "\((time.inSeconds * 1000).rounded() / 1000)", "cut_off": "\(wasCutOff)",
                ])
        }
        guard response.body.contentLength == nil else {
            note(false)
            return response
        }
        var response = response
        let body = response.body
        response.body = ResponseBody { writer in
            do {
                try await body.write(writer)
                note(false)
            } catch {
                note(true)
                throw error
            }
        }
        return response
    }

    /// Closes a connection whose request is not read to its end, when the answer has had time to arrive.
    private func hangUp(_ channel: any Channel) {
        channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    /// The client's own id where it is a plain word, else a new one.
    static func requestID(_ given: String?) -> String {
        if let given, (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({
                $0 < 0x80
                    && (Character(Unicode.Scalar($0)).isLetter || (0x30...0x39).contains($0) || $0 == 0x2D
                        || $0 == 0x5F)
            })
        {
            return given
        }
        return "req-" + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}
