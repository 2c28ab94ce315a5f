internal import CKernels

extension CPUBackend {
    public func linear(
        _ x: Matrix, norm: NormWeight?, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue
    ) {
        StepShapes.checkLinear(x, norm, weight, out, epilogue)
        guard x.rows > 0 else { return }
        var call = mynah_linear()
        call.k = weight.inputs
        call.n = weight.outputs
        call.weights = UnsafeRawPointer(weight.panels)
        call.bias = UnsafePointer(weight.bias)
        call.out = out.base
        call.out_stride = out.rowStride
        describe(epilogue, weight, out, in: &call)
        switch weight.precision {
        case .f32, .bf16:
            let input = norm == nil ? x : normalizedScratch(rows: x.rows, columns: x.columns)
            call.x = UnsafePointer(input.base)
            call.x_stride = input.rowStride
            let kernel = weight.precision == .f32 ? kernels.pointee.linear_f32! : kernels.pointee.linear_bf16!
            execute(
                call, kernel, rows: x.rows, panels: weight.panelCount,
                norm.map { .normalize(x, $0, into: input) })
        case .int8:
            quantized.reserve(rows: x.rows, columns: x.columns)
            call.quantized = UnsafePointer(quantized.bytes)
            call.quantized_stride = QuantizedRows.stride(x.columns)
            call.row_scales = UnsafePointer(quantized.scales)
            execute(
                call, kernels.pointee.linear_int8!, rows: x.rows, panels: weight.panelCount, .quantize(x, norm))
        }
    }

    private typealias Kernel = @convention(c) (UnsafePointer<mynah_linear>?, Int, Int, Int, Int) -> Void

    /// What happens to the rows before the layer.
    private enum Prologue {
        case normalize(Matrix, NormWeight, into: Matrix)
        case quantize(Matrix, NormWeight?)
    }

    private func prepare(_ prologue: Prologue, _ rows: Range<Int>) {
        switch prologue {
        case .normalize(let x, let norm, let out): normalizeRows(x, norm, into: out, rows)
        case .quantize(let x, let norm): quantizeRows(x, norm, rows)
        }
    }

    /// A layer as the members of the team see it.
    private struct SharedLayer {
        let backend: CPUBackend
        let call: UnsafePointer<mynah_linear>
        let kernel: Kernel
        let rows: Int
        let panels: Int
        let sharesRows: Bool
        let prologue: Prologue?
    }

    /// Shares one layer among the team: first the rows' prologue, then, when all are through, the panels.
    private func execute(
        _ call: mynah_linear, _ kernel: @escaping Kernel, rows: Int, panels: Int, _ prologue: Prologue?
    ) {
        withUnsafePointer(to: call) { call in
            // Few panels and many rows (convolutions): share the rows. Otherwise share the panels, so that each
            // weight is read by one member only.
            let sharesRows = rows >= 64 && panels < 4 * team.count
            if team.count == 1 || (panels == 1 && !sharesRows) {
                if let prologue { prepare(prologue, 0..<rows) }
                kernel(call, 0, panels, 0, rows)
                return
            }
            let layer = SharedLayer(
                backend: self, call: call, kernel: kernel, rows: rows, panels: panels, sharesRows: sharesRows,
                prologue: prologue)
            team.run(with: layer) { layer, member in
                if let prologue = layer.prologue {
                    let share = member.share(of: layer.rows, unit: 1)
                    if !share.isEmpty { layer.backend.prepare(prologue, share) }
                    member.meetOthers()
                }
                let share = member.share(
                    of: layer.sharesRows ? layer.rows : layer.panels, unit: layer.sharesRows ? 9 : 1)
                if layer.sharesRows {
                    layer.kernel(layer.call, 0, layer.panels, share.lowerBound, share.upperBound)
                } else {
                    layer.kernel(layer.call, share.lowerBound, share.upperBound, 0, layer.rows)
                }
            }
        }
    }

    private func describe(_ epilogue: Epilogue, _ weight: LinearWeight, _ out: Matrix, in call: inout mynah_linear) {
        call.scale = 1
        switch epilogue {
        case .store: call.epilogue = MYNAH_STORE
        case .residual(let residual, let scale):
            call.epilogue = MYNAH_RESIDUAL
            call.residual = UnsafePointer(residual.base)
            call.residual_stride = residual.rowStride
            call.scale = scale
        case .silu: call.epilogue = MYNAH_SILU
        case .siluGate:
            call.epilogue = MYNAH_SILU_GATE
            // Padding columns of the last panel stay inside the true width.
            call.n = 2 * out.columns
        case .quantize(let scale):
            call.epilogue = MYNAH_QUANTIZE
            call.scale = scale
        case .tanh: call.epilogue = MYNAH_TANH
        }
    }

    public func normalize(_ x: Matrix, _ norm: NormWeight, into out: Matrix) {
        StepShapes.checkNormalize(x, norm, out)
        guard x.rows > 0 else { return }
        normalizeRows(x, norm, into: out, 0..<x.rows)
    }

    private func normalizeRows(_ x: Matrix, _ norm: NormWeight, into out: Matrix, _ rows: Range<Int>) {
        kernels.pointee.rms_norm(
            x.base, x.rowStride, norm.values, norm.epsilon, x.columns, out.base, out.rowStride, rows.lowerBound,
            rows.upperBound)
    }

    private func quantizeRows(_ x: Matrix, _ norm: NormWeight?, _ rows: Range<Int>) {
        let stride = QuantizedRows.stride(x.columns)
        func quantize(_ weight: UnsafePointer<Float>?) {
            kernels.pointee.quantize(
                x.base, x.rowStride, weight, norm?.epsilon ?? 0, x.columns, quantized.bytes, stride, quantized.scales,
                rows.lowerBound, rows.upperBound)
        }
        if let norm {
            norm.values.withUnsafeBufferPointer { quantize($0.baseAddress) }
        } else {
            quantize(nil)
        }
    }

    func normalizedScratch(rows: Int, columns: Int) -> Matrix {
        if normalized.storage.count < rows * columns { normalized = Matrix(rows: rows, columns: columns) }
        return Matrix(storage: normalized.storage, rows: rows, columns: columns)
    }
}

/// Memory for rows of 8-bit activations, and a scale for each block of a row.
final class QuantizedRows {
    private(set) var bytes = UnsafeMutablePointer<Int8>.allocate(capacity: 64)
    private(set) var scales = UnsafeMutablePointer<Float>.allocate(capacity: 1)
    private var byteCount = 64
    private var scaleCount = 1

    deinit {
        bytes.deallocate()
        scales.deallocate()
    }

    /// Bytes from one row to the next: four activations are read at once.
    static func stride(_ columns: Int) -> Int { (columns + 3) / 4 * 4 }

    /// Blocks of a row that have a scale each.
    static func blocks(_ columns: Int) -> Int { (columns + Int(MYNAH_INT8_BLOCK) - 1) / Int(MYNAH_INT8_BLOCK) }

    /// Makes room; what was there is lost.
    func reserve(rows: Int, columns: Int) {
        // A vector may be stored over the end of the last row.
        let needed = rows * Self.stride(columns) + 64
        if needed > byteCount {
            bytes.deallocate()
            bytes = .allocate(capacity: needed)
            byteCount = needed
        }
        let neededScales = rows * Self.blocks(columns)
        if neededScales > scaleCount {
            scales.deallocate()
            scales = .allocate(capacity: neededScales)
            scaleCount = neededScales
        }
    }
}
