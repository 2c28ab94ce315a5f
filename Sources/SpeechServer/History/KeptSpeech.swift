import AudioIO
import Foundation
import SpeechEngine
import SpeechStore

/// In what form sound is kept: small and without loss, where this machine can.
enum KeptSound {
    static let format: AudioFormat = EncoderCatalog.encodable.contains(.flac) ? .flac : .wav
    /// Bytes of one piece of sound in memory.
    static let limitBytes = 256 << 20
}

/// Gathers what a speech says, as it is kept. Not for use by two tasks at once.
final class KeptSpeech {
    private let sampleRateHz: Int
    private let sound = EncodedAudio()
    private let writer: AudioWriter
    private var marks: [SpeechMark] = []
    /// Where the speech that is under way begins: samples and marks before it.
    private var start = (samples: 0, marks: 0)
    private var samples = 0

    init(sampleRateHz: Int) throws(AudioWriteError) {
        self.sampleRateHz = sampleRateHz
        writer = try AudioWriter(to: .memory(sound), format: KeptSound.format, sampleRateHz: sampleRateHz)
    }

    /// Encoded so far; encoders gather sound before they give any.
    var byteCount: Int { sound.bytes.count }

    func add(_ samples: [Float]) throws(AudioWriteError) {
        try writer.append(samples)
        self.samples += samples.count
    }

    /// - Parameter textStart: Where the text of the mark's speech begins in the whole, in Unicode scalars.
    func add(_ mark: SpeechMark, textStart: Int = 0) {
        marks.append(mark.moved(marks: start.marks, samples: start.samples, text: textStart))
    }

    /// Another speech follows.
    func follow() { start = (samples, marks.count) }

    /// All of it, with what its speeches came to. Nothing can be added afterwards.
    func finish(_ outcomes: [SpeechOutcome]) throws(AudioWriteError) -> (audio: NewAudio, timings: KeptTimings) {
        let samples = try writer.finish().samples
        return (
            NewAudio(.bytes(Data(sound.bytes)), mediaType: KeptSound.format.mediaType),
            KeptTimings(sampleRateHz: sampleRateHz, samples: samples, outcomes: outcomes, marks: marks)
        )
    }
}

/// What a speech was asked for, as the store keeps it.
struct KeptParameters: Codable, Sendable {
    var seed: String?
    var cfg: Double?
    var steps: Int?
    var temperature: Double?
    var max_seconds: Double?
    var attempts: Int
    var cutting: String
    var normalize: Bool?
    var speed: Double?

    init(_ request: SpeechRequest) {
        seed = request.seed.map { "\($0)" }
        cfg = request.cfg
        steps = request.steps
        temperature = request.temperature
        max_seconds = request.maxSeconds
        attempts = request.attempts
        cutting = request.cutting.rawValue
        normalize = request.spellsOut ? true : nil
        speed = request.speed == 1 ? nil : request.speed
    }

    /// Asks the same again.
    func apply(to request: inout SpeechRequest) {
        request.seed = seed.flatMap { UInt64($0) }
        request.cfg = cfg
        request.steps = steps
        request.temperature = temperature
        request.maxSeconds = max_seconds
        request.attempts = attempts
        request.cutting = PartCutting(rawValue: cutting) ?? request.cutting
        request.spellsOut = normalize ?? false
        request.speed = speed ?? 1
    }
}

/// How a speech went, as the store keeps it.
struct KeptTimings: Codable, Sendable {
    struct Mark: Codable, Sendable {
        var index: Int
        var text: String
        var text_start: Int
        var text_end: Int
        var start_sample: Int
        var end_sample: Int
    }

    var sample_rate: Int
    var samples: Int
    var rtf: Double?
    var queue_wait_seconds: Double?
    var first_audio_seconds: Double?
    var retries: [String]?
    var marks: [Mark]

    /// - Parameter outcomes: What the speeches came to that follow each other in the sound.
    init(sampleRateHz: Int, samples: Int, outcomes: [SpeechOutcome], marks: [SpeechMark]) {
        sample_rate = sampleRateHz
        self.samples = samples
        let seconds = outcomes.reduce(0) { $0 + $1.seconds }
        let work = outcomes.reduce(0) { $0 + ($1.total - $1.queueWait).inSeconds }
        rtf = seconds > 0 ? work / seconds : nil
        queue_wait_seconds = outcomes.first?.queueWait.inSeconds
        first_audio_seconds = outcomes.first?.timeToFirstAudio?.inSeconds
        let names = outcomes.flatMap(\.retries).map(\.rawValue)
        retries = names.isEmpty ? nil : names
        self.marks = marks.map { mark in
            Mark(
                index: mark.index, text: mark.text, text_start: mark.textRange.lowerBound,
                text_end: mark.textRange.upperBound, start_sample: mark.samples.lowerBound,
                end_sample: mark.samples.upperBound)
        }
    }

    var seconds: Double { Double(samples) / Double(max(sample_rate, 1)) }

    /// The marks, moved to where they lie in a longer sound and a longer text.
    func speechMarks(from index: Int = 0, samples: Int = 0, text: Int = 0) -> [SpeechMark] {
        marks.enumerated().map { number, mark in
            SpeechMark(
                index: number, text: mark.text, textRange: mark.text_start..<max(mark.text_start, mark.text_end),
                samples: mark.start_sample..<max(mark.start_sample, mark.end_sample), pauseSamples: 0
            ).moved(marks: index, samples: samples, text: text)
        }
    }
}

extension SpeechMark {
    /// The same where other speech comes before it.
    fileprivate func moved(marks: Int, samples count: Int, text scalars: Int) -> SpeechMark {
        SpeechMark(
            index: index + marks, text: text,
            textRange: (textRange.lowerBound + scalars)..<(textRange.upperBound + scalars),
            samples: (samples.lowerBound + count)..<(samples.upperBound + count), pauseSamples: pauseSamples)
    }
}
