public import Compute

extension GPUBackend {
    public func linear(
        _ x: Matrix, norm: NormWeight?, _ weight: LinearWeight, into out: Matrix, _ epilogue: Epilogue
    ) {
        StepShapes.checkLinear(x, norm, weight, out, epilogue)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            let packed = try memory.weight(weight)
            let arguments = try describe(x, norm, packed, out, epilogue)
            if x.rows == 1 {
                try launch(
                    .linearOne(packed.format), packed.panelCount, 1, arguments,
                    moving: packed.traffic(x, into: out, epilogue))
            } else if usesTensorCores, packed.format.suitsTensorCores {
                let tiles = TensorTiles(rows: x.rows, panels: packed.panelCount, busyGroups: busyGroups)
                try launch(
                    tiles.isFew ? .linearTensorFew(packed.format) : .linearTensor(packed.format),
                    (packed.panelCount + tiles.spread - 1) / tiles.spread, tiles.count,
                    arguments + [.int(packed.panelCount), .int(tiles.spread)],
                    moving: packed.traffic(x, into: out, epilogue, readings: tiles.count))
            } else {
                let octets = x.rows <= 8 ? 1 : x.rows <= 16 ? 2 : x.rows <= 32 ? 4 : 8
                let blocks = (x.rows + 8 * octets - 1) / (8 * octets)
                try launch(
                    .linearRows(packed.format), packed.panelCount, blocks, arguments + [.int(octets)],
                    moving: packed.traffic(x, into: out, epilogue, readings: blocks))
            }
        }
    }

    /// How a layer is dealt out to groups of `Kernels/tensor.cl`.
    private struct TensorTiles {
        let isFew: Bool
        /// Groups of rows.
        let count: Int
        /// Panels of a group: as many as leave work for every processor of a large card, since they share their rows.
        let spread: Int

        init(rows: Int, panels: Int, busyGroups: Int) {
            isFew = rows <= 8
            let count = isFew ? 1 : (rows + 31) / 32
            self.count = count
            spread = [8, 4, 2].first { panels / $0 * count >= busyGroups } ?? 1
        }
    }

    /// The arguments of `LAYER` in `Kernels/layer.h`.
    func describe(
        _ x: Matrix, _ norm: NormWeight?, _ weight: DeviceWeight, _ out: Matrix, _ epilogue: Epilogue
    ) throws(DeviceError) -> [KernelArgument] {
        var arguments = try place(x).all + [.int(x.rows), .int(x.columns)]
        if let norm {
            arguments += [.buffer(try memory.constant(norm.values)), .float(norm.epsilon)]
        } else {
            arguments += [.buffer(nil), .float(0)]
        }
        arguments += [.buffer(weight.panels), .int(weight.panelByteCount), .buffer(weight.bias)]
        arguments += try place(out).all + [.int(out.columns)]
        return try arguments + describe(epilogue)
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

extension DeviceWeight {
    /// What a launch of this layer moves.
    ///
    /// - Parameters:
    ///   - more: Values read beside inputs and residual.
    ///   - readings: Blocks of rows, each of which reads the weights.
    func traffic(
        _ x: Matrix, into out: Matrix, _ epilogue: Epilogue, more: Int = 0, readings: Int = 1
    ) -> LaunchCount {
        let sums = if case .residual = epilogue { 2 } else { 1 }
        return .launch(
            floats: x.rows * x.columns + out.rows * out.columns * sums + more, weightBytes: panelCount * panelByteCount,
            readings: readings)
    }
}
