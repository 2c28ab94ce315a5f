import HTTPTypes
import SpeechEngine
import SpeechStore
import Synchronization

/// Counts what keys use, against their limits.
final class KeyMeter: Sendable {
    private struct Use {
        let at: ContinuousClock.Instant
        let characters: Int
    }

    private struct Account {
        /// Of the last minute, oldest first.
        var uses: [Use] = []
        var underWay = 0
    }

    private let window: Duration
    private let accounts = Mutex<[RecordID: Account]>([:])

    /// - Parameter window: How long a request counts; limits and their words are those of a minute.
    init(window: Duration = .seconds(60)) { self.window = window }

    /// A request that is under way; when nobody holds it any longer, it is over.
    final class Pass: Sendable {
        private let meter: KeyMeter
        private let key: RecordID

        fileprivate init(_ meter: KeyMeter, _ key: RecordID) {
            self.meter = meter
            self.key = key
        }

        deinit { meter.end(key) }
    }

    /// Counts a request.
    ///
    /// - Parameters:
    ///   - holds: Whether it counts as under way as long as its pass is held.
    ///   - engine: What the time to wait is measured from.
    /// - Returns: Nil for callers without a key of the store.
    /// - Throws: 429 with the time to wait; 400 for more characters than the key may ever have in a minute.
    func admit(
        _ caller: Caller, characters: Int, holds: Bool = true, engine: EngineSnapshot,
        now: ContinuousClock.Instant = .now
    ) throws(APIError) -> Pass? {
        guard let key = caller.key else { return nil }
        let limits = caller.limits
        if let most = limits.charactersPerMinute, characters > most {
            throw APIError(
                .badRequest, code: "string_above_max_length",
                "This key may have \(most) characters spoken in a minute, but the text has \(characters).")
        }
        let refusal = accounts.withLock { accounts -> (String, Duration)? in
            var account = accounts[key, default: Account()]
            account.uses.removeAll { now - $0.at >= window }
            defer { accounts[key] = account }
            if holds, let most = limits.concurrentRequests, account.underWay >= most {
                return ("\(most) of this key's requests are under way", Self.wait(engine))
            }
            if let most = limits.requestsPerMinute, account.uses.count >= most {
                let oldest = account.uses[account.uses.count - most].at
                return ("this key had \(most) requests in the last minute", oldest + window - now)
            }
            if let most = limits.charactersPerMinute {
                var rest = account.uses.reduce(characters) { $0 + $1.characters } - most
                if rest > 0,
                    let until = account.uses.first(where: { use in
                        rest -= use.characters
                        return rest <= 0
                    })
                {
                    return (
                        "this key had its \(most) characters of the last minute spoken", until.at + window - now
                    )
                }
            }
            account.uses.append(Use(at: now, characters: characters))
            if holds { account.underWay += 1 }
            return nil
        }
        if let (reason, time) = refusal {
            var error = APIError(
                .tooManyRequests, .rateLimit, code: "rate_limit_exceeded",
                APIError.sentence("\(reason), which is its limit"))
            error.retryAfterSeconds = APIError.wholeSeconds(time)
            throw error
        }
        return holds ? Pass(self, key) : nil
    }

    /// When one of those under way is likely to be over.
    private static func wait(_ engine: EngineSnapshot) -> Duration {
        guard let speed = engine.throughput, speed > 0, engine.active > 0 else { return .seconds(2) }
        return .seconds(min(600, engine.expectedSeconds / speed / Double(engine.active)))
    }

    private func end(_ key: RecordID) {
        accounts.withLock { $0[key]?.underWay -= 1 }
    }
}
