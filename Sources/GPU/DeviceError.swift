/// What a device, or the way to it, can refuse.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
    /// The library that leads to devices is not installed, or lacks a function.
    case libraryUnusable(String, reason: String)
    /// There is no device of that name.
    ///
    /// - choices: The names of those that are there.
    case noSuchDevice(String, choices: [String])
    /// A call to the driver failed.
    case callFailed(String, code: Int)
    /// The device has not enough memory left.
    case outOfMemory(byteCount: Int)
    /// More was to be laid out than may be.
    ///
    /// - Parameters:
    ///   - inUse: Bytes laid out so far.
    ///   - limit: The most bytes, see `--gpu-memory`.
    case overBudget(byteCount: Int, inUse: Int, limit: Int)
    /// The driver could not build the kernels.
    case buildFailed(program: String, log: String)
    /// A kernel wants more of a group than devices of all makers give.
    case kernelTooLarge(String, localBytes: Int, threads: Int)
    /// Something that takes effect at once was asked for while launches are recorded.
    case notWhileRecording(String)
    /// A step has sizes that no kernel was written for.
    case unsupported(String)

    public var description: String {
        switch self {
        case .libraryUnusable(let name, let reason): "\(name) cannot be used: \(reason)"
        case .noSuchDevice(let name, let choices):
            choices.isEmpty
                ? "there is no device \(name), nor any other; install the driver of the graphics card"
                : "there is no device \(name); choose one of \(choices.joined(separator: ", "))"
        case .callFailed(let call, let code): "the driver failed in \(call) (\(code))"
        case .outOfMemory(let bytes): "the device has no \(bytes) bytes of memory left; use a smaller precision"
        case .overBudget(let bytes, let inUse, let limit):
            "\(bytes) bytes more of the device's memory would exceed the limit of \(limit), of which \(inUse) are in use"
        case .buildFailed(let program, let log): "the driver cannot build the kernels of \(program): \(log)"
        case .kernelTooLarge(let kernel, let bytes, let threads):
            "the kernel \(kernel) takes \(bytes) bytes of local memory and \(threads) threads in a group"
        case .notWhileRecording(let what): "\(what) while launches are recorded"
        case .unsupported(let what): "the device's kernels do not support \(what)"
        }
    }
}
