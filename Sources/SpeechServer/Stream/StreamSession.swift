import HTTPTypes
import Logging
import NIOCore
import NIOWebSocket
import SpeechEngine

/// One stream from its beginning to its end: somebody reads, somebody speaks, and somebody looks at the clock.
struct StreamSession {
    let source: any SpeechSource
    let services: Services
    let limits: ServerConfiguration.Limits
    let keys: Guard
    let caller: StreamCaller
    let logger: Logger

    /// - Returns: Sentences spoken, and why it ended.
    func run(_ frames: StreamChannel.Frames) async -> (sentences: Int, reason: String) {
        let clock = StreamClock(owner: caller.owner)
        let desk = StreamDesk()
        do {
            return try await frames.executeThenClose { inbound, outbound in
                let outlet = StreamOutlet(outbound, channel: frames.channel, writeTime: limits.writeTime)
                let count = await withTaskGroup(of: Int.self) { group in
                    group.addTask {
                        var speaker = StreamSpeaker(
                            source: source, services: services, keys: keys, desk: desk, outlet: outlet,
                            clock: clock, caller: caller, turnTime: limits.turnTime, logger: logger)
                        await speaker.run()
                        return speaker.sentenceCount
                    }
                    group.addTask {
                        await watch(desk, outlet, clock)
                        return 0
                    }
                    var reader = StreamReader(
                        voices: services.voices, limits: limits, keys: keys, desk: desk, outlet: outlet,
                        clock: clock)
                    await reader.read(inbound)
                    desk.hangUp()
                    group.cancelAll()
                    return await group.reduce(0, +)
                }
                return (count, outlet.endReason)
            }
        } catch {
            desk.hangUp()
            return (0, "broken")
        }
    }

    /// Looks after a stream where nobody else does: when nothing is heard, and when the server stops.
    private func watch(_ desk: StreamDesk, _ outlet: StreamOutlet, _ clock: StreamClock) async {
        var lastPing = ContinuousClock.now
        var unanswered = 0
        while !outlet.isClosed {
            guard (try? await Task.sleep(for: min(.seconds(1), limits.pingTime / 4))) != nil else { return }
            if caller.life.isStopping {
                return await outlet.end(APIError(.draining(retryAfter: .seconds(5))), .goingAway)
            }
            if !desk.isBusy, let reason = refusal { return await outlet.end(APIError(reason), .goingAway) }
            if clock.owner == nil, .now - clock.start > limits.keyTime {
                return await outlet.end(
                    APIError(.unauthorized, .authentication, code: "missing_api_key", "No key came."), .policyViolation)
            }
            if !desk.isBusy, clock.silence > limits.streamIdleTime {
                return await outlet.end(
                    APIError(.requestTimeout, code: "idle_timeout", "Nothing was said for a long time."), .normalClosure
                )
            }
            guard .now - lastPing > limits.pingTime else { continue }
            unanswered = caller.life.lastHeard < lastPing ? unanswered + 1 : 0
            if unanswered > 2 {
                outlet.note("silent")
                outlet.channel.close(promise: nil)
                return
            }
            lastPing = .now
            outlet.ping()
        }
    }

    /// Why the engine takes no sentences, and will take none; nil where it does, or will when its model is there.
    private var refusal: AdmissionError? {
        guard !source.isChanging, let refusal = source.refusal else { return nil }
        if case .loading = refusal { return nil }
        return refusal
    }
}
