/// Names an accepted request; never used twice by an engine.
public struct SpeechID: Hashable, Sendable, CustomStringConvertible {
    let number: UInt64

    public var description: String { "\(number)" }
}

/// An accepted request.
///
/// The request is cancelled when the last copy of its ``events`` has gone, the ticket's own included, and when a task that
/// waits for an event is cancelled.
public struct SpeechTicket: Sendable {
    public let id: SpeechID
    /// The seed of the first attempt.
    public let seed: UInt64
    public let sampleRateHz: Int
    /// What happens, for one reader.
    public let events: SpeechEvents

    /// Ends the request; its place is free within one patch. The last event still comes. Does nothing after the end.
    public func cancel(_ reason: CancelReason = .asked) { events.cancel(reason) }

    /// Reads all events to the end.
    public func collect() async -> CollectedSpeech {
        var speech = CollectedSpeech()
        for await event in events { speech.add(event) }
        return speech
    }
}

/// What a request's events add up to.
public struct CollectedSpeech: Sendable {
    public private(set) var samples: [Float] = []
    public private(set) var marks: [SpeechMark] = []
    /// Nil until the end.
    public private(set) var outcome: SpeechOutcome?

    public init() {}

    /// Takes the next event.
    public mutating func add(_ event: SpeechEvent) {
        switch event {
        case .audio(let samples, _): self.samples += samples
        case .mark(let mark): marks.append(mark)
        case .finished(let outcome): self.outcome = outcome
        case .queued, .started, .progress: break
        }
    }
}

/// The events of one request, for one reader: ``SpeechEvent/finished(_:)`` comes last, always.
///
/// At most ``EngineConfiguration/bufferSeconds`` of audio and one part wait here. A reader that is later than that pauses
/// its own speech, and nobody else's.
public struct SpeechEvents: AsyncSequence, Sendable {
    public typealias Element = SpeechEvent
    public typealias Failure = Never

    let reader: EventReader

    public func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    func cancel(_ reason: CancelReason) { reader.channel.cancel(reason) }

    public struct Iterator: AsyncIteratorProtocol {
        let reader: EventReader

        /// The next event; nil after the last.
        public mutating func next() async -> SpeechEvent? { await reader.next() }

        /// The same; where it is called from makes no difference.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> SpeechEvent? { await reader.next() }
    }
}

/// The reading end of a channel: when nobody holds it any longer, the request is cancelled.
final class EventReader: Sendable {
    let channel: EventChannel

    init(_ channel: EventChannel) { self.channel = channel }

    deinit { channel.cancel(.readerGone) }

    /// The next event; nil after the last.
    ///
    /// Where the task is cancelled, the request is, and the wait goes on: the last event comes within a patch.
    func next() async -> SpeechEvent? {
        await withTaskCancellationHandler {
            await channel.next()
        } onCancel: {
            channel.cancel(.readerGone)
        }
    }
}
