import SpeechEngine
import SpeechStore

/// How the parts of a job are spoken.
struct JobPlan: Sendable {
    let expectedSeconds: Double
    /// How many times as fast as the model speaks it is heard.
    var speed: Double { parameters.speech.speed ?? 1 }
    /// Seconds of the parts that are finished already.
    let spokenSeconds: [Int: Double]
    /// The first part of a text that no voice was chosen for gives the others its own.
    let needsVoiceOfFirstPart: Bool
    var voice: SpeechVoice
    private let parameters: JobParameters
    private let owner: String

    init(_ job: Job, parts: [JobPart], voices: VoiceShelf) async throws {
        parameters = try job.parameters.decode()
        // Beside what the same client asks for now, its jobs stand back.
        owner = "jobs-of-" + (job.owner?.description ?? "all")
        if let id = job.voice, let store = voices.store {
            voice = .prompt(try await voices.prompt(of: try await store.voice(id)))
        } else if let name = job.voiceName, voices.source.loaded?.voices.contains(where: { $0.name == name }) ?? false {
            voice = .builtIn(name)
        } else {
            voice = .modelDefault
        }
        let isMadeUp = voice.isMadeUp(by: voices.source.loaded)
        needsVoiceOfFirstPart = job.kind == .longText && isMadeUp && parts.count > 1
        var spoken: [Int: Double] = [:]
        var expected = 0.0
        for part in parts {
            if let timings: KeptTimings = try part.timings?.decode() {
                spoken[part.position] = timings.seconds
                expected += timings.seconds
            } else {
                expected += SpeechLength.seconds(of: part.text) / (parameters.speech.speed ?? 1)
            }
        }
        expectedSeconds = expected
        spokenSeconds = spoken
    }

    func request(for part: JobPart) -> SpeechRequest {
        var request = SpeechRequest(part.text)
        parameters.speech.apply(to: &request)
        request.voice = voice
        request.owner = owner
        // Nobody hears it before it is whole, so that it may be tried again where it comes out badly.
        request.heldBackSeconds = .infinity
        return request
    }
}
