import Foundation
import TextFrontend

/// The files that come with the server.
enum ServerFile {
    /// Where a file or folder is.
    ///
    /// - Throws: Where it is missing.
    static func url(_ name: String) throws(ServerError) -> URL {
        let resources = RoomResources(of: "SpeechServer")
        guard let url = resources.url(name) else {
            throw .missingResource(name, searched: resources.folders.map(\.path))
        }
        return url
    }
}
