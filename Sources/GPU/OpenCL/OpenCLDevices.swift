import Synchronization

/// The devices that OpenCL drivers of this machine offer.
public struct OpenCLDevices: Sendable {
    /// One device, not yet in use.
    struct Candidate: @unchecked Sendable {  // a handle of the driver that never changes
        let handle: OpenCLLibrary.Handle
        let information: DeviceInformation
        let library: OpenCLLibrary
    }

    /// Names under which systems have the loader that knows all drivers.
    public static let loaders = ["libOpenCL.so.1", "libOpenCL.so"]
    /// The makers' own libraries, each with the names it may have: NVIDIA, AMD, Intel, PoCL.
    public static let drivers = [
        ["libnvidia-opencl.so.1"], ["libamdocl64.so", "/opt/rocm/lib/libamdocl64.so"],
        [
            "libigdrcl.so", "/usr/lib/x86_64-linux-gnu/intel-opencl/libigdrcl.so",
            "/usr/local/lib/intel-opencl/libigdrcl.so",
        ],
        ["libpocl.so.2"],
    ]

    let candidates: [Candidate]

    /// Asks all drivers that the loader knows; where it is missing or knows none, the makers' libraries themselves.
    ///
    /// - Parameters:
    ///   - loaders: Names of the loader; the first that is there counts.
    ///   - drivers: Libraries to ask where that brings no device, each by the first of its names that is there.
    /// - Throws: ``DeviceError/libraryUnusable(_:reason:)`` where there is neither a loader nor a driver.
    public init(
        loaders: [String] = Self.loaders, drivers: [[String]] = Self.drivers
    ) throws(DeviceError) {
        // Loaders and drivers set themselves up when they are first asked, and some not well for two who ask at once.
        candidates = try Self.asking.withLock { _ throws(DeviceError) in try Self.ask(loaders, drivers) }
    }

    private static let asking = Mutex<Void>(())

    private static func ask(_ loaders: [String], _ drivers: [[String]]) throws(DeviceError) -> [Candidate] {
        var fault: DeviceError?
        var found: [Candidate] = []
        var isAnyThere = false
        do {
            let library = try OpenCLLibrary(try OpenCLSymbols(firstOf: loaders))
            isAnyThere = true
            add(library, to: &found)
        } catch {
            fault = error
        }
        if found.isEmpty {
            for driver in drivers {
                // Most of them are not there, and one that is broken must not hide the others.
                guard let symbols = try? OpenCLSymbols(firstOf: driver), let library = try? OpenCLLibrary(symbols)
                else { continue }
                isAnyThere = true
                add(library, to: &found)
            }
        }
        if let fault, !isAnyThere { throw fault }
        return found
    }

    /// Asks one library, a loader or a driver.
    ///
    /// - Throws: ``DeviceError/libraryUnusable(_:reason:)``
    public init(library name: String) throws(DeviceError) { try self.init(loaders: [name], drivers: []) }

    /// The devices, in the drivers' order.
    public var all: [DeviceInformation] { candidates.map(\.information) }

    /// Begins to use a device.
    ///
    /// - Parameter id: Such as `opencl:0`.
    /// - Throws: ``DeviceError/noSuchDevice(_:choices:)``, or what the driver refuses.
    public func open(_ id: String) throws(DeviceError) -> any Device {
        guard let candidate = candidates.first(where: { $0.information.id == id }) else {
            throw .noSuchDevice(id, choices: all.map(\.id))
        }
        return try OpenCLDevice(candidate, candidate.library)
    }

    private static func add(_ library: OpenCLLibrary, to found: inout [Candidate]) {
        for handle in handles(library) {
            found.append(
                Candidate(handle: handle, information: describe(handle, found.count, library), library: library))
        }
    }

    /// A driver that refuses to list its devices has none.
    private static func handles(_ library: OpenCLLibrary) -> [OpenCLLibrary.Handle] {
        var count: UInt32 = 0
        guard library.getPlatforms(0, nil, &count) == 0, count > 0 else { return [] }
        var platforms = [OpenCLLibrary.Handle?](repeating: nil, count: Int(count))
        guard library.getPlatforms(count, &platforms, nil) == 0 else { return [] }
        return platforms.compactMap { $0 }.flatMap { platform in
            var count: UInt32 = 0
            let everyKind: UInt64 = 0xffff_ffff
            guard library.getDevices(platform, everyKind, 0, nil, &count) == 0, count > 0 else {
                return [OpenCLLibrary.Handle]()
            }
            var devices = [OpenCLLibrary.Handle?](repeating: nil, count: Int(count))
            guard library.getDevices(platform, everyKind, count, &devices, nil) == 0 else { return [] }
            return devices.compactMap { $0 }
        }
    }

    private enum Property {
        static let kind: UInt32 = 0x1000
        static let memoryBytes: UInt32 = 0x101f
        static let name: UInt32 = 0x102b
        static let driverVersion: UInt32 = 0x102d
        static let version: UInt32 = 0x102f
    }

    private static func describe(
        _ device: OpenCLLibrary.Handle, _ number: Int, _ library: OpenCLLibrary
    ) -> DeviceInformation {
        func number64(_ property: UInt32) -> UInt64 {
            var value: UInt64 = 0
            _ = library.getDeviceInfo(device, property, MemoryLayout<UInt64>.size, &value, nil)
            return value
        }
        func text(_ property: UInt32) -> String {
            var count = 0
            guard library.getDeviceInfo(device, property, 0, nil, &count) == 0, count > 0 else { return "" }
            var bytes = [UInt8](repeating: 0, count: count)
            guard library.getDeviceInfo(device, property, count, &bytes, nil) == 0 else { return "" }
            return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let processor: UInt64 = 2
        return DeviceInformation(
            id: "opencl:\(number)", name: text(Property.name),
            driver: "\(text(Property.version)), driver \(text(Property.driverVersion))",
            memoryBytes: Int(clamping: number64(Property.memoryBytes)),
            isProcessor: number64(Property.kind) & processor != 0)
    }
}
