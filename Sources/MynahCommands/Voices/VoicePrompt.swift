import AudioIO
import Checkpoint
import Compute
import Foundation
import VoxCPM

/// The voice that speech continues: what is said in its recording, and the recording as latents.
struct VoicePrompt {
    /// As the tokenizer is fed with it.
    var text: String
    /// `[patches * patchSize, latentSize]`
    var latents: Matrix
}

extension GenerationFile.Voice {
    /// Reads the voice's latents.
    ///
    /// - Throws: ``CommandError/badVoiceFile(file:reason:)``, or what reading tensors throws.
    func readLatents(for configuration: ModelConfiguration) throws -> Matrix {
        let file = try SafetensorsFile(latents, mapped: false)
        let expected = [configuration.patchSize, configuration.latentSize]
        let shape = try file.info("latents").shape
        guard shape.count == 3, Array(shape.dropFirst()) == expected, shape[0] > 0 else {
            throw CommandError.badVoiceFile(
                file: latents.path,
                reason: "its tensor 'latents' has the shape \(shape), not [patches, \(expected[0]), \(expected[1])]")
        }
        let values = try file.floats("latents")
        guard values.allSatisfy(\.isFinite) else {
            throw CommandError.badVoiceFile(file: latents.path, reason: "it holds values that are not numbers")
        }
        return Matrix(rows: shape[0] * shape[1], columns: shape[2], values: values)
    }
}

/// A recording to be continued.
struct PromptRecording {
    let file: URL
    /// Mono, at the model's rate.
    let samples: [Float]

    /// Reads the recording as the reference does, and tells on standard error what will spoil the result.
    ///
    /// - Throws: What reading audio throws, or ``CommandError/promptSilent(file:)``.
    init(_ file: URL, sampleRateHz: Int) throws {
        let audio = try AudioFile.readMono(file, sampleRateHz: sampleRateHz, method: .reference)
        for advice in PromptCheck().advice(on: audio) {
            if advice == .silent { throw CommandError.promptSilent(file: file.path) }
            Console.note("Note: \(advice)")
        }
        self.file = file
        samples = audio.samples
    }
}
