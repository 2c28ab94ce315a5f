/// What the autoencoder can refuse.
public enum AudioVAEError: Error, Equatable, CustomStringConvertible {
    /// Latents with another number of features than the decoder takes.
    case latentSize(expected: Int, found: Int)
    /// The decoder halves its channels at every rate and has none left.
    case tooFewChannels(Int)

    public var description: String {
        switch self {
        case .latentSize(let expected, let found):
            "the latents have \(found) features where the decoder takes \(expected); use latents of the same model"
        case .tooFewChannels(let channels):
            "\(channels) decoder channels cannot be halved at every decoder rate; use the checkpoint's own config.json"
        }
    }
}
