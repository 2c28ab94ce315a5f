import AudioIO
import Checkpoint
import Compute
import Foundation
import SpeechEngine
import TextFrontend
import VoxCPM

/// One call of `mynah say`: what can fail cheaply comes first, then the model is loaded, then it speaks.
struct SpeechJob {
    let command: SayCommand

    init(_ command: SayCommand) { self.command = command }

    func run() throws {
        do { try prepareAndSpeak() } catch AudioWriteError.readerGone { throw ExitStatus.readerGone }
    }

    private func prepareAndSpeak() throws {
        let prompt = try command.voice.prompt()
        let text = try TextInput.read(command.text)
        let format = try command.output.chosenFormat()
        let folder = try command.model.folder()
        let checkpoint = try CheckpointFolder(folder)
        let generation = try GenerationFile.load(from: folder)
        let tokenizer = try BPETokenizer(contentsOf: checkpoint.tokenizerFile)
        let feed = try command.reading.feed(tokenizer, generation, model: folder.path)
        guard !feed.tokens(prompt: nil, text: feed.fed(text)).all.isEmpty else {
            throw CommandError.emptyText(source: "the text as the model \(folder.path) reads it")
        }
        let rate = checkpoint.configuration.audioVAE.sampleRateHz
        let voice = try prompt == nil ? generation.voice(command.voice.voice, model: folder) : nil
        var voicePrompt = try voice.map { try $0.prompt(feed, checkpoint.configuration) }
        let recording = try prompt.map { try PromptRecording($0.audio, sampleRateHz: rate) }
        let destination = command.output.destination(for: text, format: format)
        // A file is tried before the model is loaded; standard output stays untouched until there is speech.
        func open() throws -> SpeechSink {
            try command.output.open(destination, format: format, sampleRateHz: rate)
        }
        var sink = destination == .standardOutput ? nil : try open()
        do {
            let loaded = try loadModel(checkpoint, recordings: recording != nil)
            let model = loaded.model
            if let recording, let prompt {
                voicePrompt = VoicePrompt(
                    text: feed.fed(prompt.text), latents: try model.encodePrompt(recording.samples))
            }
            let plan = SpeechPlan(
                feed: feed, configuration: model.configuration, partSeconds: generation.defaults.maxSeconds,
                positions: loaded.capacity?.positions)
            if let voicePrompt { try plan.check(voicePrompt, named: recording?.file.path ?? voice?.name ?? "") }
            let parts = plan.parts(of: text, prompt: voicePrompt).map(\.text)
            if command.reading.showPhonemes { for part in parts { Console.note(feed.fed(part)) } }
            let opened = try sink ?? open()
            sink = opened
            var settings = command.speech.settings(generation, streams: command.output.stream)
            settings.positions = loaded.capacity?.positions
            let speaker = Speaker(model: model, feed: feed, settings: settings)
            try speak(text, parts, speaker, prompt: voicePrompt, sink: opened, destination: destination)
        } catch {
            sink?.abandon()
            throw error
        }
    }

    private func loadModel(_ checkpoint: CheckpointFolder, recordings: Bool) throws -> PlacedModel {
        let line = ProgressLine(expectedSeconds: 0)
        defer { line.clear() }
        return try command.engine.load(checkpoint, wish: .one(recordings: recordings)) { done, total in
            line.show("loading the model: \(100 * done / max(total, 1)) %")
        }
    }

    private func speak(
        _ text: String, _ parts: [String], _ speaker: Speaker, prompt: VoicePrompt?, sink: SpeechSink,
        destination: OutputOptions.Destination
    ) throws {
        Interrupts.shared.listen(writingIn: destination.folder)
        let settings = speaker.settings
        let expected = min(SpeechLength.seconds(of: text) / settings.speed, settings.maxSeconds ?? .infinity)
        let line = ProgressLine(expectedSeconds: expected)
        defer { line.clear() }
        var speaker = speaker
        speaker.isCancelled = { Interrupts.shared.isRequested }
        speaker.onPatch = { line.update($0) }
        let outcome = try speaker.speak(parts, prompt: prompt, into: sink)
        let elapsed = line.elapsed
        let summary = try sink.finish(stoppingPlayer: outcome.wasCancelled)
        line.clear()
        let seconds = Double(sink.sampleCount) / Double(speaker.model.sampleRateHz)
        let report = SpeechReport(
            destination: destination, seconds: seconds, elapsed: elapsed, firstAudio: line.firstAudio,
            seed: outcome.seed, summary: summary, wasCut: outcome.wasCut, wasCancelled: outcome.wasCancelled)
        Console.note(report.text)
        if outcome.wasCancelled { throw ExitStatus.interrupted }
    }
}
