import Foundation
import HTTPTypes
import Hummingbird

/// A path and a method that the server answers.
struct Route: Sendable {
    /// Who may come in.
    enum Access: Sendable {
        /// Everybody.
        case open
        /// Whoever has a key, where the server asks for one.
        case key
        /// The same, but the key may stand in the form that is sent; the handler checks it.
        case keyInForm
        /// Whoever may change what concerns all.
        case admin
    }

    let method: HTTPRequest.Method
    /// Braces match the rest of a segment: `/v1/models/{model}`.
    let path: String
    let access: Access
    let handle: @Sendable (Exchange) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, access: Access = .key,
        _ handle: @escaping @Sendable (Exchange) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.handle = handle
    }

    /// The values of the segments in braces; nil where the path is another.
    fileprivate func match(_ segments: [Substring]) -> [String: String]? {
        let pattern = path.split(separator: "/", omittingEmptySubsequences: false)
        guard pattern.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (own, given) in zip(pattern, segments) {
            if let brace = own.firstIndex(of: "{"), own.hasSuffix("}") {
                let fixed = own[..<brace]
                guard given.hasPrefix(fixed), given.count > fixed.count else { return nil }
                let value = given.dropFirst(fixed.count)
                values[String(own[brace...].dropFirst().dropLast())] = value.removingPercentEncoding ?? String(value)
            } else if own != given {
                return nil
            }
        }
        return values
    }
}

/// Everything that the server answers.
struct RouteTable: Sendable {
    let routes: [Route]

    /// Finds the route of a request; HEAD is answered as GET.
    ///
    /// - Throws: 404 and 405.
    func find(_ method: HTTPRequest.Method, _ path: String) throws(APIError) -> (Route, [String: String]) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let wished = method == .head ? .get : method
        var allowed: [HTTPRequest.Method] = []
        for route in routes {
            guard let values = route.match(segments) else { continue }
            if route.method == wished { return (route, values) }
            allowed.append(route.method)
        }
        guard allowed.isEmpty else {
            var error = APIError(
                .methodNotAllowed, code: "method_not_allowed",
                "This path answers \(allowed.map(\.rawValue).joined(separator: ", ")) only.")
            error.allowed = allowed
            throw error
        }
        throw APIError(.notFound, code: "not_found", "There is nothing at this path; docs/API.md lists what there is.")
    }
}
