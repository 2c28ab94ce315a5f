import NIOCore
import NIOHTTPTypes
import Synchronization

/// Sends a comment between server-sent events from time to time, so that nobody on the way takes a client that waits for
/// its turn for one that was forgotten.
final class Heartbeat: Sendable {
    private let isOver = Mutex(false)
    private let channel: any Channel

    fileprivate init(_ channel: any Channel, every time: Duration) {
        self.channel = channel
        beat(TimeAmount(time))
    }

    deinit { stop() }

    /// Must be called before the answer's end is written: nothing may follow that.
    func stop() { isOver.withLock { $0 = true } }

    private func beat(_ time: TimeAmount) {
        channel.eventLoop.scheduleTask(in: time) { [weak self] in
            // Behind what is on its way to the channel already: timers overtake that, and before the answer's head
            // nothing may come.
            self?.channel.eventLoop.execute { [weak self] in self?.send(before: time) }
        }
    }

    private func send(before next: TimeAmount) {
        let goesOn = isOver.withLock { isOver in
            // Under the lock, so that a stop is never overtaken.
            if !isOver, channel.isActive, channel.isWritable {
                channel.writeAndFlush(HTTPResponsePart.body(ByteBuffer(string: ": waiting\n\n")), promise: nil)
            }
            return !isOver && channel.isActive
        }
        if goesOn { beat(next) }
    }
}

extension Exchange {
    /// Begins to send comments; for the body of an answer of server-sent events, whose head is out already.
    func startHeartbeat() -> Heartbeat { Heartbeat(channel, every: limits.heartbeatTime) }

    /// Waits for the first sound of a speech, but no longer than a heartbeat: who waits longer wants to hear something.
    ///
    /// - Returns: The first sound when it comes.
    /// - Throws: `APIError` where there is none, and that shows in time.
    func firstAudio(of speech: LiveSpeech) async throws -> Task<Result<[Float], APIError>, Never> {
        let (news, source) = AsyncStream<Void>.makeStream()
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limits.heartbeatTime)) { source.finish() }
        let first = Task<Result<[Float], APIError>, Never> {
            defer {
                source.yield()
                source.finish()
            }
            do throws(APIError) { return .success(try await speech.firstAudio()) } catch { return .failure(error) }
        }
        var isHere = false
        for await _ in news { isHere = true }
        timer.cancel()
        if isHere { _ = try await first.value.get() }
        return first
    }
}
