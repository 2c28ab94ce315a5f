import Foundation

/// The times of an Euler solve from noise (t = 1) to speech (t = 0).
///
/// Reference: `UnifiedCFM.forward` and `solve_euler`: a linear grid bent by sway sampling, in 32-bit floats, where
/// the time of a step is the running difference and not the grid point itself.
public struct FlowSchedule: Sendable, Equatable {
    /// One Euler step.
    public struct Step: Sendable, Equatable {
        /// The time the velocity is asked at.
        public let time: Float
        /// How far the step goes.
        public let delta: Float
        /// Whether the velocity is taken as zero, which costs nothing (CFG-zero-star's first steps).
        public let isIdle: Bool
    }

    /// The grid, `steps + 1` times from 1 to 0.
    public let times: [Float]
    public let steps: [Step]

    /// - Parameters:
    ///   - steps: Euler steps, at least 1.
    ///   - sway: How far the grid bends towards the noise; 0 leaves it linear.
    ///   - zeroStar: Whether the first steps have zero velocity.
    public init(steps count: Int, sway: Float = 1, zeroStar: Bool = true) {
        let count = max(1, count)
        let times = Self.linear(points: count + 1).map { t in
            t + sway * (Foundation.cosf(Float.pi / 2 * t) - 1 + t)
        }
        self.times = times
        let idleSteps = zeroStar ? max(1, Int(Double(count + 1) * 0.04)) : 0
        var time = times[0]
        var delta = times[0] - times[1]
        steps = (1...count).map { index in
            let step = Step(time: time, delta: delta, isIdle: index <= idleSteps)
            time -= delta
            if index < count { delta = time - times[index + 1] }
            return step
        }
    }

    /// Evenly spaced points from 1 to 0, filled from both ends as torch's `linspace` does.
    private static func linear(points: Int) -> [Float] {
        let step = (0 - Float(1)) / Float(points - 1)
        return (0..<points).map { index in
            index < points / 2 ? 1 + step * Float(index) : 0 - step * Float(points - index - 1)
        }
    }
}
