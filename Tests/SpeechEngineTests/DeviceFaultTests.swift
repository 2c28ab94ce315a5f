import Foundation
import GPU
import SpeechEngine
import Synchronization
import TestSupport
import Testing
import VoxCPM

/// A device that fails takes those along that it was speaking, and nobody else.
@Suite(.serialized, .enabled(if: TestDevices.areThere, "no OpenCL device; install pocl-opencl-icd"))
struct DeviceFaultTests {
    /// The tiny model on a double of the first device, or on the processor.
    private final class Maker: Sendable {
        let books = DeviceDouble.Books()
        let places = Mutex<[ModelPlace]>([])
        let faults = Mutex<[DeviceFault]>([])

        func make(_ place: ModelPlace) throws -> SpeechModel {
            places.withLock { $0.append(place) }
            let device = place == .processor ? nil : GPUBackend(try DeviceDouble(try TestDevices.first(), books))
            return try SpeechModel(folder: Fixtures.folder.appendingPathComponent("v15/checkpoint")) {
                try VoxCPMModel($0, threads: 1, device: device)
            }
        }
    }

    private static func engine(
        _ maker: Maker, _ change: (inout EngineConfiguration) -> Void = { _ in }
    ) async throws -> SpeechEngine {
        var configuration = EngineConfiguration()
        change(&configuration)
        let engine = SpeechEngine(configuration)
        try await engine.load {
            fault in
            maker.faults.withLock { $0.append(fault) }
        } _: { place, _ in
            try maker.make(place)
        }
        return engine
    }

    private static func fault(_ outcome: SpeechOutcome?) -> DeviceFault? {
        if case .deviceFailed(let fault)? = outcome?.end { fault } else { nil }
    }

    @Test func theNextRequestIsSpokenOnTheDeviceOpenedAnew() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker)
        let before = await (try await engine.submit(TinyEngine.request())).collect()
        #expect(before.outcome?.isSpoken == true)
        let ticket = try await engine.submit(TinyEngine.endless())
        await ticket.readToFirstAudio()
        maker.books.failAfter(50)
        let fault = try #require(Self.fault(await ticket.collect().outcome))
        #expect(fault.reason == "\(DeviceDouble.failure)" && fault.next == .device)
        // It waits for the model, and hears nothing of what happened.
        let after = await (try await engine.submit(TinyEngine.request())).collect()
        #expect(after.samples == before.samples && after.outcome?.isSpoken == true)
        #expect(maker.places.withLock { $0 } == [.device, .deviceAgain])
        #expect(maker.faults.withLock { $0 } == [fault])
        let snapshot = engine.snapshot()
        #expect(snapshot.state == .ready && snapshot.fault == nil && snapshot.counters.deviceFaults == 1)
        #expect(snapshot.isEmpty)
        await engine.stop(draining: .zero)
        #expect(maker.books.liveBytes == 0)
    }

    @Test func whoeverWaitsGoesOnWaiting() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker) { $0.maxBatch = 1 }
        let speaking = try await engine.submit(TinyEngine.endless())
        await speaking.readToFirstAudio()
        // Between two of its parts it would give way to those that wait.
        try await maker.books.hold()
        let waiting = try await [1, 2, 3].asyncMap { try await engine.submit(TinyEngine.request(seed: $0)) }
        maker.books.failHeld()
        #expect(Self.fault(await speaking.collect().outcome) != nil)
        for ticket in waiting { #expect(await ticket.collect().outcome?.isSpoken == true) }
        #expect(engine.snapshot().counters.failed == 1)
        await engine.stop(draining: .zero)
    }

    @Test func afterTheSecondFailureTheProcessorSpeaks() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker)
        for next in [DeviceFault.Next.device, .processor] {
            let ticket = try await engine.submit(TinyEngine.endless())
            await ticket.readToFirstAudio()
            maker.books.failAfter(50)
            #expect(Self.fault(await ticket.collect().outcome)?.next == next)
        }
        #expect(await (try await engine.submit(TinyEngine.request())).collect().outcome?.isSpoken == true)
        #expect(maker.places.withLock { $0 } == [.device, .deviceAgain, .processor])
        #expect(engine.model?.device.hasPrefix("CPU") == true)
        #expect(engine.snapshot().fault?.next == .processor, "it is said for as long as it is so")
        #expect(maker.books.liveBytes == 0, "the device has its memory back")
        await engine.stop(draining: .zero)
    }

    @Test func failuresFarApartAreEachTheFirst() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker) { $0.recoveryWindow = .zero }
        for _ in 0..<3 {
            let ticket = try await engine.submit(TinyEngine.endless())
            await ticket.readToFirstAudio()
            maker.books.failAfter(50)
            #expect(Self.fault(await ticket.collect().outcome)?.next == .device)
        }
        #expect(await (try await engine.submit(TinyEngine.request())).collect().outcome?.isSpoken == true)
        #expect(maker.places.withLock { $0 } == [.device, .deviceAgain, .deviceAgain, .deviceAgain])
        await engine.stop(draining: .zero)
    }

    @Test func aDeviceThatDoesNotComeBackIsReplacedAtOnce() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker) { $0.maxBatch = 1 }
        let speaking = try await engine.submit(TinyEngine.endless())
        await speaking.readToFirstAudio()
        try await maker.books.hold()
        let waiting = try await engine.submit(TinyEngine.request())
        maker.books.setRefusesToOpen(true)
        maker.books.failHeld()
        #expect(Self.fault(await speaking.collect().outcome)?.next == .device)
        #expect(await waiting.collect().outcome?.isSpoken == true)
        #expect(maker.places.withLock { $0 } == [.device, .deviceAgain, .processor])
        #expect(maker.faults.withLock { $0.map(\.next) } == [.device, .processor])
        await engine.stop(draining: .zero)
    }

    @Test func withoutAnotherPlaceWhoeverWaitsIsToldAndTheEngineCanBeLoadedAgain() async throws {
        let maker = Maker()
        let engine = SpeechEngine()
        // Made in one place only.
        try await engine.load { _ in try maker.make(.device) }
        let speaking = try await engine.submit(TinyEngine.endless())
        await speaking.readToFirstAudio()
        maker.books.setRefusesToOpen(true)
        maker.books.failAfter(50)
        #expect(Self.fault(await speaking.collect().outcome) != nil)
        await #expect(throws: AdmissionError.unloaded) { _ = try await engine.submit(TinyEngine.request()) }
        #expect(engine.snapshot().state == .unloaded && engine.snapshot().fault?.next == .nothing)
        maker.books.setRefusesToOpen(false)
        try await engine.load { _ in try maker.make(.device) }
        #expect(await (try await engine.submit(TinyEngine.request())).collect().outcome?.isSpoken == true)
        await engine.stop(draining: .zero)
    }

    @Test func aRecordingThatADeviceFailsOfIsRefusedWithATime() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker)
        let rate = try #require(engine.model?.sampleRateHz)
        let recording = (0..<rate).map { Float($0 % 100) / 200 - 0.25 }
        maker.books.failAfter(5)
        let error = await #expect(throws: AdmissionError.self) {
            _ = try await engine.voice(recording: recording, transcript: "A recording.")
        }
        #expect(error?.label == "device_failed" && error?.retryAfter != nil)
        let voice = try await engine.voice(recording: recording, transcript: "A recording.")
        var request = TinyEngine.request()
        request.voice = .prompt(voice)
        #expect(await (try await engine.submit(request)).collect().outcome?.isSpoken == true)
        await engine.stop(draining: .zero)
        // The voice is still in the engine's memory, which keeps nothing on the device.
        #expect(maker.books.liveBytes == 0)
    }

    @Test func stoppingInTheMiddleOfAFailureEnds() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker)
        let ticket = try await engine.submit(TinyEngine.endless())
        await ticket.readToFirstAudio()
        maker.books.failAfter(20)
        await engine.stop(draining: .seconds(30))
        let end = await ticket.collect().outcome?.end
        switch end {
        case .deviceFailed, .cancelled(.shutdown): break
        default: Issue.record("it ended as \(String(describing: end))")
        }
        #expect(engine.state == .stopped && maker.books.liveBytes == 0)
    }

    @Test func unloadingGivesTheDevicesMemoryBack() async throws {
        let maker = Maker()
        let engine = try await Self.engine(maker)
        #expect(await (try await engine.submit(TinyEngine.request())).collect().outcome?.isSpoken == true)
        #expect(maker.books.liveBytes > 0)
        await engine.unload()
        #expect(maker.books.liveBytes == 0)
        try await engine.load { place, _ in try maker.make(place) }
        #expect(await (try await engine.submit(TinyEngine.request())).collect().outcome?.isSpoken == true)
        await engine.stop(draining: .zero)
    }
}

extension Sequence {
    /// Maps one element after the other.
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
