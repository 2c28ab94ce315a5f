public import Checkpoint
public import Compute
import Foundation
import VoxCPM

/// The voice that speech continues: what is said in its recording, and the recording as latents.
public struct VoicePrompt: Sendable {
    /// As the tokenizer is fed with it, see ``TextFeed/fed(_:)``.
    public let text: String
    /// `[patches * patchSize, latentSize]`
    public let latents: Matrix

    public init(text: String, latents: Matrix) {
        self.text = text
        self.latents = latents
    }

    /// A voice whose latents were kept as plain numbers.
    ///
    /// - Parameters:
    ///   - latentValues: `[patches * patchSize * latentSize]`, as ``latentValues`` gives them.
    ///   - latentSize: ``SpeechModel/latentSize`` of the model that encoded them.
    public init(text: String, latentValues: [Float], latentSize: Int) {
        let rows = latentValues.count / max(latentSize, 1)
        let values = Array(latentValues.prefix(rows * latentSize))
        self.init(text: text, latents: Matrix(rows: rows, columns: latentSize, values: values))
    }

    /// The latents, row by row.
    public var latentValues: [Float] { latents.values() }
}

extension GenerationFile.Voice {
    /// Reads the voice's latents.
    ///
    /// - Throws: ``SpeechModelError/badVoiceFile(file:reason:)``, or what reading tensors throws.
    public func readLatents(for configuration: ModelConfiguration) throws -> Matrix {
        let file = try SafetensorsFile(latents, mapped: false)
        let expected = [configuration.patchSize, configuration.latentSize]
        let shape = try file.info("latents").shape
        guard shape.count == 3, Array(shape.dropFirst()) == expected, shape[0] > 0 else {
            throw SpeechModelError.badVoiceFile(
                file: latents.path,
                reason: "its tensor 'latents' has the shape \(shape), not [patches, \(expected[0]), \(expected[1])]")
        }
        let values = try file.floats("latents")
        guard values.allSatisfy(\.isFinite) else {
            throw SpeechModelError.badVoiceFile(file: latents.path, reason: "it holds values that are not numbers")
        }
        return Matrix(rows: shape[0] * shape[1], columns: shape[2], values: values)
    }

    /// The voice as a prompt.
    ///
    /// - Throws: ``SpeechModelError/badVoiceFile(file:reason:)``, or what reading tensors throws.
    public func prompt(_ feed: TextFeed, _ configuration: ModelConfiguration) throws -> VoicePrompt {
        let text = feed.phonemizer == nil ? transcript : phonemes ?? feed.fed(transcript)
        return VoicePrompt(text: text, latents: try readLatents(for: configuration))
    }
}
