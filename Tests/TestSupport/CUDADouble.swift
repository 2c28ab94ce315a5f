import Foundation
public import GPU

/// A double of NVIDIA's driver with a state of its own, see `Tests/CUDADouble/include/cuda_double.h`.
///
/// `@unchecked Sendable`: functions that take a lock.
public final class CUDADouble: @unchecked Sendable {
    /// What the double says of its device; the numbers are those of `cuda_double_property`.
    public enum Property: UInt32 {
        case devices, capability, driver, memoryBytes, runsPTX
    }

    /// The file to open instead of the driver's.
    public let path: String
    private let library: UnsafeMutableRawPointer

    /// Whether this machine has what the double runs on.
    public static var isThere: Bool { TestDevices.areThere && (try? made) != nil }

    /// The library that SwiftPM makes beside the tests.
    private static var made: URL {
        get throws {
            let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let library = URL(fileURLWithPath: here).deletingLastPathComponent()
                .appendingPathComponent("libCUDADouble.so")
            guard FileManager.default.isReadableFile(atPath: library.path) else {
                throw DoubleFault(description: "there is no \(library.path); build the product CUDADouble")
            }
            return library
        }
    }

    /// A double that knows all kernels.
    public init() throws {
        // The loader takes a file of another name for another library.
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("libcuda-\(UUID().uuidString).so")
        try FileManager.default.copyItem(at: try Self.made, to: copy)
        path = copy.path
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw DoubleFault(description: dlerror().map { String(cString: $0) } ?? "the double cannot be opened")
        }
        self.library = library
        typealias AddProgram = @convention(c) (UnsafePointer<CChar>) -> Void
        let addProgram = try find("cuda_double_add_program", AddProgram.self)
        for program in Kernel.sources { addProgram(program) }
    }

    /// The library stays open, as drivers do; its file goes.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Opens the double's only device.
    public func open() throws -> any Device { try CUDADevices(library: path).open("cuda:0") }

    public func set(_ property: Property, _ value: Int) throws {
        typealias Set = @convention(c) (UInt32, Int) -> Void
        try find("cuda_double_set", Set.self)(property.rawValue, value)
    }

    /// Makes a call of the driver fail with a code after some that go well.
    public func fail(_ call: String, code: Int32, after: Int32 = 0) throws {
        typealias Fail = @convention(c) (UnsafePointer<CChar>, Int32, Int32) -> Void
        try find("cuda_double_fail", Fail.self)(call, code, after)
    }

    /// Things of the driver that were made and not given back.
    public var live: Int {
        get throws { Int(try find("cuda_double_live", (@convention(c) () -> Int32).self)()) }
    }

    /// Kernels that ran, and how many of those out of graphs.
    public var launches: (all: Int, ofGraphs: Int) {
        get throws {
            typealias Count = @convention(c) () -> Int
            return (
                try find("cuda_double_launches", Count.self)(), try find("cuda_double_graph_launches", Count.self)()
            )
        }
    }

    /// A kernel that was prepared and has not run.
    public var unused: String? {
        get throws {
            typealias Unused = @convention(c) () -> UnsafePointer<CChar>?
            return try find("cuda_double_unused", Unused.self)().map { String(cString: $0) }
        }
    }

    private func find<Function>(_ name: String, _ type: Function.Type) throws -> Function {
        guard let address = dlsym(library, name) else { throw DoubleFault(description: "the double has no \(name)") }
        // The type is that of the function in `cuda_double.h`.
        return unsafeBitCast(address, to: type)
    }

    private struct DoubleFault: Error, CustomStringConvertible {
        let description: String
    }
}
