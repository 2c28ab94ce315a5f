import Foundation
import GPU
import TestSupport
import Testing

/// `mynah doctor`.
struct DoctorTests {
    private static let nano = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("models/nano").path

    private func object(_ run: CommandRun) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }

    @Test func tellsMachineModelAndSound() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.run(["doctor", "--model", CommandRun.model(), "--json"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let report = try object(run)
        let kernels = try #require(report["kernels"] as? [String: Any])
        #expect((kernels["available"] as? [String])?.contains("scalar") == true)
        let machine = try #require(report["machine"] as? [String: Any])
        #expect((machine["memory_bytes"] as? Int ?? 0) > 1 << 28)
        let model = try #require(report["model"] as? [String: Any])
        #expect(model["packs"] as? String == "too small to keep")
        #expect((model["parameters"] as? Int ?? 0) > 0)
        let sound = try #require(report["sound"] as? [String: Any])
        #expect((sound["formats"] as? [String])?.contains("wav") == true)
        let text = try await CommandRun.run(["doctor", "--model", CommandRun.model()], in: folder)
        #expect(text.code == 0)
        #expect(String(decoding: text.output, as: UTF8.self).contains("precision"))
        #expect(folder.content.isEmpty)
    }

    @Test func comparesADeviceWithTheProcessor() async throws {
        let run = try await CommandRun.run(["doctor", "--device", "opencl:99"], in: try TemporaryFolder())
        #expect(run.code == 1 && run.output.isEmpty, "\(run.errors)")
        guard TestDevices.areThere else { return }
        let folder = try TemporaryFolder()
        // What is found out here is remembered here.
        let own = ["XDG_CACHE_HOME": folder.url.path]
        let first = try await CommandRun.run(["doctor", "--device", "opencl:0", "--json"], in: folder, variables: own)
        #expect(first.code == 0, "\(first.errors)")
        let report = try object(first)
        #expect((report["steps"] as? Int ?? 0) > 100 && (report["faults"] as? [String])?.isEmpty == true)
        let speed = try #require(report["speed"] as? [String: Any])
        #expect((speed["gigabytes_per_second"] as? Double ?? 0) > 0)
        let steps = try #require(speed["steps"] as? [[String: Any]])
        #expect(steps.count > 20 && steps.allSatisfy { ($0["microseconds"] as? Double ?? 0) > 0 })
        let list = try object(try await CommandRun.run(["doctor", "--json"], in: folder, variables: own))
        let devices = try #require(list["devices"] as? [[String: Any]])
        #expect(devices.contains { $0["id"] as? String == "opencl:0" && $0["verdict"] as? String == "good" })
        // From here on it is used without another comparison.
        let bench = ["bench", "--model", CommandRun.model(), "--device", "opencl:0", "--patches", "3", "--json"]
        let measured = try await CommandRun.run(bench, in: folder, variables: own)
        #expect(measured.code == 0 && !measured.errors.contains("comparing"), "\(measured.errors)")
        let device = try #require(try object(measured)["device"] as? [String: Any])
        #expect((device["launches_per_step"] as? Double ?? 0) > 10)
        #expect((device["bytes_per_step"] as? Double ?? 0) >= (device["weight_bytes_per_step"] as? Double ?? .infinity))
        #expect((device["memory_bytes"] as? Int ?? .max) <= (device["planned_bytes"] as? Int ?? 0))
        let tight = try await CommandRun.run(bench + ["--gpu-memory", "100KiB"], in: folder, variables: own)
        #expect(tight.code == 1 && tight.output.isEmpty)
        #expect(tight.errors.contains("weights") && tight.errors.contains("100 KiB"), "\(tight.errors)")
    }

    /// A container may have a driver and nothing that tells the loader of it.
    @Test func findsDriversThatTheLoaderDoesNotKnow() async throws {
        guard TestDevices.areThere else { return }
        let folder = try TemporaryFolder()
        let run = try await CommandRun.run(
            ["doctor", "--json"], in: folder, variables: ["OCL_ICD_VENDORS": folder.url.path])
        #expect((try object(run)["devices"] as? [[String: Any]])?.isEmpty == false, "\(run.errors)")
    }

    @Test func aGraphicsCardIsNotMadeUp() async throws {
        guard Devices().cards.isEmpty else { return }
        let folder = try TemporaryFolder()
        let card = try await CommandRun.run(["doctor", "--device", "gpu"], in: folder)
        #expect(card.code == 1 && card.errors.contains("no graphics card"), "\(card.errors)")
        let any = try await CommandRun.run(["doctor", "--device", "auto"], in: folder)
        #expect(any.code == 0 && String(decoding: any.output, as: UTF8.self).contains("processor"))
    }

    @Test func aModelThatIsNotThereIsNamed() async throws {
        let run = try await CommandRun.run(["doctor", "--model", "nobody"], in: try TemporaryFolder())
        #expect(run.code == 1)
        #expect(String(decoding: run.output, as: UTF8.self).contains("'nobody'"))
    }

    @Test func comparesAPrecisionLayerByLayer() async throws {
        let folder = try TemporaryFolder()
        let run = try await CommandRun.run(
            ["doctor", "--model", CommandRun.model(), "--precision", "bf16", "--patches", "2", "--json"], in: folder)
        #expect(run.code == 0, "\(run.errors)")
        let report = try object(run)
        #expect(report["precision"] as? String == "bf16")
        #expect((report["layers"] as? [Any])?.count == 16)
        #expect((report["first_latents"] as? Double ?? 1) < 0.1)
    }

    /// The nano voice in int8: the code is the verdict, and the verdict follows from the table.
    @Test func judgesTheNanoVoice() async throws {
        let run = try await CommandRun.run(
            ["doctor", "--model", Self.nano, "--precision", "int8", "--patches", "3", "--json"],
            in: try TemporaryFolder())
        let report = try object(run)
        let layers = try #require(report["layers"] as? [[String: Any]])
        let errors = layers.compactMap { $0["relative_error"] as? Double }
        #expect(errors.count == 16)
        #expect(errors.allSatisfy { $0 > 0 && $0 < 0.1 }, "\(errors)")
        #expect(run.code == (errors.allSatisfy { $0 < 0.02 } ? 0 : 1))
        #expect((report["log_mel_difference"] as? Double ?? 10) < 1)
    }

    @Test func refusesWhatMakesNoSense() async throws {
        let folder = try TemporaryFolder()
        for options in [
            ["--precision", "f32"], ["--synthetic", "voxcpm1.5"], ["--precision", "int8", "--patches", "0"],
            ["--device", "cpu"], ["--device", "metal:0"], ["--device", "gpu", "--precision", "int8"],
        ] {
            #expect(try await CommandRun.run(["doctor"] + options, in: folder).code == 64)
        }
    }
}
