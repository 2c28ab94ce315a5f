internal import CKernels

/// How a weight is stored. Sums are always 32-bit floats.
public enum Precision: String, Sendable, CaseIterable {
    /// Matches the reference to rounding.
    case f32
    /// Half the memory and traffic; the weights lose 16 bits of their fraction.
    case bf16
    /// A quarter of the memory: 8-bit integers with a scale per output; activations are quantised row by row.
    case int8

    /// The fastest precision that speaks well: 8-bit integers where the processor multiplies and adds them in one
    /// instruction, bf16 elsewhere.
    public static func fastest(on instructions: InstructionSet) -> Precision {
        instructions.hasDotProduct ? .int8 : .bf16
    }
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

/// The weight of a linear layer, packed once into the kernels' own layout: panels of 32 outputs, each `[inputs][32]`.
///
/// Several matrices with the same inputs may share one weight, so that queries, keys and values are one step. The
/// panels are the weight's own, or lie in memory of somebody whom it keeps alive, such as a mapped file.
///
/// `@unchecked Sendable`: the panels and the bias are written before the initialiser returns and only read afterwards.
public final class LinearWeight: @unchecked Sendable {
    /// What decides the panels' size and layout.
    public let form: Form
    let panels: UnsafeMutableRawPointer
    let bias: UnsafeMutablePointer<Float>?
    /// Whose memory the panels are.
    private let owner: any AnyObject & Sendable
    /// Whether no device rounds these weights, even where it keeps others in shorter numbers than they come in.
    public let isDelicate: Bool

    public var outputs: Int { form.outputs }
    public var inputs: Int { form.inputs }
    public var precision: Precision { form.precision }
    /// Whether panels hold 16 gate and 16 up outputs, for ``Epilogue/siluGate``.
    public var isGated: Bool { form.isGated }
    /// Panels of 32 outputs.
    public let panelCount: Int
    private let panelByteCount: Int
    /// Bytes of the packed panels.
    public var byteCount: Int { panelCount * panelByteCount }

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
        self.init(Form(outputs: outputs, inputs: matrices[0].inputs, precision: precision), bias: bias)
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
        let half = Self.panelWidth / 2
        self.init(Form(gatedOutputs: gate.outputs, inputs: gate.inputs, precision: precision), bias: nil)
        pack(team: team) { output in
            let panel = output / Self.panelWidth
            let column = output % Self.panelWidth
            let row = panel * half + column % half
            guard row < gate.outputs else { return nil }
            return (column < half ? gate : up, row)
        }
    }

    /// Uses panels that were packed before, where they lie.
    ///
    /// - Parameters:
    ///   - panels: `form.byteCount` bytes as ``withPanels(_:)`` lent them, on a multiple of 64 bytes; nobody may change
    ///     them while `owner` lives.
    ///   - owner: Whose memory it is; kept alive as long as this weight.
    ///   - bias: One value per output, or nil.
    public convenience init(
        _ form: Form, panels: UnsafeRawBufferPointer, keeping owner: any AnyObject & Sendable, bias: [Float]?
    ) {
        precondition(panels.count == form.byteCount && panels.count > 0, "panels of another size")
        precondition(UInt(bitPattern: panels.baseAddress) % 64 == 0, "panels off the cache lines")
        self.init(form, UnsafeMutableRawPointer(mutating: panels.baseAddress!), of: owner, bias: bias)
    }

    /// Panels of zeros. The system gives memory only to pages that somebody writes to, which nobody does: so this costs
    /// nothing, and has the form of a weight wherever only that is asked for.
    ///
    /// - Parameter bias: One value per output, or nil.
    public convenience init(zeros form: Form, bias: [Float]? = nil) { self.init(form, bias: bias) }

    private convenience init(_ form: Form, bias: [Float]?) {
        // All straight from the system: weights that are packed again leave their pages.
        let memory = ZeroedMemory(byteCount: form.byteCount, mappedFrom: 1)
        self.init(form, memory.start, of: memory, bias: bias)
    }

    /// The same weight, for a layer that rounding would hurt most; uses the same panels.
    public var delicate: LinearWeight {
        let bias = biases.map { Array($0.prefix(outputs)) }
        return LinearWeight(form, panels, of: self, bias: bias, isDelicate: true)
    }

    private init(
        _ form: Form, _ panels: UnsafeMutableRawPointer, of owner: any AnyObject & Sendable, bias: [Float]?,
        isDelicate: Bool = false
    ) {
        self.form = form
        self.isDelicate = isDelicate
        panelCount = form.panelCount
        panelByteCount = form.panelByteCount
        self.panels = panels
        self.owner = owner
        if let bias {
            precondition(bias.count == form.outputs, "\(bias.count) biases for \(form.outputs) outputs")
            let floats = UnsafeMutablePointer<Float>.allocate(capacity: panelCount * Self.panelWidth)
            floats.initialize(repeating: 0, count: panelCount * Self.panelWidth)
            floats.update(from: bias, count: bias.count)
            self.bias = floats
        } else {
            self.bias = nil
        }
    }

    deinit { bias?.deallocate() }

    /// Lends the packed panels, to be kept for ``init(_:panels:keeping:bias:)``.
    public func withPanels<R, Failure>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> R) throws(Failure) -> R {
        try body(UnsafeRawBufferPointer(start: panels, count: byteCount))
    }

    /// The biases in the order of the panels' outputs, padded to whole panels; nil where there are none.
    public var biases: UnsafeBufferPointer<Float>? {
        bias.map { UnsafeBufferPointer(start: $0, count: panelCount * Self.panelWidth) }
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
