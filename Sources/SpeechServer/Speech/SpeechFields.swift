import AudioIO
import SpeechEngine

/// The fields about speaking that every dialect knows.
enum SpeechFields {
    static let names: Set<String> = [
        "seed", "cfg", "steps", "temperature", "max_seconds", "attempts", "speed", "cutting", "sample_rate",
        "normalize",
    ]

    /// Reads them into a request.
    ///
    /// - Throws: 400 where a field holds what cannot be.
    static func read(_ fields: JSONFields, into request: inout SpeechRequest) throws(APIError) {
        if let seed = try fields.integer("seed", in: 0...Int.max) { request.seed = UInt64(seed) }
        if let cfg = try fields.number("cfg", in: 0...100) { request.cfg = cfg }
        if let steps = try fields.integer("steps", in: 1...1000) { request.steps = steps }
        if let temperature = try fields.number("temperature", in: 0...10) { request.temperature = temperature }
        if let seconds = try fields.number("max_seconds", in: 0.1...86_400) { request.maxSeconds = seconds }
        if let attempts = try fields.integer("attempts", in: 1...20) { request.attempts = attempts }
        if let cutting = try fields.choice("cutting", of: PartCutting.allCases.map(\.rawValue)) {
            request.cutting = PartCutting(rawValue: cutting) ?? request.cutting
        }
        if let spellsOut = try fields.flag("normalize") { request.spellsOut = spellsOut }
        if let speed = try fields.number("speed", in: TimeStretch.speeds) { request.speed = speed }
    }
}
