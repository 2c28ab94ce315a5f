import Foundation
import HTTPTypes

/// The fields of a form, as browsers send them without JavaScript.
struct FormFields: Sendable {
    private(set) var values: [String: String] = [:]

    /// - Throws: 400 for bytes that are no form.
    init(_ bytes: [UInt8]) throws(APIError) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Self.fault }
        for pair in text.split(separator: "&").prefix(32) {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.plain(halves[0]), let value = Self.plain(halves.count > 1 ? halves[1] : "") else {
                throw Self.fault
            }
            values[name] = value
        }
    }

    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    private static func plain(_ text: Substring) -> String? {
        String(text.map { $0 == "+" ? " " : $0 }).removingPercentEncoding
    }

    private static let fault = APIError(.badRequest, code: "invalid_form", "The form cannot be read.")
}
