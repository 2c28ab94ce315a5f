public import SpeechEngine
import Synchronization

/// Counts what happens, for `/metrics`.
public final class ServerMetrics: EngineObserver {
    private struct State {
        var answers: [Answer: Int] = [:]
        var answerSeconds = Histogram([0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300])
        var firstAudio = Histogram([0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2, 5, 10, 30])
        var queueWait = Histogram([0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300])
        var rtf = Histogram([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 4])
        var batch = Histogram([1, 2, 4, 8, 16, 32, 64])
        var step = Histogram([0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
    }

    private struct Answer: Hashable {
        let path: String
        let method: String
        let status: Int
    }

    private let state = Mutex(State())

    public init() {}

    public func started(queueWait: Duration) { state.withLock { $0.queueWait.add(queueWait.inSeconds) } }

    public func firstAudio(after time: Duration) { state.withLock { $0.firstAudio.add(time.inSeconds) } }

    public func stepped(batchSize: Int, took time: Duration) {
        state.withLock {
            $0.batch.add(Double(batchSize))
            $0.step.add(time.inSeconds)
        }
    }

    public func finished(_ outcome: SpeechOutcome) {
        guard let rtf = outcome.rtf else { return }
        state.withLock { $0.rtf.add(rtf) }
    }

    /// An HTTP request was answered; `path` is the route's, of which there are few.
    func answered(path: String, method: String, status: Int, after time: Duration) {
        let known = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"].contains(method) ? method : "other"
        state.withLock {
            $0.answers[Answer(path: path, method: known, status: status), default: 0] += 1
            $0.answerSeconds.add(time.inSeconds)
        }
    }

    /// Everything in the text format of Prometheus.
    func text(_ engine: EngineSnapshot) -> String {
        let state = state.withLock { $0 }
        var page = MetricsPage()
        page.counter(
            "mynah_http_requests_total", "HTTP requests answered.",
            state.answers.map { answer, count in
                ([("path", answer.path), ("method", answer.method), ("status", "\(answer.status)")], Double(count))
            })
        page.histogram("mynah_http_request_seconds", "Seconds to the end of an answer.", state.answerSeconds)
        page.histogram(
            "mynah_time_to_first_audio_seconds", "Seconds from acceptance to the first audio.", state.firstAudio)
        page.histogram("mynah_queue_wait_seconds", "Seconds from acceptance to the first place.", state.queueWait)
        page.histogram("mynah_rtf", "Seconds in the engine over seconds of audio.", state.rtf)
        page.histogram("mynah_batch_size", "Sequences of a step.", state.batch)
        page.histogram("mynah_step_seconds", "Seconds of a step.", state.step)
        let counters = engine.counters
        page.counter("mynah_requests_accepted_total", "Requests taken.", [([], Double(counters.accepted))])
        page.counter(
            "mynah_requests_refused_total", "Requests refused, by reason.",
            counters.refused.map { ([("reason", $0.key)], Double($0.value)) })
        page.counter("mynah_requests_finished_total", "Requests spoken.", [([], Double(counters.finished))])
        page.counter("mynah_requests_failed_total", "Requests that failed.", [([], Double(counters.failed))])
        page.counter(
            "mynah_requests_cancelled_total", "Requests cancelled, by reason.",
            counters.cancelled.map { ([("reason", $0.key.rawValue)], Double($0.value)) })
        page.counter(
            "mynah_retries_total", "Attempts thrown away, by reason.",
            counters.retries.map { ([("reason", $0.key.rawValue)], Double($0.value)) })
        page.counter(
            "mynah_device_faults_total", "Failures of the device while it computed.",
            [([], Double(counters.deviceFaults))])
        page.counter("mynah_audio_seconds_total", "Seconds of audio delivered.", [([], counters.audioSeconds)])
        page.gauge("mynah_queue_depth", "Requests that wait.", Double(engine.queueDepth))
        page.gauge("mynah_active_requests", "Requests under way.", Double(engine.active))
        page.gauge("mynah_paused_requests", "Requests whose readers are late.", Double(engine.paused))
        page.gauge("mynah_taken_places", "Places of the engine that are taken.", Double(engine.takenPlaces))
        page.gauge("mynah_ready", "1 where requests are taken.", engine.state == .ready ? 1 : 0)
        return page.text
    }
}
