/// The devices that OpenCL drivers of this machine offer.
public struct OpenCLDevices: Sendable {
    /// One device, not yet in use.
    struct Candidate: @unchecked Sendable {  // a handle of the driver that never changes
        let handle: OpenCLLibrary.Handle
        let information: DeviceInformation
    }

    let library: OpenCLLibrary
    let candidates: [Candidate]

    /// Asks all drivers.
    ///
    /// - Parameter library: Another library instead of the system's loader.
    /// - Throws: ``DeviceError/libraryUnusable(_:reason:)`` where OpenCL is not installed.
    public init(library name: String? = nil) throws(DeviceError) {
        let library = try OpenCLLibrary(named: name)
        var found: [Candidate] = []
        for handle in Self.handles(library) {
            let number = found.count
            found.append(Candidate(handle: handle, information: Self.describe(handle, number, library)))
        }
        self.library = library
        candidates = found
    }

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
        return try OpenCLDevice(candidate, library)
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
