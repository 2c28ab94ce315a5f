import Foundation
import GPU
import SpeechEngine
import Synchronization
import TestSupport
import Testing
import VoxCPM

@testable import SpeechServer

/// A server whose device fails under it goes on.
@Suite(.serialized, .enabled(if: TestDevices.areThere, "no OpenCL device; install pocl-opencl-icd"))
struct DeviceFaultServerTests {
    /// Tiny models on doubles of the first device, or on the processor.
    private final class Shelf: Sendable {
        let books = DeviceDouble.Books()
        let places = Mutex<[ModelPlace]>([])
        let words = Mutex<[String]>([])

        func keeper() -> ModelKeeper {
            ModelKeeper(
                SpeechEngine(),
                shelf: ModelKeeper.Shelf {
                    ["v15"]
                } make: { [self] (_: String, place: ModelPlace, _: @escaping @Sendable (Double) -> Void) in
                    try make(place)
                }, chosen: "v15"
            ) { [self] line in words.withLock { $0.append(line) } }
        }

        private func make(_ place: ModelPlace) throws -> SpeechModel {
            places.withLock { $0.append(place) }
            let device = place == .processor ? nil : GPUBackend(try DeviceDouble(try TestDevices.first(), books))
            return try SpeechModel(folder: Fixtures.folder.appendingPathComponent("v15/checkpoint")) {
                try VoxCPMModel($0, threads: 1, device: device)
            }
        }
    }

    private static let short = #"{"text":"Hello.","seed":1,"steps":2,"attempts":1,"max_seconds":0.5}"#
    private static let long =
        #"{"text":"\#(String(repeating: "On and on. ", count: 60))","seed":1,"steps":2,"attempts":1}"#

    private func send(_ port: Int, _ method: String, _ path: String, body: String? = nil) async -> RawClient.Reply {
        let client = RawClient(port: port)
        let headers = body == nil ? [:] : ["Content-Type": "application/json"]
        client.send(TestServer.head(method, path, headers, length: body?.utf8.count) + (body ?? ""))
        return await client.reply()
    }

    @Test func requestsFailHonestlyAndTheNextOnesAreSpoken() async throws {
        let shelf = Shelf()
        let keeper = shelf.keeper()
        try await keeper.loadFirst()
        try await TestServer.serve(keeper, models: keeper) { port, _ in
            for (next, words) in [(1, "loaded on it again"), (2, "the processor takes its place")] {
                let speech = Task { await send(port, "POST", "/api/v1/speech", body: Self.long) }
                #expect(
                    await TestServer.eventually { keeper.snapshot().counters.steps > 0 && keeper.snapshot().active > 0 }
                )
                shelf.books.failAfter(50)
                let reply = await speech.value
                #expect(reply.status == 503 && reply.text.contains("device_failed"), "\(reply.text)")
                #expect(reply.text.contains(words), "\(reply.text)")
                #expect(reply.headers["retry-after"] != nil)
                // Sent at once, it waits for the model.
                let again = await send(port, "POST", "/api/v1/speech", body: Self.short)
                #expect(again.status == 200, "\(again.text)")
                let health = await send(port, "GET", "/health")
                #expect(health.status == 200)
                #expect(health.text.contains(#""fault""#) == (next == 2), "\(health.text)")
                #expect(health.text.contains(next == 2 ? "CPU" : "opencl:0"), "\(health.text)")
            }
            #expect(await send(port, "GET", "/metrics").text.contains("mynah_device_faults_total 2"))
        }
        #expect(shelf.places.withLock { $0 } == [.device, .deviceAgain, .processor])
        #expect(shelf.words.withLock { $0.filter { $0.contains("has failed") }.count } == 2)
        #expect(shelf.books.liveBytes == 0)
    }

    @Test func anIdleModelGivesTheDevicesMemoryBack() async throws {
        let shelf = Shelf()
        let keeper = shelf.keeper()
        try await keeper.loadFirst()
        func speak() async throws -> SpeechEnd? {
            var request = SpeechRequest("Hello.")
            request.seed = 1
            request.steps = 2
            request.attempts = 1
            request.maxSeconds = 0.5
            return await (try await keeper.submit(request)).collect().outcome?.end
        }
        let first = try await speak()
        #expect(first == .complete || first == .lengthLimit)
        #expect(shelf.books.liveBytes > 0)
        keeper.beginIdling()
        #expect(await TestServer.eventually { !keeper.isChanging })
        #expect(keeper.isIdle && shelf.books.liveBytes == 0)
        let second = try await speak()
        #expect(second == first && !keeper.isIdle)
        #expect(shelf.places.withLock { $0 } == [.device, .device])
        await keeper.stop(draining: .zero)
        #expect(shelf.books.liveBytes == 0)
    }

    @Test func aModelThatIsLostIsLoadedByTheNextRequest() async throws {
        let shelf = Shelf()
        let keeper = ModelKeeper(
            SpeechEngine(),
            shelf: ModelKeeper.Shelf {
                ["v15"]
            } make: { (_: String, _: @escaping @Sendable (Double) -> Void) in
                let device = GPUBackend(try DeviceDouble(try TestDevices.first(), shelf.books))
                return try SpeechModel(folder: Fixtures.folder.appendingPathComponent("v15/checkpoint")) {
                    try VoxCPMModel($0, threads: 1, device: device)
                }
            }, chosen: "v15")
        try await keeper.loadFirst()
        var request = SpeechRequest(String(repeating: "On and on. ", count: 60))
        request.steps = 2
        request.attempts = 1
        let ticket = try await keeper.submit(request)
        for await event in ticket.events { if case .audio = event { break } }
        shelf.books.setRefusesToOpen(true)
        shelf.books.failAfter(20)
        guard case .deviceFailed? = await ticket.collect().outcome?.end else {
            Issue.record("it was spoken")
            return
        }
        #expect(await TestServer.eventually { keeper.snapshot().state == .unloaded })
        await #expect(throws: AdmissionError.unloaded) { _ = try await keeper.submit(SpeechRequest("Hello.")) }
        shelf.books.setRefusesToOpen(false)
        request.text = "Hello."
        request.maxSeconds = 0.5
        let end = await (try await keeper.submit(request)).collect().outcome?.end
        #expect(end == .complete || end == .lengthLimit)
        await keeper.stop(draining: .zero)
    }
}
