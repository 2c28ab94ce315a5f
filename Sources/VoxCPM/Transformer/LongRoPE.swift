import Checkpoint
import Compute
import Foundation

/// Rotary positions of a transformer with LongRoPE: every frequency is divided by its own factor, and cosine and sine
/// are scaled by the attention factor of the extended context. Equal values have equal tables.
///
/// The long factors are in force where the configured context is longer than the original one, whatever the length of a
/// sequence.
struct LongRoPE: Equatable {
    private let headSize: Int
    private let theta: Double
    private let factors: [Double]
    private let magnitude: Double
    private let positions: Int

    init(_ configuration: TransformerConfiguration, positions: Int) {
        headSize = configuration.headSize
        theta = configuration.ropeTheta
        factors = configuration.ropeFactors
        magnitude = configuration.ropeMagnitude
        self.positions = positions
    }

    /// Cosines and sines of all positions. The arithmetic is that of the reference (`MiniCPMLongRoPE`), in 32-bit
    /// floats.
    func table() -> RotaryTable {
        let half = headSize / 2
        let scaling = Float(magnitude)
        let inverseFrequencies = (0..<half).map { index -> Float in
            1 / Foundation.powf(Float(theta), Float(2 * index) / Float(headSize))
        }
        let inverseFactors = factors.map { 1 / Float($0) }
        let cosines = Matrix(rows: positions, columns: half)
        let sines = Matrix(rows: positions, columns: half)
        for position in 0..<positions {
            let cosine = cosines.base + position * half
            let sine = sines.base + position * half
            for index in 0..<half {
                let angle = Float(position) * inverseFactors[index] * inverseFrequencies[index]
                cosine[index] = Foundation.cosf(angle) * scaling
                sine[index] = Foundation.sinf(angle) * scaling
            }
        }
        return RotaryTable(cosines: cosines, sines: sines)
    }
}
