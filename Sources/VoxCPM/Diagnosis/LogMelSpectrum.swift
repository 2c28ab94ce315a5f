import Foundation

/// Natural logarithms of 80 mel bands every 10 ms: about what the ear tells apart.
struct LogMelSpectrum {
    private static let size = 1024
    private static let bands = 80
    private static let floor: Float = 1e-5

    private let filters: [[(bin: Int, weight: Float)]]
    private let window: [Float]
    private let hop: Int

    init(sampleRateHz: Int) {
        hop = sampleRateHz / 100
        let size = Self.size
        window = (0..<size).map { 0.5 - 0.5 * Foundation.cos(2 * .pi * Float($0) / Float(size)) }
        func mel(_ hertz: Double) -> Double { 2595 * Foundation.log10(1 + hertz / 700) }
        let top = mel(Double(sampleRateHz) / 2)
        let edges = (0...Self.bands + 1).map { index in
            700 * (Foundation.pow(10, top * Double(index) / Double(Self.bands + 1) / 2595) - 1)
        }
        filters = (0..<Self.bands).map { band in
            (0...size / 2).compactMap { bin in
                let hertz = Double(bin * sampleRateHz) / Double(size)
                let rising = (hertz - edges[band]) / (edges[band + 1] - edges[band])
                let falling = (edges[band + 2] - hertz) / (edges[band + 2] - edges[band + 1])
                let weight = Float(min(rising, falling))
                return weight > 0 ? (bin, weight) : nil
            }
        }
    }

    /// The mean difference between two recordings' spectra, over the frames that both have; 0 where there is none.
    func meanDifference(_ left: [Float], _ right: [Float]) -> Double {
        let frames = max(0, (min(left.count, right.count) - Self.size) / hop + 1)
        guard frames > 0 else { return 0 }
        var sum = 0.0
        for frame in 0..<frames {
            let range = frame * hop..<frame * hop + Self.size
            for (a, b) in zip(bands(left[range]), bands(right[range])) { sum += Double(abs(a - b)) }
        }
        return sum / Double(frames * Self.bands)
    }

    private func bands(_ samples: ArraySlice<Float>) -> [Float] {
        let magnitudes = Self.magnitudes(zip(samples, window).map { $0 * $1 })
        return filters.map { filter in
            Foundation.log(max(Self.floor, filter.reduce(0) { $0 + $1.weight * magnitudes[$1.bin] }))
        }
    }

    /// Magnitudes of the lower half of the discrete Fourier transform; the count is a power of two.
    private static func magnitudes(_ samples: [Float]) -> [Float] {
        let count = samples.count
        var real = samples
        var imaginary = [Float](repeating: 0, count: count)
        var mirrored = 0
        for index in 1..<count {
            var bit = count >> 1
            while mirrored & bit != 0 {
                mirrored ^= bit
                bit >>= 1
            }
            mirrored |= bit
            if index < mirrored { real.swapAt(index, mirrored) }
        }
        var length = 2
        while length <= count {
            for step in 0..<length / 2 {
                let angle = -2 * Float.pi * Float(step) / Float(length)
                let (cosine, sine) = (Foundation.cos(angle), Foundation.sin(angle))
                for first in stride(from: step, to: count, by: length) {
                    let second = first + length / 2
                    let re = real[second] * cosine - imaginary[second] * sine
                    let im = real[second] * sine + imaginary[second] * cosine
                    (real[second], imaginary[second]) = (real[first] - re, imaginary[first] - im)
                    (real[first], imaginary[first]) = (real[first] + re, imaginary[first] + im)
                }
            }
            length *= 2
        }
        return (0...count / 2).map { (real[$0] * real[$0] + imaginary[$0] * imaginary[$0]).squareRoot() }
    }
}
