/// The devices that NVIDIA's driver of this machine offers.
public struct CUDADevices: Sendable {
    /// One device, not yet in use.
    struct Candidate: Sendable {
        let ordinal: CUDALibrary.Ordinal
        let information: DeviceInformation
        let capability: (major: Int, minor: Int)
    }

    let library: CUDALibrary
    let candidates: [Candidate]

    /// Asks the driver.
    ///
    /// - Parameter library: Another library instead of the system's driver.
    /// - Throws: ``DeviceError/libraryUnusable(_:reason:)`` where there is no driver, ``DeviceError/callFailed(_:code:)``
    ///   where it does not work.
    public init(library name: String? = nil) throws(DeviceError) {
        let library = try CUDALibrary(named: name)
        self.library = library
        let noDevice: CUDALibrary.Status = 100
        let status = library.initialize(0)
        guard status != noDevice else {
            candidates = []
            return
        }
        try library.check(status, "cuInit")
        var version: Int32 = 0
        try library.check(library.getVersion(&version), "cuDriverGetVersion")
        var count: Int32 = 0
        try library.check(library.getDeviceCount(&count), "cuDeviceGetCount")
        var found: [Candidate] = []
        for number in 0..<max(count, 0) { found.append(try Self.describe(number, version: Int(version), library)) }
        candidates = found
    }

    /// The devices, in the driver's order.
    public var all: [DeviceInformation] { candidates.map(\.information) }

    /// Begins to use a device.
    ///
    /// - Parameter id: Such as `cuda:0`.
    /// - Throws: ``DeviceError/noSuchDevice(_:choices:)``, ``DeviceError/unsupported(_:)`` where the card is older than
    ///   the kernels, or what the driver refuses.
    public func open(_ id: String) throws(DeviceError) -> any Device {
        try open(id, module: .kernels)
    }

    /// Begins to use a device with another module than that of the kernels.
    func open(_ id: String, module: PTXModule) throws(DeviceError) -> any Device {
        guard let candidate = candidates.first(where: { $0.information.id == id }) else {
            throw .noSuchDevice(id, choices: all.map(\.id))
        }
        guard candidate.capability >= PTXModule.leastCapability else {
            let (has, needs) = (candidate.capability, PTXModule.leastCapability)
            throw .unsupported(
                "compute capability \(has.major).\(has.minor) of \(candidate.information.name); "
                    + "\(needs.major).\(needs.minor) is the least")
        }
        return try CUDADevice(candidate, module, library)
    }

    private enum Attribute {
        static let majorCapability: Int32 = 75
        static let minorCapability: Int32 = 76
    }

    private static func describe(
        _ number: Int32, version: Int, _ library: CUDALibrary
    ) throws(DeviceError) -> Candidate {
        var ordinal: CUDALibrary.Ordinal = 0
        try library.check(library.getDevice(&ordinal, number), "cuDeviceGet(\(number))")
        var name = [CChar](repeating: 0, count: 256)
        try library.check(library.getName(&name, Int32(name.count), ordinal), "cuDeviceGetName")
        var memoryBytes = 0
        try library.check(library.getTotalMemory(&memoryBytes, ordinal), "cuDeviceTotalMem")
        var (major, minor): (Int32, Int32) = (0, 0)
        try library.check(library.getAttribute(&major, Attribute.majorCapability, ordinal), "cuDeviceGetAttribute")
        try library.check(library.getAttribute(&minor, Attribute.minorCapability, ordinal), "cuDeviceGetAttribute")
        return Candidate(
            ordinal: ordinal,
            information: DeviceInformation(
                id: "cuda:\(number)",
                name: String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self),
                driver: "CUDA \(version / 1000).\(version % 1000 / 10), compute capability \(major).\(minor)",
                memoryBytes: memoryBytes, isProcessor: false,
                // The kernels are made for cards that have them.
                hasTensorCores: (Int(major), Int(minor)) >= PTXModule.leastCapability),
            capability: (Int(major), Int(minor)))
    }
}
