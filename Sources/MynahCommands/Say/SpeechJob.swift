import AudioIO
import Checkpoint
import Compute
import Foundation
import TextFrontend
import VoxCPM

/// One call of `mynah say`: what can fail cheaply comes first, then the model is loaded, then it speaks.
struct SpeechJob {
    let command: SayCommand

    init(_ command: SayCommand) { self.command = command }

    func run() throws {
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
        let voice = try prompt == nil ? generation.voice(command.voice.voice, model: folder) : nil
        let recording = try prompt.map {
            try PromptRecording($0.audio, sampleRateHz: checkpoint.configuration.audioVAE.sampleRateHz)
        }
        let destination = command.output.destination(for: text, format: format)
        let sink = try command.output.open(
            destination, format: format, sampleRateHz: checkpoint.configuration.audioVAE.sampleRateHz)
        do {
            let model = try loadModel(checkpoint)
            var voicePrompt = try voice.map { try builtIn($0, feed, model) }
            if let recording, let prompt {
                voicePrompt = VoicePrompt(
                    text: feed.fed(prompt.text), latents: try model.encodePrompt(recording.samples))
            }
            try speak(
                text, generation: generation, feed: feed, model: model, prompt: voicePrompt,
                promptName: recording?.file.path ?? voice?.name ?? "", sink: sink, destination: destination)
        } catch {
            sink.abandon()
            if case AudioWriteError.readerGone = error { throw ExitStatus.readerGone }
            throw error
        }
    }

    private func loadModel(_ checkpoint: CheckpointFolder) throws -> VoxCPMModel {
        let line = ProgressLine(expectedSeconds: 0)
        defer { line.clear() }
        let precision = command.engine.precision?.precision ?? checkpoint.storedPrecision
        return try VoxCPMModel(
            checkpoint, precision: precision, threads: command.engine.threadCount,
            instructionSet: command.engine.instructionSet
        ) { done, total in
            line.show("loading the model: \(100 * done / max(total, 1)) %")
        }
    }

    private func builtIn(_ voice: GenerationFile.Voice, _ feed: TextFeed, _ model: VoxCPMModel) throws -> VoicePrompt {
        let text = feed.phonemizer == nil ? voice.transcript : voice.phonemes ?? feed.fed(voice.transcript)
        return VoicePrompt(text: text, latents: try voice.readLatents(for: model.configuration))
    }

    private func speak(
        _ text: String, generation: GenerationFile, feed: TextFeed, model: VoxCPMModel, prompt: VoicePrompt?,
        promptName: String, sink: SpeechSink, destination: OutputOptions.Destination
    ) throws {
        let settings = command.speech.settings(generation, streams: command.output.stream)
        let plan = SpeechPlan(
            feed: feed, configuration: model.configuration, partSeconds: generation.defaults.maxSeconds)
        if let prompt { try plan.check(prompt, named: promptName) }
        let parts = plan.parts(
            of: text, prompt: prompt.map { ($0.text, $0.latents.rows / model.configuration.patchSize) })
        if command.reading.showPhonemes { for part in parts { Console.note(feed.fed(part)) } }

        Interrupts.shared.listen(writingIn: destination.folder)
        let expected = min(SpeechLength.seconds(of: text), settings.maxSeconds ?? .infinity)
        let line = ProgressLine(expectedSeconds: expected)
        defer { line.clear() }
        var speaker = Speaker(model: model, feed: feed, settings: settings)
        speaker.isCancelled = { Interrupts.shared.isRequested }
        speaker.onPatch = { line.update($0) }
        let outcome = try speaker.speak(parts, prompt: prompt, into: sink)
        let elapsed = line.elapsed
        let summary = try sink.finish(stoppingPlayer: outcome.wasCancelled)
        line.clear()
        let seconds = Double(sink.sampleCount) / Double(model.sampleRateHz)
        let report = SpeechReport(
            destination: destination, seconds: seconds, elapsed: elapsed, firstAudio: line.firstAudio,
            seed: outcome.seed, summary: summary, wasCut: outcome.wasCut, wasCancelled: outcome.wasCancelled)
        Console.note(report.text)
        if outcome.wasCancelled { throw ExitStatus.interrupted }
    }
}

extension CheckpointFolder {
    /// bf16 where most of the model is stored so, else f32.
    var storedPrecision: Precision {
        var halves = 0
        var all = 0
        for tensor in model.tensors.values {
            all += tensor.count
            if tensor.type == .bf16 { halves += tensor.count }
        }
        return 2 * halves > all ? .bf16 : .f32
    }
}
