import SpeechEngine
import SpeechStore

/// How one part of a job is spoken and kept.
extension JobRunner {
    func speak(_ part: JobPart, of job: Job, plan: JobPlan) async throws -> VoicePrompt? {
        guard part.tries <= Self.triesOfPart else {
            try await end(part, of: job, failure: "the server went down \(Self.triesOfPart) times while speaking it")
            return nil
        }
        let ticket: SpeechTicket
        do {
            ticket = try await submit(plan.request(for: part), of: job, part: part)
        } catch let error as AdmissionError {
            try await end(part, of: job, failure: error.description)
            return nil
        }
        guard running[job.id]?.isCancelled == false else {
            ticket.cancel()
            return nil
        }
        running[job.id]?.tickets[part.position] = ticket
        defer { running[job.id]?.tickets[part.position] = nil }
        return try await keep(ticket, part, of: job, plan: plan)
    }

    /// Hands a part to the engine, and waits as long as it has no room.
    private func submit(_ request: SpeechRequest, of job: Job, part: JobPart) async throws -> SpeechTicket {
        while true {
            do throws(AdmissionError) {
                return try await source.submit(request)
            } catch {
                switch error {
                case .queueFull, .ownerLimit, .loading, .unloaded, .draining, .deviceFailed:
                    let time = min(error.retryAfter ?? .seconds(1), .seconds(5))
                    try await waitForRoom(time, of: job)
                case .stopped: throw Waiting.stopping
                case .invalid, .textTooLong, .unknownVoice, .memory: throw error
                }
            }
        }
    }

    func waitForRoom(_ time: Duration, of job: Job) async throws {
        let end = ContinuousClock.now + time
        while .now < end {
            if isStopping { throw Waiting.stopping }
            if running[job.id]?.isCancelled != false { throw StoreError.notFound(.job, id: job.id.description) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Encodes what a part says as it is spoken, and puts it into the store.
    private func keep(_ ticket: SpeechTicket, _ part: JobPart, of job: Job, plan: JobPlan) async throws -> VoicePrompt?
    {
        let speech = try KeptSpeech(sampleRateHz: ticket.sampleRateHz)
        for await event in ticket.events {
            switch event {
            case .queued(let position, let eta):
                news.tell(
                    "queued", PartQueued(part: part.position, position: position, eta_seconds: eta.inSeconds),
                    of: job.id)
            case .started: continue
            case .audio(let samples, _): try speech.add(samples)
            case .mark(let mark): speech.add(mark)
            case .progress(let progress):
                running[job.id]?.seconds[part.position] = progress.seconds
                tellProgress(progress, part, of: job, plan: plan)
            case .finished(let outcome):
                switch outcome.end {
                case .complete, .lengthLimit:
                    let (audio, timings) = try speech.finish([outcome])
                    try await end(part, of: job, audio, outcome.seed, timings)
                    running[job.id]?.seconds[part.position] = timings.seconds
                    return outcome.voice
                case .failed(let reason):
                    try await end(part, of: job, failure: reason)
                    return nil
                case .deviceFailed(let fault):
                    try await end(part, of: job, failure: fault.description)
                    return nil
                case .cancelled(.shutdown): throw Waiting.stopping
                case .cancelled(let reason):
                    if running[job.id]?.isCancelled != false { return nil }
                    try await end(part, of: job, failure: "it was cut off (\(reason.rawValue))")
                    return nil
                }
            }
        }
        return nil
    }

    private func end(
        _ part: JobPart, of job: Job, _ audio: NewAudio, _ seed: UInt64, _ timings: KeptTimings
    ) async throws {
        do {
            try await store.finishPart(
                part.position, of: job.id,
                with: PartResult(audio: audio, seed: seed, timings: try JSONText(encoding: timings)))
        } catch let error as StoreError {
            if case .wrongState = error { throw error }
            if case .notFound = error { throw error }
            return try await end(part, of: job, failure: error.description)
        }
        news.tell(
            "part",
            PartEnd(part: part.position, state: "finished", seconds: timings.seconds, seed: "\(seed)", failure: nil),
            of: job.id)
    }

    private func end(_ part: JobPart, of job: Job, failure: String) async throws {
        try await store.failPart(part.position, of: job.id, because: failure)
        news.tell(
            "part", PartEnd(part: part.position, state: "failed", seconds: nil, seed: nil, failure: failure),
            of: job.id)
    }

    private func tellProgress(_ progress: SpeechProgress, _ part: JobPart, of job: Job, plan: JobPlan) {
        let done = running[job.id]?.seconds.values.reduce(0, +) ?? 0
        let expected = max(done, plan.expectedSeconds)
        // Seconds that are heard, for each second of work.
        let pace = source.snapshot().throughput.map { $0 / plan.speed }
        news.tell(
            "progress",
            PartProgress(
                part: part.position, parts: job.partCount, part_seconds: progress.seconds, seconds_done: done,
                expected_seconds: expected,
                eta_seconds: pace.flatMap { $0 > 0 ? (expected - done) / $0 : nil },
                rtf: progress.rtf.isFinite ? progress.rtf : 0),
            of: job.id)
    }
}

private struct PartQueued: Encodable {
    let part: Int
    let position: Int
    let eta_seconds: Double
}

private struct PartProgress: Encodable {
    let part: Int
    let parts: Int
    let part_seconds: Double
    let seconds_done: Double
    let expected_seconds: Double
    let eta_seconds: Double?
    let rtf: Double
}

private struct PartEnd: Encodable {
    let part: Int
    let state: String
    let seconds: Double?
    let seed: String?
    let failure: String?
}
