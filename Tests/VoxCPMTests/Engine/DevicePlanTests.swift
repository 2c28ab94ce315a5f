import Checkpoint
import Compute
import Foundation
import GPU
import TestSupport
import Testing

@testable import VoxCPM

/// What a device is planned to hold is what it holds.
@Suite(.serialized, .enabled(if: TestDevices.areThere, "no OpenCL device; install pocl-opencl-icd"))
struct DevicePlanTests {
    private static let sizes = DeviceSizes {
        GPUBackend.byteCount(of: $0)
    } scratchBytes: {
        GPUBackend.scratchBytes(for: $0)
    }

    private static func folder(_ family: String = "v15") throws -> CheckpointFolder {
        try CheckpointFolder(Fixtures.folder.appendingPathComponent("\(family)/checkpoint"))
    }

    private static func planner(_ precision: Precision, recordings: Bool = true) throws -> DevicePlanner {
        try DevicePlanner(folder(), precision: precision, recordings: recordings, sizes: sizes)
    }

    private static func model(_ precision: Precision, limitBytes: Int?) throws -> (VoxCPMModel, GPUBackend) {
        let device = GPUBackend(try TestDevices.first(), limitBytes: limitBytes)
        return (try ReferenceModel.load("v15", precision: precision, device: device), device)
    }

    /// Lets as many sequences as there are places go on from a voice, one of them put aside.
    ///
    /// - Parameter recordings: Whether the voice is encoded; else it is made up.
    private static func speak(_ model: VoxCPMModel, _ capacity: EngineCapacity, recordings: Bool = true) throws {
        let recording = (0..<model.sampleRateHz).map { Float($0 % 100) / 200 - 0.25 }
        let (rows, width) = (3 * model.configuration.patchSize, model.configuration.latentSize)
        let prompt =
            recordings
            ? try model.encodePrompt(recording)
            : Matrix(rows: rows, columns: width, values: (0..<rows * width).map { Float($0 % 7) / 7 })
        let engine = try PatchEngine(model, capacity)
        var ids: [SequenceID] = []
        for index in 0..<capacity.sequences {
            var request = GenerationRequest(tokens: Array(300..<304 + index), prompt: prompt)
            request.minPatches = 6
            request.maxPatches = 6
            ids.append(try engine.admit(request))
        }
        _ = try engine.step()
        engine.pause(ids[0])
        _ = try engine.step()
        engine.resume(ids[0])
        while engine.sequenceCount > 0 { _ = try engine.step() }
    }

    @Test(arguments: Precision.allCases) func planAndCountAgree(precision: Precision) throws {
        let sizes = [EngineCapacity(sequences: 1, positions: 64), EngineCapacity(sequences: 3, positions: 200)]
        for (capacity, recordings) in zip(sizes, [false, true]) {
            let plan = try Self.planner(precision, recordings: recordings).plan(capacity)
            // The limit is the plan: not a byte more may be laid out.
            let (model, device) = try Self.model(precision, limitBytes: plan.totalBytes)
            try Self.speak(model, capacity, recordings: recordings)
            #expect(device.failure == nil && device.mostMemoryBytes <= plan.totalBytes)
            // Upper bounds are those of constants and requests. What encoding works in is shared with the decoders, or
            // given back before the engine comes.
            let least = plan.weightBytes + plan.engine.totalBytes
            #expect(device.mostMemoryBytes >= least, "\(device.mostMemoryBytes) of \(plan)")
            #expect(device.mostMemoryBytes <= least + plan.constantBytes + plan.recordingBytes + 64 << 10)
        }
    }

    @Test func nothingIsLaidOutBeyondTheLimit() throws {
        let capacity = EngineCapacity(sequences: 2, positions: 64)
        let plan = try Self.planner(.bf16).plan(capacity)
        for share in [0.0, 0.1, 0.5, 0.9] {
            let limit = Int(Double(plan.weightBytes + plan.engine.totalBytes) * share)
            let books = DeviceDouble.Books()
            let device = GPUBackend(try DeviceDouble(TestDevices.first(), books), limitBytes: limit)
            let model = try ReferenceModel.load("v15", precision: .bf16, device: device)
            #expect(throws: DeviceError.self) { try Self.speak(model, capacity) }
            guard case .overBudget(let bytes, let inUse, limit)? = device.failure else {
                Issue.record("\(String(describing: device.failure))")
                continue
            }
            #expect(bytes + inUse > limit && books.mostBytes <= limit, "\(books.mostBytes) of \(limit)")
            // What the engine had is given back, the weights stay.
            #expect(device.memoryBytes <= plan.weightBytes + plan.constantBytes + plan.recordingBytes)
        }
    }

    @Test func planningLoadsNothing() throws {
        let before = try Self.planner(.f32).plan(EngineCapacity(positions: 64))
        #expect(before.weightBytes > 0 && before.recordingBytes > 0)
        let without = try Self.planner(.f32, recordings: false).plan(EngineCapacity(positions: 64))
        #expect(without.recordingBytes == 0 && without.totalBytes == before.totalBytes - before.recordingBytes)
        let small = try Self.planner(.int8).plan(EngineCapacity(positions: 64))
        #expect(small.weightBytes < before.weightBytes && small.keyValueBytes == before.keyValueBytes)
        let twice = try Self.planner(.f32).plan(EngineCapacity(sequences: 2, positions: 64))
        #expect(twice.keyValueBytes == 2 * before.keyValueBytes)
    }

    @Test func fewerSequencesThenShorterOnes() throws {
        let planner = try Self.planner(.bf16)
        let (wish, least) = (EngineCapacity(sequences: 8, positions: 256), EngineCapacity(positions: 64))
        func bytes(_ sequences: Int, _ positions: Int) throws -> Int {
            try planner.plan(EngineCapacity(sequences: sequences, positions: positions)).totalBytes
        }
        #expect(try planner.fitting(wish, least: least, limitBytes: .max).capacity == wish)
        let five = try planner.fitting(wish, least: least, limitBytes: bytes(5, 256))
        #expect(five.capacity == EngineCapacity(sequences: 5, positions: 256))
        let short = try planner.fitting(wish, least: least, limitBytes: bytes(1, 100))
        #expect(short.capacity == EngineCapacity(sequences: 1, positions: 100))
        #expect(try short.totalBytes <= bytes(1, 100))
    }

    @Test func whatDoesNotFitIsRefusedWithNumbersAndAdvice() throws {
        let planner = try Self.planner(.f32)
        let wish = EngineCapacity(sequences: 4, positions: 200)
        let asked = try planner.plan(wish)
        func refusal(_ limit: Int, least: EngineCapacity) throws -> DeviceMemoryError? {
            do { _ = try planner.fitting(wish, least: least, limitBytes: limit) } catch let error as DeviceMemoryError {
                return error
            }
            return nil
        }
        // Nothing less will do: then it is said what would.
        let fixed = try #require(try refusal(asked.totalBytes - 1, least: wish))
        guard case .tooLittle(asked, asked.totalBytes - 1, let fitting?, let int8Bytes?) = fixed else {
            Issue.record("\(fixed)")
            return
        }
        #expect(fitting == EngineCapacity(sequences: 3, positions: 200) && int8Bytes < asked.totalBytes)
        for words in ["weights", "keys and values", "workspace", "4 sequences of 200", "3 sequences of 200", "int8"] {
            #expect("\(fixed)".contains(words), "\(fixed)")
        }
        guard case .tooLittle(_, 1000, nil, nil)? = try refusal(1000, least: EngineCapacity(positions: 64)) else {
            Issue.record("a kilobyte is enough")
            return
        }
    }
}
