import Foundation
import VoxCPM

/// One request of a trace: a whole generation, the tokenizer, or a single stage of the model.
struct TraceRequest {
    /// What the output names begin with, before a point.
    var name: String?
    var work: Work

    enum Work {
        case generate(TraceGeneration)
        case tokenizer(text: String)
        case stage(StageTracer.Stage, inputs: URL, flow: StageTracer.FlowParameters)
    }
}

/// A tensor in a file.
struct TensorReference {
    var file: URL
    var tensor: String
}

/// A whole generation.
struct TraceGeneration {
    /// What is spoken: text for the tokenizer, or ids.
    enum Text {
        case text(String)
        /// Ids of prompt and text together, and how many of them belong to the text.
        case tokens([Int], targetCount: Int?)
    }

    /// Where the voice comes from.
    enum Prompt {
        case audio(URL)
        case latents(TensorReference)
    }

    var text: Text
    var promptText: String?
    var prompt: Prompt?
    var noise: TensorReference?
    var seed: UInt64 = 0
    var temperature: Float = 1
    var cfg: Float = 2
    var steps = 10
    var minPatches = 2
    var maxPatches = 2000
    var patchesPerToken = 6.0
    /// Exactly so many patches, whatever the stop predictor says.
    var patches: Int?
    var retry: RetryPolicy?
    var zeroStar = true
    var sway: Float = 1
    var streaming = false
}
