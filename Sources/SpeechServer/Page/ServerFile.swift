import Foundation

/// The files that come with the server.
enum ServerFile {
    /// Where a file or folder is.
    ///
    /// - Throws: Where it is missing.
    static func url(_ name: String) throws(ServerError) -> URL {
        guard let url = Bundle.module.url(forResource: "Resources/\(name)", withExtension: nil) else {
            throw .missingResource(name)
        }
        return url
    }
}
