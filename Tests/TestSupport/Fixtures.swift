public import Foundation

/// Where the tests find the tensors computed by the reference implementation.
public enum Fixtures {
    /// `Tests/Fixtures` of this checkout.
    public static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures", isDirectory: true)
    }
}
