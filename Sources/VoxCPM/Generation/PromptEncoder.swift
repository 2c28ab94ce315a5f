import Checkpoint
public import Compute

extension VoxCPMModel {
    /// Encodes the recording of a voice into latents that a generation continues.
    ///
    /// The samples are padded with silence on the left to whole patches, so that the speech ends where the prompt ends.
    ///
    /// Reference: `VoxCPMModel.build_prompt_cache`.
    ///
    /// - Parameter samples: Mono, at ``sampleRateHz``, at least one.
    /// - Returns: `[patches * patchSize, latentSize]`.
    public func encodePrompt(_ samples: [Float]) throws -> Matrix {
        guard !samples.isEmpty else {
            throw VoxCPMError.invalidParameter(
                "the prompt's length", value: "0 samples", expected: "at least one sample")
        }
        let patch = configuration.promptSamplesPerPatch
        let missing = (patch - samples.count % patch) % patch
        return try audioVAE.encode(Array(repeating: 0, count: missing) + samples)
    }
}
