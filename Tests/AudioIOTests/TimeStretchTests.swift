import Testing

@testable import AudioIO

/// Faster and slower at the same pitch.
struct TimeStretchTests {
    private static let rate = 44_100

    /// - Parameter sizes: Of the pieces, in turns.
    private func stretched(
        _ samples: [Float], speed: Double, rateHz: Int = rate, sizes: [Int] = [7_056]
    ) throws -> [Float] {
        let stretch = try TimeStretch(speed: speed, sampleRateHz: rateHz)
        var output: [Float] = []
        var (start, turn) = (0, 0)
        while start < samples.count {
            let end = min(samples.count, start + sizes[turn % sizes.count])
            output += try stretch.process(Array(samples[start..<end]))
            (start, turn) = (end, turn + 1)
        }
        return output + (try stretch.finish())
    }

    /// Whether a value lies within so many hundredths of what is wanted.
    private func isNear(_ value: Double, _ wanted: Double, percent: Double) -> Bool {
        abs(value - wanted) <= percent / 100 * wanted
    }

    /// Rises through zero in the middle of a sound, a second.
    private func pitch(of samples: [Float], rateHz: Int) -> Double {
        let middle = samples[samples.count / 10..<samples.count * 9 / 10]
        let rises = middle.indices.dropFirst().filter { middle[$0 - 1] < 0 && middle[$0] >= 0 }
        guard let first = rises.first, let last = rises.last, last > first else { return 0 }
        return Double(rises.count - 1) * Double(rateHz) / Double(last - first)
    }

    @Test(arguments: [0.25, 0.4, 0.5, 0.75, 0.99, 1, 1.01, 1.25, 1.5, 2, 3, 3.7, 4])
    func lengthIsOverSpeedAndPitchStays(speed: Double) throws {
        for hertz in [120.0, 220, 300] {
            let sine = Sounds.sine(hertz: hertz, seconds: 2, rateHz: Self.rate)
            let output = try stretched(sine, speed: speed)
            let wanted = Double(sine.count) / speed
            #expect(isNear(Double(output.count), wanted, percent: 2), "\(hertz) Hz: \(output.count) for \(wanted)")
            let heard = pitch(of: output, rateHz: Self.rate)
            #expect(isNear(heard, hertz, percent: 1), "\(hertz) Hz became \(heard) Hz")
        }
        let noise = Sounds.noise(count: 60_000, seed: 1)
        let wanted = Double(noise.count) / speed
        let rustle = try stretched(noise, speed: speed)
        #expect(isNear(Double(rustle.count), wanted, percent: 2))
        let silence = try stretched([Float](repeating: 0, count: 60_000), speed: speed)
        #expect(isNear(Double(silence.count), wanted, percent: 2))
        #expect(silence.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [4_000, 16_000, 24_000, 48_000, 96_000, 384_000]) func otherRatesWorkToo(rateHz: Int) throws {
        let sine = Sounds.sine(hertz: 200, seconds: 1, rateHz: rateHz)
        for speed in [0.5, 1.3, 2] {
            let output = try stretched(sine, speed: speed, rateHz: rateHz)
            #expect(isNear(Double(output.count) * speed, Double(sine.count), percent: 2))
            #expect(isNear(pitch(of: output, rateHz: rateHz), 200, percent: 1))
        }
    }

    @Test(arguments: [0.25, 0.5, 0.8, 1, 1.1, 1.9, 2, 4]) func sizesOfPiecesChangeNothing(speed: Double) throws {
        var input = Sounds.sine(hertz: 170, seconds: 0.5, rateHz: Self.rate)
        input += Sounds.noise(count: 20_000, seed: 2)
        input += Sounds.sine(hertz: 240, seconds: 0.3, rateHz: Self.rate)
        let whole = try stretched(input, speed: speed, sizes: [input.count])
        for sizes in [[1_000], [7_056], [1, 7, 500, 12_000, 1_355, 1_357]] {
            #expect(try stretched(input, speed: speed, sizes: sizes) == whole, "pieces of \(sizes)")
        }
        #expect(try stretched(input, speed: speed, sizes: [1]) == whole)
    }

    @Test func speedOneChangesNoBitAndHoldsNothingBack() throws {
        let stretch = try TimeStretch(speed: 1, sampleRateHz: 1)
        let samples: [Float] = [0.123_456_79, -3.5, 1e-9, .infinity]
        #expect(try stretch.process(samples) == samples)
        #expect(try stretch.finish().isEmpty)
    }

    @Test func whatFollowsTheEndBeginsAnew() throws {
        let sine = Sounds.sine(hertz: 150, seconds: 0.4, rateHz: Self.rate)
        let noise = Sounds.noise(count: 15_000, seed: 4)
        let stretch = try TimeStretch(speed: 1.4, sampleRateHz: Self.rate)
        _ = try stretch.process(noise)
        _ = try stretch.finish()
        var second = try stretch.process(sine)
        second += try stretch.finish()
        let alone = try stretched(sine, speed: 1.4)
        #expect(second == alone)
    }

    @Test func nothingAndNextToNothing() throws {
        for speed in [0.25, 0.7, 1.2, 4] {
            let empty = try TimeStretch(speed: speed, sampleRateHz: Self.rate)
            #expect(try empty.finish().isEmpty)
            #expect(try empty.process([]).isEmpty)
            #expect(try empty.finish().isEmpty)
            for count in [1, 10, 600, 1_400] {
                let output = try stretched(Sounds.noise(count: count, seed: 5), speed: speed)
                let wrong: Double = Double(output.count) - Double(count) / speed
                #expect(abs(wrong) < 150, "\(count) at \(speed)")
            }
        }
    }

    @Test func whatIsBeyondFullScaleIsHeldAtIt() throws {
        let loud = Sounds.sine(hertz: 200, seconds: 0.5, rateHz: Self.rate, amplitude: 3)
        let broken: [Float] = [.nan, .infinity]
        let output = try stretched(loud + broken + loud, speed: 2)
        #expect(output.allSatisfy { abs($0) <= 1 })
        #expect(output.max() ?? 0 > 0.99)
        #expect(output.min() ?? 0 < -0.99)
        let jump: Float = output.indices.dropFirst().reduce(0) { max($0, abs(output[$1] - output[$1 - 1])) }
        #expect(jump < 1.2, "a sample wrapped around")
    }

    @Test func whatCannotBeIsRefused() {
        for speed in [0, -1, 0.249, 4.01, .nan, .infinity] as [Double] {
            #expect {
                try TimeStretch(speed: speed, sampleRateHz: 16_000)
            } throws: {
                guard case .badSpeed? = $0 as? TimeStretchError else { return false }
                return "\($0)".contains("0.25 to 4.0")
            }
        }
        for rate in [0, 3_999, 384_001, -5] {
            #expect(throws: TimeStretchError.badRate(hertz: rate)) { try TimeStretch(speed: 2, sampleRateHz: rate) }
        }
    }
}
