public import Foundation

/// Where the files lie that a room of the house brings with it: beside the program, where the build puts them, or in the
/// share folder of an installation.
///
/// `Bundle.module` is not asked: it holds the path of the build machine and stops the program when that is gone.
public struct RoomResources: Sendable {
    /// The folders that are looked through, in order.
    public let folders: [URL]

    /// - Parameter room: The name of the room's module.
    public init(of room: String) {
        let name = "mynah_\(room).resources"
        guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else {
            folders = []
            return
        }
        let folder = program.deletingLastPathComponent()
        let prefix = folder.deletingLastPathComponent()
        folders = [
            folder.appendingPathComponent(name),
            prefix.appendingPathComponent("share/mynah/\(name)"),
            prefix.appendingPathComponent("lib/mynah/\(name)"),
        ]
    }

    /// A file or folder of the first folder that has it; nil where none does.
    public func url(_ file: String) -> URL? {
        // `.copy("Resources")` keeps the folder's name; an installer may leave it out.
        folders.flatMap { [$0.appendingPathComponent("Resources/\(file)"), $0.appendingPathComponent(file)] }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
