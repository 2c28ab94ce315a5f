internal import CKernels

/// How a weight is stored. Sums are always 32-bit floats.
public enum Precision: String, Sendable, CaseIterable {
    /// Matches the reference to rounding.
    case f32
    /// Half the memory and traffic; the weights lose 16 bits of their fraction.
    case bf16
    /// A quarter of the memory: 8-bit integers with a scale per output; activations are quantised row by row.
    case int8
}

/// A weight matrix somewhere in memory: row-major `[outputs, inputs]`, valid while the caller says so.
public struct WeightRows {
    /// The number format of the elements.
    public enum Format: Sendable { case f32, f16, bf16 }

    public let outputs: Int
    public let inputs: Int
    private let base: UnsafeRawPointer
    private let format: Format

    /// - Parameter bytes: `outputs * inputs` elements; need not be aligned.
    public init(_ bytes: UnsafeRawBufferPointer, format: Format, outputs: Int, inputs: Int) {
        let size = format == .f32 ? 4 : 2
        precondition(bytes.count == outputs * inputs * size && outputs > 0 && inputs > 0, "a weight of another size")
        self.base = bytes.baseAddress!
        self.format = format
        self.outputs = outputs
        self.inputs = inputs
    }

    /// Reads one row as floats.
    public func read(row: Int, into floats: UnsafeMutablePointer<Float>) {
        switch format {
        case .f32:
            UnsafeMutableRawPointer(floats).copyMemory(from: base + row * inputs * 4, byteCount: inputs * 4)
        case .f16: mynah_f16_to_f32(base + row * inputs * 2, inputs, floats)
        case .bf16: mynah_bf16_to_f32(base + row * inputs * 2, inputs, floats)
        }
    }
}

/// The weight of a linear layer, packed once at load into the kernels' own layout: panels of 32 outputs, each
/// `[inputs][32]`.
///
/// Several matrices with the same inputs may share one weight, so that queries, keys and values are one step.
///
/// `@unchecked Sendable`: the panels and the bias are written before the initialiser returns and only read afterwards.
public final class LinearWeight: @unchecked Sendable {
    public let outputs: Int
    public let inputs: Int
    public let precision: Precision
    /// Whether panels hold 16 gate and 16 up outputs, for ``Epilogue/siluGate``.
    public let isGated: Bool
    let panels: UnsafeMutableRawPointer
    let bias: UnsafeMutablePointer<Float>?

    /// Panels of 32 outputs.
    var panelCount: Int { (outputs + Self.panelWidth - 1) / Self.panelWidth }
    /// Bytes of the packed panels.
    public var byteCount: Int { panelCount * panelByteCount }
    private let panelByteCount: Int

    private static func panelByteCount(inputs: Int, precision: Precision) -> Int {
        switch precision {
        case .f32: panelWidth * inputs * 4
        case .bf16: panelWidth * inputs * 2
        // Groups of four inputs; a scale and a sum for every output.
        case .int8: (inputs + 3) / 4 * 4 * panelWidth + 8 * panelWidth
        }
    }
    static let panelWidth = Int(MYNAH_PANEL)

    /// Packs matrices one below the other.
    ///
    /// - Parameters:
    ///   - matrices: Weights with the same number of inputs.
    ///   - bias: One value per output, or nil.
    ///   - team: Packs the panels in parallel.
    public convenience init(
        stacking matrices: [WeightRows], bias: [Float]? = nil, precision: Precision, team: WorkerTeam
    ) {
        let outputs = matrices.reduce(0) { $0 + $1.outputs }
        self.init(outputs: outputs, inputs: matrices[0].inputs, precision: precision, bias: bias, isGated: false)
        var starts: [Int] = []
        var start = 0
        for matrix in matrices {
            starts.append(start)
            start += matrix.outputs
        }
        pack(team: team) { output in
            let index = starts.lastIndex { $0 <= output }!
            return (matrices[index], output - starts[index])
        }
    }

    /// Packs the two halves of a gated layer so that a gate and its partner leave the same panel.
    public convenience init(gate: WeightRows, up: WeightRows, precision: Precision, team: WorkerTeam) {
        // An odd half panel is filled with zero columns so that gate and up stay side by side.
        let half = Self.panelWidth / 2
        let padded = (gate.outputs + half - 1) / half * half
        self.init(outputs: 2 * padded, inputs: gate.inputs, precision: precision, bias: nil, isGated: true)
        pack(team: team) { output in
            let panel = output / Self.panelWidth
            let column = output % Self.panelWidth
            let row = panel * half + column % half
            guard row < gate.outputs else { return nil }
            return (column < half ? gate : up, row)
        }
    }

    private init(outputs: Int, inputs: Int, precision: Precision, bias: [Float]?, isGated: Bool) {
        self.outputs = outputs
        self.inputs = inputs
        self.precision = precision
        self.isGated = isGated
        let panelCount = (outputs + Self.panelWidth - 1) / Self.panelWidth
        panelByteCount = Self.panelByteCount(inputs: inputs, precision: precision)
        panels = .allocate(byteCount: panelCount * panelByteCount, alignment: 64)
        if let bias {
            precondition(bias.count == outputs, "\(bias.count) biases for \(outputs) outputs")
            let floats = UnsafeMutablePointer<Float>.allocate(capacity: panelCount * Self.panelWidth)
            floats.initialize(repeating: 0, count: panelCount * Self.panelWidth)
            floats.update(from: bias, count: outputs)
            self.bias = floats
        } else {
            self.bias = nil
        }
    }

    deinit {
        panels.deallocate()
        bias?.deallocate()
    }

    private func pack(team: WorkerTeam, _ source: (_ output: Int) -> (WeightRows, Int)?) {
        let width = Self.panelWidth
        let inputs = inputs
        team.split(panelCount) { share in
            let floats = UnsafeMutablePointer<Float>.allocate(capacity: width * inputs)
            defer { floats.deallocate() }
            for panel in share {
                let count = min(width, outputs - panel * width)
                for column in 0..<count {
                    let row = floats + column * inputs
                    if let (matrix, index) = source(panel * width + column) {
                        matrix.read(row: index, into: row)
                    } else {
                        row.update(repeating: 0, count: inputs)
                    }
                }
                let rows: [UnsafePointer<Float>?] = (0..<count).map { UnsafePointer(floats + $0 * inputs) }
                let packed = panels + panel * panelByteCount
                switch precision {
                case .f32: mynah_pack_f32(rows, count, inputs, packed.assumingMemoryBound(to: Float.self))
                case .bf16: mynah_pack_bf16(rows, count, inputs, packed.assumingMemoryBound(to: UInt32.self))
                case .int8: mynah_pack_int8(rows, count, inputs, packed)
                }
            }
        }
    }
}
