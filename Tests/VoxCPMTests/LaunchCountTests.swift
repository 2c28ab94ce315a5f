import Checkpoint
import Compute
import Foundation
import GPU
import Testing

@testable import VoxCPM

/// What a patch of VoxCPM-1.5 at full size costs a device: counted from what is recorded for it, computed by nobody.
struct LaunchCountTests {
    @Test func aPatchTakesAtMost650LaunchesAndReadsWeightsOnce() throws {
        let device = GPUBackend(CountingDevice())
        let configuration = ModelConfiguration.voxCPM15
        let model = try VoxCPMModel(
            configuration: configuration,
            weights: ZeroTensors(ExpectedTensor.model(for: configuration), type: .bf16),
            audioVAEWeights: ZeroTensors(ExpectedTensor.audioVAE(for: configuration.audioVAE), type: .f32),
            precision: .bf16, threads: 2, device: device)
        let engine = try PatchEngine(model, EngineCapacity(positions: 512))
        let counts = try engine.launchesOfSteps(on: device)
        #expect(device.replayCount > 0)
        for count in counts {
            #expect(count.launches <= 650 && count.launches == counts[0].launches, "\(count.launches)")
            #expect(Double(count.bytes) <= 1.1 * Double(count.weightBytes), "\(count)")
        }
        // As many bytes as the parameters that a patch needs, nine times those of the diffusion transformer.
        #expect(Set(counts.map(\.weightBytes)).count == 1)
    }
}

/// Tensors of zeros that take no memory.
private struct ZeroTensors: TensorSource {
    let file = URL(fileURLWithPath: "zeros")
    let tensors: [String: TensorInfo]

    init(_ expected: [ExpectedTensor], type: ElementType) {
        tensors = Dictionary(
            expected.map { ($0.name, TensorInfo(name: $0.name, type: type, shape: $0.shape)) }
        ) { first, _ in first }
    }

    func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let info = tensors[name], let zeros = calloc(info.byteCount, 1) else {
            throw VoxCPMError.missingTensor(name, file: file)
        }
        defer { free(zeros) }
        return try body(UnsafeRawBufferPointer(start: zeros, count: info.byteCount))
    }
}

/// A device that lays out nothing and computes nothing; what it has recorded can be counted.
///
/// `@unchecked Sendable`: one thread at a time calls a device.
private final class CountingDevice: Device, @unchecked Sendable {
    private final class Buffer: DeviceBuffer {
        let byteCount: Int

        init(_ byteCount: Int) { self.byteCount = byteCount }
    }

    private final class Recording: DeviceRecording {
        let launchCount: Int

        init(_ launchCount: Int) { self.launchCount = launchCount }
    }

    let information = DeviceInformation(
        id: "counting:0", name: "a counter", driver: "none", memoryBytes: 1 << 40, isProcessor: true)
    private var recorded = 0

    func allocate(byteCount: Int) throws(DeviceError) -> any DeviceBuffer { Buffer(byteCount) }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError) {}

    func read(
        _ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer
    ) throws(DeviceError) {}

    func prepare(_ kernel: Kernel) throws(DeviceError) {}

    func launch(_ kernel: Kernel, groups: (x: Int, y: Int), _ arguments: [KernelArgument]) throws(DeviceError) {
        recorded += 1
    }

    func finish() throws(DeviceError) {}

    func beginRecording() throws(DeviceError) { recorded = 0 }

    func endRecording() throws(DeviceError) -> any DeviceRecording { Recording(recorded) }

    func replay(_ recording: any DeviceRecording) throws(DeviceError) {}
}
