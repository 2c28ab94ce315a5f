import Foundation
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
        let first = try await CommandRun.run(["doctor", "--device", "opencl:0", "--json"], in: try TemporaryFolder())
        #expect(first.code == 0, "\(first.errors)")
        let report = try object(first)
        #expect((report["steps"] as? Int ?? 0) > 100 && (report["faults"] as? [String])?.isEmpty == true)
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
        ] {
            #expect(try await CommandRun.run(["doctor"] + options, in: folder).code == 64)
        }
    }
}
