public import Compute

extension GPUBackend {
    /// Rows of a group of ``Kernel/linearFew(_:)`` and ``Kernel/linearMany(_:)``.
    private enum Rows {
        static let few = 8
        static let many = 32
        /// From here on weights are read more often than a tile of many rows wastes.
        static let manyFrom = 13
    }

    public func linear(
        _ x: Matrix, norm: NormWeight?, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue
    ) {
        StepShapes.checkLinear(x, norm, weight, out, epilogue)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            let packed = try memory.weight(weight)
            let isMany = x.rows >= Rows.manyFrom
            let rows = isMany ? Rows.many : Rows.few
            var arguments = try place(x).all + [.int(x.rows), .int(x.columns)]
            if let norm {
                arguments += [.buffer(try memory.constant(norm.values)), .float(norm.epsilon)]
            } else {
                arguments += [.buffer(nil), .float(0)]
            }
            arguments += [.buffer(packed.panels), .int(packed.panelByteCount), .buffer(packed.bias)]
            arguments += try place(out).all + [.int(out.columns)]
            arguments += try describe(epilogue)
            let blocks = (x.rows + rows - 1) / rows
            try launch(
                isMany ? .linearMany(packed.format) : .linearFew(packed.format), weight.panelCount, blocks, arguments,
                moving: .launch(
                    floats: x.rows * x.columns + x.rows * out.columns * (epilogue.isSum ? 2 : 1),
                    weightBytes: weight.panelCount * packed.panelByteCount, readings: blocks))
        }
    }

    /// Residual, scale and number of an epilogue; the numbers are those of `Kernels/epilogue.h`.
    private func describe(_ epilogue: Epilogue) throws(DeviceError) -> [KernelArgument] {
        let none: [KernelArgument] = [.buffer(nil), .int(0), .int(0)]
        switch epilogue {
        case .store: return none + [.float(1), .int(0)]
        case .residual(let residual, let scale): return try place(residual).all + [.float(scale), .int(1)]
        case .silu: return none + [.float(1), .int(2)]
        case .siluGate: return none + [.float(1), .int(3)]
        case .quantize(let scale): return none + [.float(scale), .int(4)]
        case .tanh: return none + [.float(1), .int(5)]
        }
    }

    public func normalize(_ x: Matrix, _ norm: NormWeight, into out: Matrix) {
        StepShapes.checkNormalize(x, norm, out)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).all + [.int(x.columns), .buffer(try memory.constant(norm.values))]
            arguments += [.float(norm.epsilon)]
            arguments += try place(out).all
            try launch(.normalize, x.rows, 1, arguments, moving: .launch(floats: 3 * x.rows * x.columns))
        }
    }
}

extension Epilogue {
    /// Whether it reads what it adds to.
    fileprivate var isSum: Bool {
        if case .residual = self { true } else { false }
    }
}
