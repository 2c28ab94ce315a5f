internal import CPTX

/// A module in the language that NVIDIA's driver compiles when a program runs.
///
/// `@unchecked Sendable`: text that never changes and is never given back.
struct PTXModule: @unchecked Sendable {
    /// Ends with a zero.
    let text: UnsafePointer<CChar>

    /// The kernels of `Kernels/*.cl`, made by `scripts/ptx.sh`.
    static let kernels = PTXModule(text: mynah_ptx())

    /// What the module is made for; later cards run it, too.
    static let leastCapability = (major: 8, minor: 0)
}
