import Compute
import TestSupport
import Testing

@testable import GPU

/// Recorded launches, which the driver keeps as graphs. The double shows what is captured, when, by whom, and that it all is
/// given back; not whether a real driver would take the same capture, nor whether its graphs are faster.
@Suite(.needsDouble) struct CUDARecordingTests {
    /// Adds one to each of two values whenever it is launched.
    private struct Adding {
        let device: any Device
        let values: any DeviceBuffer
        let ones: any DeviceBuffer

        init(on device: any Device) throws {
            self.device = device
            values = try device.upload([Float(1), 2])
            ones = try device.upload([Float(1), 1])
        }

        func launch() throws {
            let place: (any DeviceBuffer) -> [KernelArgument] = { [.buffer($0), .int(0), .int(2)] }
            try device.launch(
                .add, groups: (1, 1), place(values) + place(ones) + place(values) + [.int(1), .int(2)])
        }

        func read() throws -> [Float] {
            var floats = [Float](repeating: 0, count: 2)
            try floats.withUnsafeMutableBytes { try device.read(values, at: 0, into: $0) }
            return floats
        }
    }

    @Test func launchesAreKeptAndStartedTogether() throws {
        let double = try CUDADouble()
        do {
            let adding = try Adding(on: try double.open())
            try adding.device.beginRecording()
            for _ in 0..<3 { try adding.launch() }
            let recording = try adding.device.endRecording()
            #expect(recording.launchCount == 3)
            #expect(try adding.read() == [1, 2])
            for _ in 0..<2 { try adding.device.replay(recording) }
            try adding.launch()
            #expect(try adding.read() == [8, 9])
            #expect(try double.launches.ofGraphs == 6)
        }
        #expect(try double.live == 0)
    }

    @Test func aRecordingKeepsItsBuffers() throws {
        let double = try CUDADouble()
        let device = try double.open()
        var recording: (any DeviceRecording)?
        do {
            let adding = try Adding(on: device)
            try device.beginRecording()
            try adding.launch()
            recording = try device.endRecording()
        }
        if let recording { try device.replay(recording) }
        try device.finish()
        #expect(try double.launches.ofGraphs == 1)
    }

    /// The driver frees nothing while it captures.
    @Test func memoryThatIsGivenBackMeanwhileIsFreedLater() throws {
        let double = try CUDADouble()
        let device = try double.open()
        let before = try double.live
        var buffer: (any DeviceBuffer)? = try device.allocate(byteCount: 64)
        try device.beginRecording()
        #expect(buffer != nil)
        buffer = nil
        _ = try device.endRecording()
        #expect(try double.live == before + 1, "the module, which the recording has loaded")
    }

    @Test func whatTakesEffectAtOnceIsRefused() throws {
        let device = try CUDADouble().open()
        let buffer = try device.upload([Float(1)])
        try device.beginRecording()
        #expect(throws: DeviceError.notWhileRecording("memory is laid out")) { try device.allocate(byteCount: 16) }
        #expect(throws: DeviceError.notWhileRecording("a copy")) {
            try [Float(2)].withUnsafeBytes { try device.write($0, to: buffer, at: 0) }
        }
        #expect(throws: DeviceError.notWhileRecording("a wait")) { try device.finish() }
        #expect(throws: DeviceError.notWhileRecording("a recording")) { try device.beginRecording() }
        let recording = try device.endRecording()
        #expect(recording.launchCount == 0)
        try device.replay(recording)
    }

    @Test func anEndWithoutABeginIsRefused() throws {
        let device = try CUDADouble().open()
        #expect(throws: DeviceError.self) { try device.endRecording() }
    }

    /// Whatever fails on the way, the stream is usable afterwards and nothing is left behind.
    @Test(arguments: [
        ("cuStreamBeginCapture_v2", 900, "cuStreamBeginCapture: CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"),
        ("cuLaunchKernel", 1, "cuLaunchKernel(add_elements): CUDA_ERROR_INVALID_VALUE"),
        ("cuStreamEndCapture", 901, "cuStreamEndCapture: CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"),
        ("cuGraphInstantiateWithFlags", 999, "cuGraphInstantiate: CUDA_ERROR_UNKNOWN"),
    ])
    func aCaptureThatFailsIsAnErrorAndLeavesNothing(call: String, code: Int32, words: String) throws {
        let double = try CUDADouble()
        do {
            let adding = try Adding(on: try double.open())
            try double.fail(call, code: code)
            #expect(throws: DeviceError.callFailed(words, code: Int(code))) {
                try adding.device.beginRecording()
                do { try adding.launch() } catch {
                    _ = try adding.device.endRecording()
                    throw error
                }
                _ = try adding.device.endRecording()
            }
            try adding.launch()
            #expect(try adding.read() == [2, 3])
        }
        #expect(try double.live == 0)
    }

    @Test func aReplayThatFailsIsAnError() throws {
        let double = try CUDADouble()
        let adding = try Adding(on: try double.open())
        try adding.device.beginRecording()
        try adding.launch()
        let recording = try adding.device.endRecording()
        try double.fail("cuGraphLaunch", code: 719)
        #expect(throws: DeviceError.callFailed("cuGraphLaunch: CUDA_ERROR_LAUNCH_FAILED", code: 719)) {
            try adding.device.replay(recording)
        }
    }

    @Test func aDeviceMayGoInTheMiddleOfARecording() throws {
        let double = try CUDADouble()
        do {
            let adding = try Adding(on: try double.open())
            try adding.device.beginRecording()
            try adding.launch()
        }
        #expect(try double.live == 0)
    }
}
