import AudioIO
import Foundation

/// A recording to be continued.
struct PromptRecording {
    let file: URL
    /// Mono, at the model's rate.
    let samples: [Float]

    /// Reads the recording as the reference does, and tells on standard error what will spoil the result.
    ///
    /// - Throws: What reading audio throws, or ``CommandError/promptSilent(file:)``.
    init(_ file: URL, sampleRateHz: Int) throws {
        let audio = try AudioFile.readMono(file, sampleRateHz: sampleRateHz, method: .reference)
        for advice in PromptCheck().advice(on: audio) {
            if advice == .silent { throw CommandError.promptSilent(file: file.path) }
            Console.note("Note: \(advice)")
        }
        self.file = file
        samples = audio.samples
    }
}
