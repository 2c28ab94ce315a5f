import ArgumentParser
import AudioIO
import Foundation

/// `mynah say`: speaks a text.
struct SayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "say",
        abstract: "Speak a text into a file, a stream, or the loudspeaker.",
        discussion: """
            Long texts are spoken sentence by sentence in one voice. Ctrl-C ends the speech early and keeps what was \
            spoken; a second Ctrl-C gives up at once. Phonemes may stand in braces: {HH AH0 L OW1}.

            EXAMPLES
              mynah say "Good morning. Shall we begin?" -o hello.wav
              mynah say "The same once more." --seed 42
              mynah say "" --voice list
              mynah say - -o book.mp3 < book.txt
              mynah say "Hear me while I think." --stream | aplay
              mynah say "My voice." --prompt-audio me.wav --prompt-text "What I say there."
              mynah say "I say tomato." --lexicon mine.txt --show-phonemes --play
            """)

    @Argument(help: "The text, or - to read it from standard input.")
    var text: String

    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Voice") var voice: VoiceOptions
    @OptionGroup(title: "Speech") var speech: SpeechOptions
    @OptionGroup(title: "Text") var reading: TextOptions
    @OptionGroup(title: "Model") var model: ModelOption
    @OptionGroup(title: "Engine") var engine: EngineOptions

    func validate() throws {
        if output.stream, let retry = speech.retry, retry > 1 {
            throw ValidationError("--retry does not go with --stream, which cannot take sound back; leave one out.")
        }
    }

    func run() throws {
        if voice.voice == "list" { return try VoiceList.show(model: model.folder()) }
        try SpeechJob(self).run()
    }
}
