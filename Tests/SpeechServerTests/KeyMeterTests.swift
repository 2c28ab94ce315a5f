import SpeechStore
import Testing

@testable import SpeechEngine
@testable import SpeechServer

/// The limits of keys, to the second.
struct KeyMeterTests {
    private static func caller(_ limits: KeyLimits) -> Caller {
        Caller(name: "key", key: RecordID(), isAdmin: false, limits: limits)
    }

    private static let engine = EngineSnapshot(state: .ready)

    /// Seconds that a caller is told to wait; nil where it may go on.
    private static func wait(
        _ meter: KeyMeter, _ caller: Caller, _ characters: Int, at now: ContinuousClock.Instant
    ) -> Int? {
        do throws(APIError) {
            _ = try meter.admit(caller, characters: characters, holds: false, engine: engine, now: now)
            return nil
        } catch {
            return error.retryAfterSeconds
        }
    }

    @Test func requestsOfAMinute() {
        let (meter, start) = (KeyMeter(), ContinuousClock.now)
        let caller = Self.caller(KeyLimits(requestsPerMinute: 2))
        #expect(Self.wait(meter, caller, 1, at: start) == nil)
        #expect(Self.wait(meter, caller, 1, at: start + .seconds(20)) == nil)
        #expect(Self.wait(meter, caller, 1, at: start + .seconds(30)) == 30, "when the first is a minute ago")
        #expect(Self.wait(meter, Self.caller(KeyLimits(requestsPerMinute: 2)), 1, at: start + .seconds(30)) == nil)
        #expect(Self.wait(meter, caller, 1, at: start + .seconds(60)) == nil)
        #expect(Self.wait(meter, caller, 1, at: start + .seconds(61)) == 19)
    }

    @Test func charactersOfAMinute() {
        let (meter, start) = (KeyMeter(), ContinuousClock.now)
        let caller = Self.caller(KeyLimits(charactersPerMinute: 100))
        #expect(Self.wait(meter, caller, 40, at: start) == nil)
        #expect(Self.wait(meter, caller, 60, at: start + .seconds(10)) == nil)
        #expect(Self.wait(meter, caller, 30, at: start + .seconds(20)) == 40, "the first makes room enough")
        #expect(Self.wait(meter, caller, 50, at: start + .seconds(20)) == 50, "only both do")
        #expect(Self.wait(meter, caller, 40, at: start + .seconds(60)) == nil)
        #expect(throws: APIError.self) {
            _ = try meter.admit(caller, characters: 101, engine: Self.engine, now: start + .seconds(500))
        }
    }
}
