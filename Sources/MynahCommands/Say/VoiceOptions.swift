import ArgumentParser
import Foundation
import SpeechEngine

/// The options that choose a voice.
struct VoiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A built-in voice of the model; 'list' shows them.", valueName: "name"))
    var voice: String?

    @Option(
        help: ArgumentHelp(
            "A recording (wav, flac, ogg, opus, mp3; 3 to 30 s) whose voice is continued.", valueName: "file"))
    var promptAudio: String?

    @Option(help: ArgumentHelp("What is said in the recording, word for word.", valueName: "text"))
    var promptText: String?

    /// The recording and its transcript, where both are given.
    ///
    /// - Throws: ``CommandError`` where one lacks the other.
    func prompt() throws -> (audio: URL, text: String)? {
        switch (promptAudio, promptText) {
        case (nil, nil): return nil
        case (let audio?, nil):
            throw CommandError.promptIncomplete(given: "--prompt-audio \(audio)", missing: "--prompt-text")
        case (nil, _?):
            throw CommandError.promptIncomplete(given: "--prompt-text", missing: "--prompt-audio")
        case (let audio?, let text?):
            if voice != nil { throw CommandError.voiceAndPrompt }
            guard SpeakableText.isSpeakable(text) else { throw CommandError.emptyText(source: "--prompt-text") }
            return (URL(fileURLWithPath: audio), text)
        }
    }
}
