import Foundation
import SpeechEngine

/// The table of a model's voices.
enum VoiceList {
    /// Writes names, descriptions and transcripts to standard output.
    static func show(model: URL) throws {
        let generation = try GenerationFile.load(from: model)
        guard !generation.voices.isEmpty else {
            return Console.note(
                "The model \(model.path) has no built-in voices; use --prompt-audio and --prompt-text.")
        }
        var table = TextTable(["voice", "description", "transcript"])
        for voice in generation.voices {
            let mark = voice.name == generation.defaultVoice ? " (default)" : ""
            table.add([voice.name + mark, voice.description, voice.transcript])
        }
        Console.write(table.text)
    }
}
