import Checkpoint
import Compute
import VoxCPM

/// How much each stage of a generation must compute and read, from the dimensions of the model alone.
///
/// Reading counts weights once for each step that uses them (a large model's weights stay in no cache) and, in the
/// language models, keys and values. Activations are left out.
struct WorkEstimate {
    let configuration: ModelConfiguration
    let precision: Precision
    /// Positions of text.
    let textPositions: Int
    let promptPatches: Int
    /// Patches of speech of each sequence.
    let patches: Int
    /// Sequences that share every step's reading of weights.
    let sequences: Int
    let steps: Int

    /// Bytes of a weight inside the transformers.
    private var weightBytes: Double {
        switch precision {
        case .f32: 4
        case .bf16: 2
        case .int8: 1
        }
    }
    /// Bytes of a weight outside of them, where nothing is stored in 8-bit integers.
    private var delicateBytes: Double { precision == .bf16 ? 2 : 4 }
    /// Rows that a prefill takes at a time, each reading all weights.
    private static let prefillRows = 256
    private static let prefillPatches = 32

    /// The work of a stage.
    func work(_ stage: StageTimings.Stage) -> Work {
        switch stage {
        case .prefill: prefill * sequences
        case .languageModel: languageModel
        case .localEncoder: localEncoder(patches: sequences) * patches
        case .diffusion: diffusion * patches
        case .vaeEncode: autoencoder.encoder(latents: promptPatches * configuration.patchSize)
        case .vaeDecode:
            autoencoder.decoder(latents: configuration.patchSize) * (sequences * (patches + min(2, promptPatches)))
        }
    }

    private var autoencoder: AutoencoderEstimate { AutoencoderEstimate(configuration: configuration.audioVAE) }

    /// Parameters of one layer of a transformer: up to its attention, and behind it.
    private func parameters(_ part: TransformerConfiguration) -> (before: Double, behind: Double) {
        let queries = part.headCount * part.headSize
        let keys = part.keyValueHeadCount * part.headSize
        return (
            Double(part.hiddenSize * (queries + 2 * keys)),
            Double(part.hiddenSize * (queries + 3 * part.feedForwardSize))
        )
    }

    /// A transformer over rows that see `span` positions each on average, its weights read `readings` times.
    ///
    /// - Parameter wanted: Rows that go on behind the last attention; nil for all.
    private func transformer(
        _ part: TransformerConfiguration, rows: Int, wanted: Int? = nil, span: Double, readings: Int
    ) -> Work {
        let attention = 4 * Double(part.headCount * part.headSize * part.layerCount) * span
        let (before, behind) = parameters(part)
        let layers = Double(part.layerCount)
        let dropped = Double(rows - (wanted ?? rows)) * behind
        let linear = 2 * (Double(rows) * layers * (before + behind) - dropped)
        let isInteger = precision == .int8
        return Work(
            flops: Double(rows) * attention + (isInteger ? 0 : linear), int8Operations: isInteger ? linear : 0,
            bytes: Double(readings) * layers * (before + behind) * weightBytes)
    }

    /// A linear layer outside of the transformers.
    private func linear(_ inputs: Int, _ outputs: Int, rows: Int, readings: Int = 1) -> Work {
        Work(
            flops: 2 * Double(inputs * outputs * rows), bytes: Double(inputs * outputs * readings) * delicateBytes)
    }

    private var prefill: Work {
        let positions = textPositions + promptPatches
        let readings = (positions + Self.prefillRows - 1) / Self.prefillRows
        let models = [configuration.languageModel, configuration.residualLanguageModel].map {
            transformer($0, rows: positions, span: Double(positions + 1) / 2, readings: readings)
        }
        return models[0] + models[1] + localEncoder(patches: promptPatches)
    }

    private var languageModel: Work {
        let hidden = configuration.languageModel.hiddenSize
        let patchSteps = max(0, patches - 1)
        let span = Double(textPositions + promptPatches) + Double(patches) / 2
        let models = [configuration.languageModel, configuration.residualLanguageModel].map { part in
            var work = transformer(part, rows: sequences, span: span, readings: 1)
            let keys = part.keyValueHeadCount * part.headSize * part.layerCount
            work.bytes += 2 * 4 * span * Double(sequences * keys)
            return work
        }
        let quantizer = linear(hidden, 2 * configuration.quantizerSize, rows: sequences)
        let stop = linear(hidden, hidden, rows: sequences)
        return (models[0] + models[1] + quantizer) * patchSteps + stop * patches
    }

    private func localEncoder(patches: Int) -> Work {
        let part = configuration.localEncoder
        let rows = patches * (configuration.patchSize + 1)
        let readings = (patches + Self.prefillPatches - 1) / Self.prefillPatches
        return transformer(
            part, rows: rows, wanted: patches, span: Double(configuration.patchSize + 1), readings: readings)
            + linear(configuration.latentSize, part.hiddenSize, rows: rows, readings: readings)
            + linear(part.hiddenSize, configuration.languageModel.hiddenSize, rows: patches, readings: readings)
    }

    /// One patch of every sequence.
    private var diffusion: Work {
        let part = configuration.localDiT
        let group = 2 * configuration.patchSize + 1
        let active = FlowSchedule(steps: steps).steps.count { !$0.isIdle }
        let noisy = 2 * configuration.patchSize * sequences
        let step =
            transformer(part, rows: 2 * group * sequences, wanted: noisy, span: Double(group), readings: 1)
            + linear(configuration.latentSize, part.hiddenSize, rows: configuration.patchSize * sequences)
            + linear(part.hiddenSize, configuration.latentSize, rows: noisy)
        return step * active + linear(configuration.languageModel.hiddenSize, 2 * part.hiddenSize, rows: sequences)
            + linear(configuration.latentSize, part.hiddenSize, rows: configuration.patchSize * sequences)
    }
}
