import Foundation
import HTTPTypes
import Logging
import SpeechEngine
import SpeechStore

/// Works jobs off, part by part, beside all other requests. What it was at when the process ended is queued again by the
/// store.
actor JobRunner {
    /// What is under way of a job.
    struct Running {
        var task: Task<Void, Never>?
        var tickets: [Int: SpeechTicket] = [:]
        /// Seconds spoken so far, by part.
        var seconds: [Int: Double] = [:]
        var isCancelled = false
        /// Whether it was removed from the store, too.
        var isDropped = false
        var voice: RecordID?
    }

    nonisolated let news = JobNews()
    let source: any SpeechSource
    let store: any SpeechStoring
    private let voices: VoiceShelf
    private let logger: Logger
    var running: [RecordID: Running] = [:]
    private(set) var isStopping = false
    private var loop: Task<Void, Never>?
    private var waiter: CheckedContinuation<Void, Never>?
    private var isRung = false

    private static let jobsAtOnce = 2
    /// Parts of a job that are spoken together.
    private static let partsAtOnce = 4
    /// A part that took the process down with it this often is given up.
    static let triesOfPart = 3

    init(source: any SpeechSource, store: any SpeechStoring, voices: VoiceShelf, logger: Logger) {
        self.source = source
        self.store = store
        self.voices = voices
        self.logger = logger
    }

    // MARK: Life

    func start() {
        guard loop == nil else { return }
        loop = Task { await self.run() }
    }

    /// Says that there may be something to do.
    func ring() {
        isRung = true
        waiter?.resume()
        waiter = nil
    }

    /// Begins no more parts; those under way may end while the engine drains.
    func stop() {
        isStopping = true
        ring()
    }

    /// Waits for what is under way, and queues what is left for the next start.
    func finish() async {
        isStopping = true
        ring()
        await loop?.value
        for job in running.values { await job.task?.value }
        do { try await store.releaseJobs() } catch {
            logger.error("jobs not released", metadata: ["error": "\(error)"])
        }
        news.close()
    }

    /// Ends a job, within a patch.
    func cancel(_ id: RecordID) async throws {
        try await store.cancelJob(id)
        end(id)
        try await tellEnd(id)
    }

    /// Stops work on a job that is about to be removed.
    func drop(_ id: RecordID) {
        end(id)
        // What is under way may still tell of its last patch.
        running[id]?.isDropped = true
        news.forget(id)
    }

    /// Stops work on jobs that are spoken by a voice that is about to be removed.
    func voiceGoes(_ voice: RecordID) {
        for (id, job) in running where job.voice == voice { end(id) }
    }

    private func end(_ id: RecordID) {
        guard running[id] != nil else { return }
        running[id]?.isCancelled = true
        for ticket in running[id]?.tickets.values ?? [:].values { ticket.cancel() }
    }

    private func run() async {
        while !isStopping {
            isRung = false
            do {
                while !isStopping, running.count < Self.jobsAtOnce, let job = try await store.startNextJob() {
                    running[job.id] = Running(voice: job.voice)
                    running[job.id]?.task = Task { await self.work(job) }
                }
            } catch {
                logger.error("jobs not read", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(5))
                continue
            }
            if !isRung, !isStopping { await withCheckedContinuation { waiter = $0 } }
        }
    }

    // MARK: One job

    private func work(_ job: Job) async {
        defer {
            if running.removeValue(forKey: job.id)?.isDropped ?? false { news.forget(job.id) }
            ring()
        }
        news.tell("job", JobReport(job), of: job.id)
        do {
            let settled = try await plan(job)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.partsAtOnce {
                    group.addTask { while try await self.takeNext(of: job, plan: settled) {} }
                }
                try await group.waitForAll()
            }
            if !isStopping { try await tellEnd(job.id) }
        } catch StoreError.wrongState, StoreError.notFound(.job, _) {
            // It was cancelled or removed; whoever did that has told so.
        } catch Waiting.stopping {
            // The store queues it again when all is over.
        } catch {
            logger.error("job broken off", metadata: ["job": "\(job.id)", "error": "\(error)"])
            await giveUp(job, because: error)
        }
    }

    /// Waits for a model, and finds out how to speak.
    private func plan(_ job: Job) async throws -> JobPlan {
        while true {
            while !source.takesRequests { try await waitForRoom(.milliseconds(300), of: job) }
            do {
                let parts = try await store.parts(of: job.id)
                var plan = try await JobPlan(job, parts: parts, voices: voices)
                running[job.id]?.seconds = plan.spokenSeconds
                if plan.needsVoiceOfFirstPart {
                    if let first = parts.first, first.state == .finished {
                        plan.voice = .prompt(try await voice(of: first))
                    } else if let voice = try await takePart(of: job, plan: plan) {
                        plan.voice = .prompt(voice)
                    }
                }
                return plan
            } catch let error as APIError where error.status == .serviceUnavailable {
                // The model was switched or given back in this moment.
                try await waitForRoom(.seconds(1), of: job)
            }
        }
    }

    /// Why a part is not begun.
    enum Waiting: Error { case stopping }

    /// Fails all that is left of a job that cannot go on.
    private func giveUp(_ job: Job, because error: any Error) async {
        let reason = (error as? APIError)?.message ?? (error as? StoreError)?.description ?? "\(error)"
        do {
            try await store.failOpenParts(of: job.id, because: reason)
        } catch StoreError.wrongState {
            // Its last part had ended.
        } catch {
            logger.error("job not ended", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
        try? await tellEnd(job.id)
    }

    private func tellEnd(_ id: RecordID) async throws {
        let job = try await store.job(id)
        guard !job.state.isOpen else { return }
        news.tell("end", try await JobReport(job, secondsIn: store), of: id)
    }

    /// Speaks the next part.
    ///
    /// - Returns: Whether there was one.
    private func takeNext(of job: Job, plan: JobPlan) async throws -> Bool {
        guard !isStopping, running[job.id]?.isCancelled == false else { return false }
        do {
            guard let part = try await store.startNextPart(of: job.id) else { return false }
            _ = try await speak(part, of: job, plan: plan)
            return true
        } catch StoreError.wrongState(.job, _, _) {
            return false
        }
    }

    /// Speaks the first part, which gives the others their voice.
    private func takePart(of job: Job, plan: JobPlan) async throws -> VoicePrompt? {
        guard !isStopping, let part = try await store.startNextPart(of: job.id) else { return nil }
        return try await speak(part, of: job, plan: plan)
    }

    /// The voice of a part that was spoken before a restart.
    private func voice(of part: JobPart) async throws -> VoicePrompt {
        guard let audio = part.audio, let rate = source.loaded?.sampleRateHz else {
            throw APIError(AdmissionError.unloaded)
        }
        let file = store.file(of: audio)
        let samples = try await VoiceShelf.offTheServer { try StoredSound.samples(of: file, rateHz: rate) }
        do throws(AdmissionError) {
            return try await source.voice(recording: samples, transcript: part.text)
        } catch {
            throw APIError(error)
        }
    }
}
