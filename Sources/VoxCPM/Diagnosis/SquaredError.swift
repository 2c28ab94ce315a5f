/// Squares summed over values and over their errors.
struct SquaredError {
    private(set) var error = 0.0
    private(set) var signal = 0.0

    /// Adds an exact value and what came out instead.
    mutating func add(exact: Float, rough: Float) {
        let difference = Double(rough) - Double(exact)
        error += difference * difference
        signal += Double(exact) * Double(exact)
    }

    static func += (left: inout SquaredError, right: SquaredError) {
        left.error += right.error
        left.signal += right.signal
    }

    /// The root of the mean squared error over that of the exact values; 0 where they are all zero.
    var relative: Double { signal > 0 ? (error / signal).squareRoot() : 0 }
}
