import GPU

@testable import VoxCPM

/// What several tests of devices let an engine do.
extension PatchEngine {
    /// Speaks so many patches. Where a step fails the sequence is taken out, as an engine's owner does.
    func speak(patches: Int) throws {
        let id = try admit(Self.request(patches: patches))
        while sequenceCount > 0 {
            do { _ = try step() } catch {
                remove(id)
                throw error
            }
        }
    }

    /// What each of six steps of one sequence launches.
    func launchesOfSteps(on device: GPUBackend) throws -> [LaunchCount] {
        _ = try admit(Self.request(patches: 8))
        return try (0..<6).map { _ in
            let before = device.launches
            _ = try step()
            return device.launches - before
        }
    }

    /// Says exactly so many patches.
    private static func request(patches: Int) -> GenerationRequest {
        var request = GenerationRequest(tokens: [300, 301])
        request.minPatches = patches
        request.maxPatches = patches
        return request
    }
}
