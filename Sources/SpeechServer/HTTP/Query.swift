import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import SpeechStore

extension Exchange {
    /// What stands behind the question mark, read as strictly as a body.
    ///
    /// - Throws: 400 for what cannot be read, and for names that nobody would read.
    func query(_ known: Set<String>, plain: Set<String> = []) throws(APIError) -> JSONFields {
        let text = request.uri.query ?? ""
        guard text.utf8.count <= 4096 else {
            throw APIError(.badRequest, code: "invalid_value", "The query is too long.")
        }
        let fields = JSONFields(texts: try FormFields(Array(text.utf8)).values, plain: plain)
        try fields.refuseOthers(than: known)
        return fields
    }

    /// A record's id in the path.
    ///
    /// - Throws: 404 for what is no id: there is nothing of that name.
    func recordID(_ name: String, _ kind: StoreError.Kind) throws -> RecordID {
        let text = values[name] ?? ""
        guard let id = RecordID(text) else {
            throw APIError(StoreError.notFound(kind, id: text.shown(limit: 60)))
        }
        return id
    }

    /// The page that a list's query asks for.
    func page() throws(APIError) -> (limit: Int, before: Int64?) {
        let fields = try query(["limit", "before"])
        let before = try fields.integer("before", in: 0...Int.max)
        return (try fields.integer("limit", in: 1...500) ?? 50, before.map { Int64($0) })
    }

    /// The store.
    ///
    /// - Throws: 503 where the server keeps nothing.
    var store: any SpeechStoring {
        get throws(APIError) {
            guard let store = services.store else {
                throw APIError(
                    .serviceUnavailable, .server, code: "no_store",
                    "This server was started without a place to keep things.")
            }
            return store
        }
    }
}

extension APIError {
    /// What the store refused.
    init(_ error: StoreError) {
        let message = Self.sentence(error.description)
        switch error {
        case .notFound(let kind, _):
            self.init(.notFound, code: "\(kind)_not_found", message)
        case .nameTaken: self.init(.conflict, code: "name_taken", parameter: "name", message)
        case .wrongState: self.init(.conflict, code: "wrong_state", message)
        case .consentMissing: self.init(.badRequest, code: "consent_required", parameter: "consent", message)
        case .invalid: self.init(.badRequest, code: "invalid_value", message)
        case .tooLarge: self.init(.contentTooLarge, code: "too_large", message)
        case .capReached: self.init(.conflict, code: "cap_reached", message)
        case .badVoiceFile: self.init(.badRequest, code: "invalid_voice_file", message)
        case .diskFull:
            self.init(
                HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), .server, code: "disk_full",
                "The server's disk is full.")
        case .readOnly, .locked, .inUse, .newerSchema, .corrupt, .file, .database:
            self = .internalFault
        }
    }
}
