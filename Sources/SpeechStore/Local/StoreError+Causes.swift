import Foundation
import GRDB

extension StoreError {
    /// What a failed system call on a file means.
    static func system(_ path: String, _ code: Int32) -> StoreError {
        switch code {
        case ENOSPC, EDQUOT: .diskFull(path: path)
        case EROFS, EACCES, EPERM: .readOnly(path: path)
        default: .file(path: path, code: code)
        }
    }

    /// What a failed operation on the database means.
    init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_FULL: self = .diskFull(path: path)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: self = .readOnly(path: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self = .corrupt(path: path, detail: error.message ?? "SQLite \(error.resultCode.rawValue)")
        default:
            self = .database(
                path: path, code: Int(error.extendedResultCode.rawValue), message: error.message ?? "no message")
        }
    }

    /// Runs an operation on the database and says what its failure means.
    static func explaining<Value>(_ path: String, _ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as DatabaseError { throw StoreError(error, path: path) }
    }
}
