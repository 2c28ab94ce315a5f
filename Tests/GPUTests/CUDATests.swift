import Compute
import TestSupport
import Testing

@testable import GPU

/// The way through NVIDIA's driver, on a double of it.
///
/// The double shows that calls come in an order, and with values, that our idea of the driver allows; that arguments fit
/// the signatures of the committed PTX; and that replayed graphs do what launches do. But where a test says otherwise, it
/// runs the OpenCL programs that the PTX was made of. It cannot show that a driver takes the PTX.
@Suite(.needsDouble) struct CUDATests {
    /// Shows also that closing a device gives back all that it has made.
    @Test func everyKernelGivesWhatTheCPUGives() throws {
        let double = try CUDADouble()
        do {
            let results = try KernelCheck.run(try double.open(), every: 3)
            #expect(results.count > 100)
            for result in results { #expect(result.isGood, "\(result.name): \(result.error)") }
        }
        #expect(try double.live == 0)
    }

    /// Here the double executes the committed PTX itself, with the instructions that no other driver has: 128-bit loads,
    /// halves, tensor cores.
    @Test func everyKernelOfTheModuleGivesWhatTheCPUGives() throws {
        let double = try CUDADouble()
        try double.set(.runsPTX, 1)
        let device = try double.open()
        for kernel in Kernel.all { try device.prepare(kernel) }
        let results = try KernelCheck.run(device, every: 5)
        #expect(results.count > 100)
        for result in results { #expect(result.isGood, "\(result.name): \(result.error)") }
        let unused = try double.unused
        #expect(unused == nil, "\(unused ?? "") has not run")
    }

    @Test func theDeviceIsDescribed() throws {
        let double = try CUDADouble()
        try double.set(.capability, 120)
        try double.set(.memoryBytes, 24 << 30)
        #expect(
            try CUDADevices(library: double.path).all == [
                DeviceInformation(
                    id: "cuda:0", name: "double of a card", driver: "CUDA 12.4, compute capability 12.0",
                    memoryBytes: 24 << 30, isProcessor: false, hasTensorCores: true)
            ])
    }

    @Test func freeMemoryIsTold() throws {
        let device = try CUDADouble().open()
        let before = try #require(try device.freeMemoryBytes())
        let buffer = try device.allocate(byteCount: 1 << 20)
        #expect(try device.freeMemoryBytes() == before - buffer.byteCount)
    }

    /// Copies arrive although the driver makes them as late as it may, and the bytes change meanwhile; those of all sizes.
    @Test func copiesMayBeMadeLater() throws {
        let device = try CUDADouble().open()
        let buffer = try device.allocate(byteCount: 3 << 20)
        var bytes = [UInt8](repeating: 0, count: 3 << 20)
        var expected = bytes
        for (number, (start, count)) in [(0, 3 << 20), (5, 1), (70, 100_000), (1 << 20, 1 << 18), (3, 7)].enumerated() {
            for offset in 0..<count { bytes[offset] = UInt8(truncatingIfNeeded: offset &* 7 &+ number) }
            expected.replaceSubrange(start..<start + count, with: bytes[..<count])
            try bytes[..<count].withUnsafeBytes { try device.write($0, to: buffer, at: start) }
        }
        // More small ones than the memory for them on the way holds.
        for number in 0..<12 {
            let count = 200_000 + number
            for offset in 0..<count { bytes[offset] = UInt8(truncatingIfNeeded: offset &* 5 &+ number) }
            expected.replaceSubrange(number * 100..<number * 100 + count, with: bytes[..<count])
            try bytes[..<count].withUnsafeBytes { try device.write($0, to: buffer, at: number * 100) }
        }
        var back = [UInt8](repeating: 0, count: 3 << 20)
        try back.withUnsafeMutableBytes { try device.read(buffer, at: 0, into: $0) }
        #expect(back == expected)
    }

    @Test func copiesBeyondABufferAreRefused() throws {
        let device = try CUDADouble().open()
        let buffer = try device.allocate(byteCount: 100)
        var bytes = [UInt8](repeating: 0, count: 20)
        let fault = DeviceError.unsupported("a copy beyond the end of a buffer")
        #expect(throws: fault) { try bytes.withUnsafeBytes { try device.write($0, to: buffer, at: 81) } }
        #expect(throws: fault) { try bytes.withUnsafeMutableBytes { try device.read(buffer, at: -1, into: $0) } }
    }

    @Test func buffersOfOtherDevicesAreRefused() throws {
        let (double, other) = (try CUDADouble(), try CUDADouble())
        let (device, buffer) = (try double.open(), try other.open().allocate(byteCount: 16))
        let fault = DeviceError.unsupported("buffers of another device")
        #expect(throws: fault) { try device.launch(.tanh, groups: (1, 1), [.buffer(buffer), .int(0), .int(1)]) }
        #expect(throws: fault) { try [1].withUnsafeBytes { try device.write($0, to: buffer, at: 0) } }
    }

    /// The driver takes no count of arguments, but the double looks for the end of the list.
    @Test(arguments: [2, 4]) func argumentsAreCounted(count: Int) throws {
        let device = try CUDADouble().open()
        let arguments: [KernelArgument] = [.buffer(try device.allocate(byteCount: 64)), .int(0), .int(1), .int(1)]
        #expect(throws: DeviceError.callFailed("cuLaunchKernel(tanh_elements): CUDA_ERROR_INVALID_VALUE", code: 1)) {
            try device.launch(.tanh, groups: (1, 1), Array(arguments[..<count]))
        }
    }

    /// A context is current on one thread at a time, and calls come from any.
    @Test func anyThreadMayCall() async throws {
        let double = try CUDADouble()
        let device = try await onOwnThread { try double.open() }
        let buffer = try await onOwnThread { try device.upload([Float(0.5), -1]) }
        try await onOwnThread { try device.launch(.tanh, groups: (1, 1), [.buffer(buffer), .int(0), .int(2)]) }
        let values = try await onOwnThread {
            var values = [Float](repeating: 0, count: 2)
            try values.withUnsafeMutableBytes { try device.read(buffer, at: 0, into: $0) }
            return values
        }
        #expect(relativeDistance(values, [0.46211716, -0.7615942]) < 1e-6)
    }
}

/// The largest difference of two lists.
func relativeDistance(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
}
