import ArgumentParser
import AudioIO
import Foundation

/// The options that say where speech goes.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The file to write; - for standard output (default: mynah-<first words>.wav, never overwriting).",
            valueName: "file|-"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "wav, flac, ogg, opus, mp3 or pcm, as far as this machine encodes it "
                + "(default: from the file's name, else wav).",
            valueName: "format"))
    var format: String?

    @Flag(help: "Send sound as it is generated, to standard output unless -o names a file; tries once only.")
    var stream = false

    @Flag(help: "Play the speech as it is generated; without -o no file is written.")
    var play = false

    @Option(
        help: ArgumentHelp(
            "A title of your own inside the file, where it is said in any case that a machine spoke.",
            valueName: "words"))
    var label: String?

    func validate() throws {
        if let label, AudioLabel(title: label) == nil {
            throw ValidationError("--label may have \(AudioLabel.longestTitle) bytes at most.")
        }
    }

    /// Where the sound goes.
    enum Destination: Equatable {
        case nowhere
        case standardOutput
        case file(String)

        /// The folder of the file.
        var folder: String? {
            guard case .file(let path) = self else { return nil }
            return URL(fileURLWithPath: path).deletingLastPathComponent().path
        }
    }

    /// The format, from the options or the file's name.
    ///
    /// - Throws: `AudioWriteError.unknownFormat`, listing what there is.
    func chosenFormat() throws -> AudioFormat {
        if let format { return try AudioFormat(named: format) }
        guard let output, output != "-" else { return .wav }
        let ending = URL(fileURLWithPath: output).pathExtension
        return ending.isEmpty ? .wav : try AudioFormat(named: ending)
    }

    /// The destination for a text.
    func destination(for text: String, format: AudioFormat) -> Destination {
        switch output {
        case "-": .standardOutput
        case let path?: .file(path)
        case nil where stream: .standardOutput
        case nil where play: .nowhere
        case nil: .file(OutputName.unused(for: text, format: format))
        }
    }

    /// Opens the destination.
    func open(_ destination: Destination, format: AudioFormat, sampleRateHz: Int) throws -> SpeechSink {
        let place: AudioWriter.Destination? =
            switch destination {
            case .nowhere: nil
            case .standardOutput: .standardOutput
            case .file(let path): .file(URL(fileURLWithPath: path))
            }
        let options = EncodingOptions(label: label.flatMap(AudioLabel.init(title:)) ?? AudioLabel())
        let writer = try place.map {
            try AudioWriter(to: $0, format: format, sampleRateHz: sampleRateHz, options: options)
        }
        return SpeechSink(writer: writer, player: play ? try AudioPlayer(sampleRateHz: sampleRateHz) : nil)
    }
}
