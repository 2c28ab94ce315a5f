import HTTPTypes
import SpeechStore

/// Whose request it is, and what it may do.
struct Caller: Sendable {
    /// The key of limits and of fairness.
    var name: String
    /// The key of the store that was shown; nil for an address, or a key that was given at the start.
    var key: RecordID?
    /// Whether it may change what concerns all.
    var isAdmin: Bool
    var limits = KeyLimits()

    /// Whose things it sees: nil for everybody's.
    var sees: RecordID? { isAdmin ? nil : key }

    /// Whether it may change or remove something of this owner.
    func mayChange(_ owner: RecordID?) -> Bool { isAdmin || owner != nil && owner == key }

    /// - Throws: 403 for everybody but administrators.
    func expectAdmin() throws(APIError) {
        guard isAdmin else {
            throw APIError(
                .forbidden, .permission, code: "admin_key_required", "This needs the key of an administrator.")
        }
    }

    /// - Throws: 403 for what belongs to somebody else.
    func expectOwner(_ owner: RecordID?) throws(APIError) {
        guard mayChange(owner) else {
            throw APIError(.forbidden, .permission, code: "not_yours", "This belongs to another key.")
        }
    }
}
