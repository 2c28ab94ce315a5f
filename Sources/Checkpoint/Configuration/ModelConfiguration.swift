public import Foundation

/// What `config.json` says about a VoxCPM model, with the reference's defaults, every number checked.
public struct ModelConfiguration: Sendable, Equatable {
    /// Text-semantic language model.
    public var languageModel: TransformerConfiguration
    /// Residual acoustic language model: as ``languageModel`` with its own layer count and no vocabulary.
    public var residualLanguageModel: TransformerConfiguration
    public var localEncoder: TransformerConfiguration
    public var localDiT: TransformerConfiguration
    public var flowMatching: FlowMatchingConfiguration
    public var audioVAE: AudioVAEConfiguration
    /// Latent frames in a patch.
    public var patchSize: Int
    /// Features of a latent frame (`feat_dim`), equal to the autoencoder's.
    public var latentSize: Int
    /// Features of the finite scalar quantiser.
    public var quantizerSize: Int
    /// Steps of the quantiser on each side of zero.
    public var quantizerScale: Int
    /// Positions (text tokens and patches) that a sequence may have.
    public var maxLength: Int
    /// The precision that the reference computes in, such as `bfloat16`.
    public var declaredType: String
    public var beginningTokenID: Int
    public var endTokenID: Int

    /// Waveform samples that one patch decodes to.
    public var samplesPerPatch: Int { patchSize * audioVAE.outputsPerLatent }
    /// Waveform samples that one patch of a prompt is encoded from.
    public var promptSamplesPerPatch: Int { patchSize * audioVAE.samplesPerLatent }
}

extension ModelConfiguration {
    /// The file's name in a checkpoint folder.
    public static let fileName = "config.json"

    /// Reads `config.json` of a checkpoint folder.
    ///
    /// - Throws: ``FileError``, ``JSONFileError``, or ``ConfigurationError`` with all faults at once.
    public static func load(from folder: URL) throws -> ModelConfiguration {
        let file = folder.file(fileName)
        let limits = StrictJSON.Limits(byteCount: 4 << 20, depth: 32, valueCount: 200_000)
        return try ModelConfiguration(try StrictJSON.parse(file: file, limits: limits), file: file)
    }

    /// Interprets a parsed `config.json`.
    ///
    /// - Parameter file: Where it came from, for error texts.
    /// - Throws: ``ConfigurationError`` with all faults at once.
    public init(_ json: JSONValue, file: URL) throws(ConfigurationError) {
        guard let root = json.asObject else {
            throw ConfigurationError(
                file: file,
                faults: [.init(path: "the file", problem: .wrongKind(expected: "an object", found: json.kind))]
            )
        }
        let reader = ConfigurationReader(root)
        let result = reader.model()
        guard reader.faults.isEmpty else { throw ConfigurationError(file: file, faults: reader.faults) }
        self = result
    }
}

/// One thing that is wrong in `config.json`.
public struct ConfigurationFault: Sendable, Equatable, CustomStringConvertible {
    public enum Problem: Sendable, Equatable {
        case missing
        case wrongKind(expected: String, found: String)
        case outOfRange(value: String, allowed: String)
        case mustDivide(divisor: String, value: Int, by: Int)
        case mustBeEven(Int)
        case wrongFactorCount(found: Int, expected: Int)
        case mustEqual(other: String, value: Int, otherValue: Int)
        case unsupported(String)
    }

    /// Keys from the root, joined with dots.
    public let path: String
    public let problem: Problem

    public var description: String {
        switch problem {
        case .missing: "\(path) is missing"
        case .wrongKind(let expected, let found): "\(path) must be \(expected), not \(found)"
        case .outOfRange(let value, let allowed): "\(path) is \(value), allowed is \(allowed)"
        case .mustDivide(let divisor, let value, let by): "\(path) (\(value)) must be a multiple of \(divisor) (\(by))"
        case .mustBeEven(let value): "\(path) (\(value)) must be even"
        case .wrongFactorCount(let found, let expected):
            "\(path) has \(found) numbers where the head size needs \(expected)"
        case .mustEqual(let other, let value, let otherValue):
            "\(path) (\(value)) must equal \(other) (\(otherValue))"
        case .unsupported(let what): "\(path): \(what)"
        }
    }
}

/// `config.json` cannot be used; all its faults.
public struct ConfigurationError: CheckpointProblem, Equatable {
    public let file: URL
    public let faults: [ConfigurationFault]

    public var description: String {
        "\(place) cannot be used: \(faults.map(\.description).joined(separator: "; ")); "
            + "use the config.json that belongs to the checkpoint"
    }
}
