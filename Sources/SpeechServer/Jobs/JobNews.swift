import Foundation
import SpeechStore
import Synchronization

/// Brings what happens to jobs to those who listen, with numbers, so that who was cut off can go on where it was.
final class JobNews: Sendable {
    /// An event, ready to be sent.
    struct Event: Sendable {
        let number: Int
        let name: String
        let data: [UInt8]
        var isEnd: Bool { name == "end" }
    }

    private struct Topic {
        var last = 0
        /// The latest, oldest first.
        var events: [Event] = []
        var listeners: [Int: AsyncStream<Event>.Continuation] = [:]
        var nextListener = 0
        var isOver: Bool { events.last?.isEnd ?? false }
        /// Whether it says nothing that a new one would not.
        var isEmpty: Bool { last == 0 && listeners.isEmpty }
    }

    private struct State {
        var topics: [RecordID: Topic] = [:]
        /// Jobs that are over, oldest first.
        var over: [RecordID] = []
        var isClosed = false
    }

    private static let kept = 256
    /// Jobs that are over, and whose end can still be read by those who were cut off. Of others the store knows.
    private static let keptJobs = 64
    private let state = Mutex(State())
    /// Numbers of another process mean nothing here.
    let epoch = String(UInt32.random(in: 0 ... .max), radix: 16)

    /// Tells an event to all who listen.
    func tell(_ name: String, _ value: some Encodable, of job: RecordID) {
        let data = Answers.jsonBytes(value)
        state.withLock { state in
            var topic = state.topics[job, default: Topic()]
            // A part that is cut off may tell of its last patch.
            guard !topic.isOver else { return }
            topic.last += 1
            let event = Event(number: topic.last, name: name, data: data)
            // Of news of progress only the latest counts.
            if name == "progress", let old = topic.events.lastIndex(where: { $0.name == name }) {
                topic.events.remove(at: old)
            }
            topic.events.append(event)
            if topic.events.count > Self.kept { topic.events.removeFirst() }
            for listener in topic.listeners.values {
                listener.yield(event)
                if event.isEnd { listener.finish() }
            }
            if event.isEnd { topic.listeners = [:] }
            state.topics[job] = topic
            guard event.isEnd else { return }
            state.over.append(job)
            if state.over.count > Self.keptJobs { state.topics[state.over.removeFirst()] = nil }
        }
    }

    /// Listens to a job.
    ///
    /// - Parameter after: The last event that was heard.
    /// - Returns: What was missed; nil where that cannot be told, so that the listener has to begin with the job as it is.
    ///   The stream ends with the job, with this server, or with `stop`.
    func listen(
        to job: RecordID, after id: String?
    ) -> (missed: [Event]?, events: AsyncStream<Event>, stop: @Sendable () -> Void) {
        // A late listener loses the oldest news, never the last.
        let (stream, continuation) = AsyncStream.makeStream(
            of: Event.self, bufferingPolicy: .bufferingNewest(Self.kept))
        return state.withLock { state in
            var topic = state.topics[job, default: Topic()]
            let token = topic.nextListener
            topic.nextListener += 1
            let missed = number(id).flatMap { number -> [Event]? in
                guard number <= topic.last,
                    number == topic.last || topic.events.first.map({ $0.number <= number + 1 }) ?? false
                else { return nil }
                return topic.events.filter { $0.number > number }
            }
            if state.isClosed || topic.isOver {
                continuation.finish()
            } else {
                topic.listeners[token] = continuation
            }
            state.topics[job] = topic
            return (
                missed, stream,
                { [weak self] in
                    continuation.finish()
                    self?.state.withLock { state in
                        state.topics[job]?.listeners[token] = nil
                        if state.topics[job]?.isEmpty ?? false { state.topics[job] = nil }
                    }
                }
            )
        }
    }

    /// The number of an event's id, where it is one of this process.
    private func number(_ id: String?) -> Int? {
        guard let id, id.hasPrefix(epoch + "-") else { return nil }
        return Int(id.dropFirst(epoch.count + 1))
    }

    /// The number of the last event so far.
    func last(of job: RecordID) -> Int { state.withLock { $0.topics[job]?.last ?? 0 } }

    /// Jobs of which there is news.
    var count: Int { state.withLock { $0.topics.count } }

    /// Forgets a job that is gone.
    func forget(_ job: RecordID) {
        let topic = state.withLock { state in
            state.over.removeAll { $0 == job }
            return state.topics.removeValue(forKey: job)
        }
        for listener in topic?.listeners.values ?? [:].values { listener.finish() }
    }

    /// Ends all streams: the server stops, and listeners may come back to the next one.
    func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            return state.topics.values.flatMap { $0.listeners.values }
        }
        for listener in listeners { listener.finish() }
    }
}
