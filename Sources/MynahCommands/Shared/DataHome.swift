import Foundation

/// Where the user's own things are: models, the store, a certificate that was made.
enum DataHome {
    /// One of its folders, which may not be there yet; XDG_DATA_HOME has a say.
    static func folder(_ name: String) -> URL {
        let data = ProcessInfo.processInfo.environment["XDG_DATA_HOME"].flatMap {
            $0.isEmpty ? nil : URL(fileURLWithPath: $0)
        }
        let home = data ?? URL(fileURLWithPath: NSHomeDirectory()).appendingPathComponent(".local/share")
        return home.appendingPathComponent("mynah/\(name)", isDirectory: true)
    }
}
