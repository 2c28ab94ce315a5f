import SpeechEngine
import Synchronization

/// Between the one who reads what a stream's client says and the one who speaks it: what is to be spoken, and what is not
/// any more.
final class StreamDesk: Sendable {
    enum Work: Sendable {
        case speak(StreamSentence)
        /// An utterance of so many sentences is over.
        case finish(utterance: Int, sentences: Int)
        case cancelled(utterance: Int)
        case close
    }

    private struct State {
        var waiting = 0
        var characters = 0
        /// Utterances before this one are not spoken any more.
        var firstWanted = 0
        var speaking: SpeechTicket?
        var isHungUp = false
    }

    private let state = Mutex(State())
    let works: AsyncStream<Work>
    private let source: AsyncStream<Work>.Continuation

    init() { (works, source) = AsyncStream<Work>.makeStream() }

    /// Whether something is spoken or waits to be.
    var isBusy: Bool { state.withLock { $0.waiting > 0 } }
    /// Characters that wait to be spoken.
    var characters: Int { state.withLock { $0.characters } }

    // MARK: The reader's side

    func add(_ work: Work) {
        state.withLock { state in
            state.waiting += 1
            if case .speak(let sentence) = work { state.characters += sentence.text.unicodeScalars.count }
        }
        source.yield(work)
    }

    /// Ends the speech that is under way and forgets what waits, up to an utterance.
    func cancel(through utterance: Int) {
        let ticket = state.withLock { state in
            state.firstWanted = utterance + 1
            return state.speaking
        }
        ticket?.cancel(.asked)
    }

    /// The client has gone: nothing is wanted any more.
    func hangUp() {
        let ticket = state.withLock { state in
            state.firstWanted = .max
            state.isHungUp = true
            return state.speaking
        }
        ticket?.cancel(.readerGone)
        source.finish()
    }

    // MARK: The speaker's side

    func isWanted(_ utterance: Int) -> Bool { state.withLock { utterance >= $0.firstWanted } }

    /// Puts a speech where it can be cancelled.
    func begin(_ ticket: SpeechTicket, _ utterance: Int) {
        let isLate = state.withLock { state in
            state.speaking = ticket
            return utterance < state.firstWanted
        }
        if isLate { ticket.cancel(.asked) }
    }

    func end() { state.withLock { $0.speaking = nil } }

    /// A work is over.
    func settle(_ work: Work) {
        state.withLock { state in
            state.waiting -= 1
            if case .speak(let sentence) = work { state.characters -= sentence.text.unicodeScalars.count }
        }
    }
}
