import Checkpoint
import Compute
import Foundation

extension RotaryTable {
    /// The table of a transformer with LongRoPE: every frequency is divided by its own factor, and cosine and sine
    /// are scaled by the attention factor of the extended context.
    ///
    /// The arithmetic is that of the reference (`MiniCPMLongRoPE`), in 32-bit floats: the long factors are in force
    /// where the configured context is longer than the original one, whatever the length of a sequence.
    init(longRoPE configuration: TransformerConfiguration, positions: Int) {
        let half = configuration.headSize / 2
        let scaling = Float(configuration.ropeMagnitude)
        let inverseFrequencies = (0..<half).map { index -> Float in
            1 / Foundation.powf(Float(configuration.ropeTheta), Float(2 * index) / Float(configuration.headSize))
        }
        let inverseFactors = configuration.ropeFactors.map { 1 / Float($0) }
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
        self.init(cosines: cosines, sines: sines)
    }
}
