import Checkpoint
import Compute
import Foundation
import SpeechEngine
import TextFrontend
import VoxCPM

/// Compares a precision with 32-bit floats on one model.
struct PrecisionCheckup {
    private let precision: Precision
    private let threads: Int
    private let patches: Int
    private let instructionSet: String?
    private let source: Source

    private enum Source {
        case checkpoint(CheckpointFolder)
        case synthetic(SyntheticCheckpoint)
    }

    private static let text = "Good morning. Shall we begin?"
    /// Tokens where there is no text.
    private static let textTokens = 30

    /// - Parameter precision: Nil for the fastest on this machine.
    init(
        model: ModelOption, synthetic: SyntheticCheckpoint.Family?, precision: Precision?, threads: Int, patches: Int
    ) throws {
        instructionSet = ProcessInfo.processInfo.environment["MYNAH_CPU"].flatMap { $0.isEmpty ? nil : $0 }
        self.precision = try precision ?? .fastest(on: InstructionSet.named(instructionSet))
        self.threads = threads
        self.patches = patches
        if let synthetic {
            source = .synthetic(SyntheticCheckpoint(synthetic))
        } else {
            source = .checkpoint(try CheckpointFolder(try model.folder()))
        }
    }

    /// Loads the model twice and runs it twice.
    func compare() throws -> PrecisionComparison {
        try PrecisionComparison(
            exact: load(.f32), rough: load(precision), request: try request(), patches: patches)
    }

    private func load(_ precision: Precision) throws -> VoxCPMModel {
        switch source {
        case .checkpoint(let checkpoint):
            try VoxCPMModel(checkpoint, precision: precision, threads: threads, instructionSet: instructionSet)
        case .synthetic(let checkpoint):
            try VoxCPMModel(
                configuration: checkpoint.configuration, weights: checkpoint.model,
                audioVAEWeights: checkpoint.audioVAE, precision: precision, threads: threads,
                instructionSet: instructionSet)
        }
    }

    private func request() throws -> GenerationRequest {
        switch source {
        case .checkpoint(let checkpoint):
            let generation = try GenerationFile.load(from: checkpoint.folder)
            let feed = try TextFeed(
                tokenizer: BPETokenizer(contentsOf: checkpoint.tokenizerFile), form: generation.text,
                lexicon: UserLexicon())
            return GenerationRequest(tokens: feed.tokens(prompt: nil, text: feed.fed(Self.text)).all)
        case .synthetic(let checkpoint):
            let vocabulary = checkpoint.configuration.languageModel.vocabularySize
            return GenerationRequest(tokens: (0..<Self.textTokens).map { ($0 * 37 + 11) % vocabulary })
        }
    }

    /// Tables for people, and a verdict.
    func text(_ comparison: PrecisionComparison) -> String {
        var table = TextTable(["transformer", "layer", "number", "error", "worst step"], rightAligned: [2, 3, 4])
        for layer in comparison.layers {
            table.add([
                layer.part, layer.kind, "\(layer.layers)", Self.percent(layer.relativeError),
                Self.percent(layer.worst),
            ])
        }
        return """
            \(comparison.precision) against f32, \(comparison.patches) patches from the same noise

            \(table.text)

            latents: first patch \(Self.percent(comparison.firstLatents)), all \(Self.percent(comparison.latents))
            audio: first patch \(Self.decibels(comparison.firstAudioDecibels)), \
            all \(Self.decibels(comparison.audioDecibels)) of error over signal
            log-mel: \(Figures.ratio(comparison.logMelDifference)) mean difference (natural logarithm)

            \(Self.verdict(comparison))
            """
    }

    private static func verdict(_ comparison: PrecisionComparison) -> String {
        let limit = percent(PrecisionComparison.layerLimit)
        let beyond = comparison.layersBeyondLimit.sorted { $0.relativeError > $1.relativeError }
        guard let worst = beyond.first else {
            return "Good: every kind of layer is exact to \(limit)."
        }
        let names = beyond.map { "\($0.kind) of the \($0.part)" }.joined(separator: ", ")
        return "Doubtful: beyond \(limit) are \(names), at most \(percent(worst.relativeError)). "
            + "Listen to both, or use --precision bf16."
    }

    private static func percent(_ ratio: Double) -> String { String(format: "%.2f %%", 100 * ratio) }

    private static func decibels(_ value: Double) -> String { String(format: "%.1f dB", value) }
}
