public import Foundation

/// Where the tests find the tensors computed by the reference implementation.
public enum Fixtures {
    /// `Tests/Fixtures` of this checkout, or the folder that `MYNAH_FIXTURES` names: another set of the same layout,
    /// made with other seeds and dimensions.
    public static var folder: URL {
        if let other = ProcessInfo.processInfo.environment["MYNAH_FIXTURES"], !other.isEmpty {
            return URL(fileURLWithPath: other, isDirectory: true)
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures", isDirectory: true)
    }
}
