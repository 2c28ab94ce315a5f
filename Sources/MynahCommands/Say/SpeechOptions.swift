import ArgumentParser
import AudioIO
import SpeechEngine
import VoxCPM

/// The options that shape speech.
struct SpeechOptions: ParsableArguments {
    @Option(help: "How hard the text is followed: 1 is free, 3 is strict (default: the model's, usually 2.0).")
    var cfg: Double?

    @Option(
        help: "Steps to draw each patch of sound: fewer are faster, more are finer (default: the model's, usually 10).")
    var steps: Int?

    @Option(
        help: "How much chance there is in the sound: 0 is steady, 1 is lively (default: the model's, usually 1.0).")
    var temperature: Double?

    @Option(
        help: ArgumentHelp(
            "Where chance starts: the same number gives the same speech (default: random, told at the end).",
            valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Stop after this much speech.", valueName: "seconds"))
    var maxSeconds: Double?

    @Option(help: "How many times as fast as the model speaks, at the same pitch: 0.25 to 4 (default: 1).")
    var speed: Double?

    @Option(
        help: ArgumentHelp(
            "Tries in all when speech comes out too long for its text (default: 3; 1 while streaming).",
            valueName: "tries"))
    var retry: Int?

    func validate() throws {
        if let cfg, !(0...100).contains(cfg) { throw ValidationError("--cfg is \(cfg), but must be 0 to 100.") }
        if let steps, !(1...1000).contains(steps) {
            throw ValidationError("--steps is \(steps), but must be 1 to 1000.")
        }
        if let temperature, !(0...10).contains(temperature) {
            throw ValidationError("--temperature is \(temperature), but must be 0 to 10.")
        }
        if let speed, !TimeStretch.speeds.contains(speed) {
            throw ValidationError("--speed is \(speed), but must be 0.25 to 4.")
        }
        if let maxSeconds, !(maxSeconds > 0 && maxSeconds <= 1e6) {
            throw ValidationError("--max-seconds is \(maxSeconds), but must be more than 0.")
        }
        if let retry, !(0...20).contains(retry) {
            throw ValidationError("--retry is \(retry), but must be 0 to 20.")
        }
    }

    /// The settings for a model.
    func settings(_ generation: GenerationFile, streams: Bool) -> Speaker.Settings {
        var settings = Speaker.Settings()
        settings.cfg = Float(cfg ?? generation.defaults.cfg)
        settings.temperature = Float(temperature ?? generation.defaults.temperature)
        settings.steps = steps ?? generation.defaults.steps
        // As torch does, seeds use 32 bits.
        settings.seed = seed ?? UInt64(UInt32.random(in: 0 ... .max))
        settings.speed = speed ?? 1
        settings.maxSeconds = maxSeconds
        settings.partSeconds = generation.defaults.maxSeconds
        let tries = retry ?? 3
        if !streams, tries > 1 { settings.retry = RetryPolicy(maxAttempts: tries) }
        return settings
    }
}
