public import Checkpoint
import Compute
public import Foundation
import Synchronization
public import TextFrontend
public import VoxCPM

/// A model with all that speaking needs: weights, text feed, defaults and built-in voices.
public final class SpeechModel: Sendable {
    public let name: String
    public let model: VoxCPMModel
    public let feed: TextFeed
    public let generation: GenerationFile
    /// Tells models apart: encoded voices belong to one.
    public let digest: String
    /// What computes, for people: `CPU × 2 (avx512vnni)`.
    public var device: String {
        guard let cpu = model.backend as? CPUBackend else { return "\(model.backend)" }
        return "CPU × \(cpu.team.count) (\(cpu.instructionSet))"
    }
    /// What the weights are stored as.
    public var precision: String { model.precision.rawValue }
    /// The most that there is memory for on the model's device; nil where nothing but the engine's own limits counts.
    public let capacity: EngineCapacity?
    private let voices = Mutex<[String: VoicePrompt]>([:])

    public init(
        name: String, model: VoxCPMModel, feed: TextFeed, generation: GenerationFile, digest: String,
        capacity: EngineCapacity? = nil
    ) {
        self.capacity = capacity
        self.name = name
        self.model = model
        self.feed = feed
        self.generation = generation
        self.digest = digest
    }

    /// Loads a checkpoint folder. It takes seconds: see ``SpeechEngine/load(_:)``.
    ///
    /// - Parameters:
    ///   - lexicon: A person's own pronunciations.
    ///   - makeModel: Loads the weights, with the precision and threads that are wished.
    /// - Throws: The faults of the folder, and what `makeModel` throws.
    public convenience init(
        folder: URL, lexicon: UserLexicon = UserLexicon(), makeModel: (CheckpointFolder) throws -> VoxCPMModel
    ) throws {
        try self.init(folder: folder, lexicon: lexicon) { (try makeModel($0), nil) }
    }

    /// Loads a checkpoint folder onto a device whose memory may be small.
    ///
    /// - Parameter makeModel: Loads the weights, and says how large an engine there is memory for, as ``capacity``.
    /// - Throws: The faults of the folder, and what `makeModel` throws.
    public convenience init(
        folder: URL, lexicon: UserLexicon = UserLexicon(),
        makeModel: (CheckpointFolder) throws -> (VoxCPMModel, EngineCapacity?)
    ) throws {
        let checkpoint = try CheckpointFolder(folder)
        let generation = try GenerationFile.load(from: folder)
        let tokenizer = try BPETokenizer(contentsOf: checkpoint.tokenizerFile)
        let feed = try TextFeed(tokenizer: tokenizer, form: generation.text, lexicon: lexicon)
        let (model, capacity) = try makeModel(checkpoint)
        self.init(
            name: folder.lastPathComponent, model: model, feed: feed, generation: generation,
            digest: String(try checkpoint.stamp(), radix: 16), capacity: capacity)
    }

    /// Samples per second of the audio.
    public var sampleRateHz: Int { model.sampleRateHz }
    /// Seconds of one patch.
    public var secondsPerPatch: Double { model.secondsPerPatch }
    /// Numbers of one latent.
    public var latentSize: Int { model.configuration.latentSize }

    /// A built-in voice, read once.
    ///
    /// - Parameter wished: Nil for the default voice; the result is nil where there is none.
    /// - Throws: ``SpeechModelError``, or what reading its file throws.
    public func voice(_ wished: String?) throws -> VoicePrompt? {
        guard let voice = try generation.voice(wished, model: URL(fileURLWithPath: name)) else { return nil }
        if let known = voices.withLock({ $0[voice.name] }) { return known }
        let prompt = try voice.prompt(feed, model.configuration)
        voices.withLock { $0[voice.name] = prompt }
        return prompt
    }
}
