import Foundation
import GRDB

extension RecordID {
    /// As the database has it.
    var sql: String { description }

    /// The first id that a query gives.
    static func first(_ db: Database, sql: String, arguments: StatementArguments = []) throws -> RecordID? {
        try String.fetchOne(db, sql: sql, arguments: arguments).flatMap { RecordID($0) }
    }

    /// All ids that a query gives.
    static func all(_ db: Database, sql: String, arguments: StatementArguments = []) throws -> [RecordID] {
        try String.fetchAll(db, sql: sql, arguments: arguments).compactMap { RecordID($0) }
    }
}

extension Row {
    /// The row's own id.
    func id() throws -> RecordID {
        guard let id = optionalID("id") else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an id that is none")
        }
        return id
    }

    /// A reference; nil where the column is empty.
    func optionalID(_ column: String) -> RecordID? {
        let text: String? = self[column]
        return text.flatMap { RecordID($0) }
    }

    /// A point in time that is stored as seconds since 1970.
    func date(_ column: String) -> Date { Date(timeIntervalSince1970: self[column]) }

    /// A point in time that may not have come.
    func optionalDate(_ column: String) -> Date? {
        let seconds: Double? = self[column]
        return seconds.map { Date(timeIntervalSince1970: $0) }
    }

    /// A file whose columns have names that start with `prefix`; nil where there is none.
    func audio(_ prefix: String = "audio") -> StoredAudio? {
        guard let id = optionalID("\(prefix)Id") else { return nil }
        return StoredAudio(
            id: id, mediaType: self["\(prefix)Type"], byteCount: self["\(prefix)Bytes"], sha256: self["\(prefix)Hash"])
    }

    /// The columns that ``audio(_:)`` reads, of the table `alias`.
    static func audioColumns(_ alias: String = "audio") -> String {
        "\(alias).id AS \(alias)Id, \(alias).mediaType AS \(alias)Type, \(alias).byteCount AS \(alias)Bytes, "
            + "\(alias).sha256 AS \(alias)Hash"
    }
}

extension StoreSettings {
    /// Checks a text against the caps.
    func check(_ text: String, field: String) throws(StoreError) {
        let count = text.utf8.count
        guard count <= textBytes else { throw .tooLarge(field: field, count: count, limit: textBytes) }
        guard !text.unicodeScalars.contains("\0") else { throw .invalid(field: field, reason: "has a zero character") }
    }

    /// Checks JSON against the caps.
    func check(_ json: JSONText, field: String) throws(StoreError) {
        let count = json.text.utf8.count
        guard count <= jsonBytes else { throw .tooLarge(field: field, count: count, limit: jsonBytes) }
    }

    /// A name for people to read: control characters and blanks at its ends go; 1 to 200 characters stay.
    static func name(_ text: String, field: String) throws(StoreError) -> String {
        let controls = CharacterSet.controlCharacters.union(.newlines)
        let plain = String(String.UnicodeScalarView(text.unicodeScalars.filter { !controls.contains($0) }))
        let name = plain.trimmingCharacters(in: .whitespaces)
        guard !name.isEmpty else { throw .invalid(field: field, reason: "is empty") }
        guard name.unicodeScalars.count <= 200 else {
            throw .invalid(field: field, reason: "has more than 200 characters")
        }
        return name
    }
}
