/// Decides from how long the caller waits for the members of its team whether they still are a help.
///
/// Members share every step and wait for each other hundreds of times a patch. Where another program takes one of their
/// cores, each of these waits can last as long as the system lets that program run, and two members become many times
/// slower than one. So a caller that loses more than half of its time rests its team: it works alone for a while and then
/// tries again, later each time. What is computed does not depend on it.
struct Attendance {
    /// The time, in nanoseconds of any steady clock.
    typealias Time = UInt64

    /// Over how long waits are added up.
    static let window: Time = 20_000_000
    /// How much waiting in a window is too much: below it a team of two is faster than one alone.
    static let limit: Time = 10_000_000
    static let shortestRest: Time = 50_000_000
    static let longestRest: Time = 800_000_000
    /// A team that was together for so long begins with the shortest rest again.
    static let trust: Time = 1_000_000_000

    private var windowEnd: Time = 0
    private var waited: Time = 0
    private var restEnd: Time = 0
    private var rest: Time = 0
    /// Whether the caller works alone.
    private(set) var isResting = false

    /// The caller waited for others.
    mutating func note(waitFrom begin: Time, to end: Time) {
        if begin >= windowEnd {
            windowEnd = begin + Self.window
            waited = 0
        }
        waited += end - begin
        guard waited >= Self.limit else { return }
        rest = restEnd > 0 && end < restEnd + Self.trust ? min(2 * rest, Self.longestRest) : Self.shortestRest
        restEnd = end + rest
        windowEnd = 0
        isResting = true
    }

    /// Lets the members come back when the rest is over.
    mutating func update(at now: Time) {
        if now >= restEnd { isResting = false }
    }
}
