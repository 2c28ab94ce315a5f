public import Compute

extension GPUBackend {
    public func snake(_ x: Matrix, _ weight: SnakeWeight, into out: Matrix) {
        StepShapes.checkSnake(x, weight, out)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).start
            arguments += [.buffer(try memory.constant(weight.alpha)), .buffer(try memory.constant(weight.inverse))]
            arguments += try place(out).start + [.int(x.rows), .int(x.columns)]
            try launch(.snake, elements: x.rows * x.columns, arguments, moving: 2 * x.rows * x.columns)
        }
    }

    public func depthwise(_ x: Matrix, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix) {
        StepShapes.checkDepthwise(x, weight, snake, out)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).start + [.buffer(try memory.constant(weight.weights))]
            for values in [weight.bias, snake?.alpha, snake?.inverse] { arguments.append(try constant(values)) }
            arguments += try place(out).start
            arguments += [.int(x.rows), .int(x.columns), .int(weight.taps), .int(weight.dilation)]
            try launch(
                .depthwise, elements: x.rows * x.columns, arguments,
                moving: (2 * x.rows + (weight.taps - 1) * weight.dilation + weight.taps) * x.columns)
        }
    }

    public func filter(_ x: Matrix, _ weight: FilterWeight, into out: Matrix) {
        StepShapes.checkFilter(x, weight, out)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).all + [.int(x.rows), .int(x.columns)]
            arguments += [.buffer(try memory.constant(weight.weights)), .float(weight.bias)]
            arguments += try place(out).start
            try launch(.filter, elements: x.rows, arguments, moving: x.rows * (x.columns + 1))
        }
    }

    public func extend(_ input: CausalInput) {
        input.check()
        memory.attempt { () throws(DeviceError) in
            let window = input.window
            try launch(
                .extend, elements: (window.rows + input.kept.rows) * window.columns,
                try describe(input) + place(window).start,
                moving: (2 * window.rows + 2 * input.kept.rows) * window.columns)
        }
    }

    public func depthwise(_ input: CausalInput, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix) {
        input.check()
        StepShapes.checkDepthwise(input.fresh, weight, snake, out)
        precondition(input.kept.rows == (weight.taps - 1) * weight.dilation, "a history of another length")
        memory.attempt { () throws(DeviceError) in
            var arguments = try describe(input) + [.buffer(try memory.constant(weight.weights))]
            for values in [weight.bias, snake?.alpha, snake?.inverse] { arguments.append(try constant(values)) }
            arguments += try place(out).start
            arguments += [.int(weight.taps), .int(weight.dilation)]
            // The taps of a value are read by neighbours at the same time.
            try launch(
                .causalDepthwise, elements: (out.rows + input.kept.rows) * out.columns, arguments,
                moving: (2 * out.rows + 3 * input.kept.rows + weight.taps) * out.columns)
        }
    }

    public func filter(_ input: CausalInput, _ weight: FilterWeight, intoTanh out: Matrix) {
        input.check()
        let taps = input.kept.rows + 1
        StepShapes.checkFilter(input.windows(of: taps), weight, out)
        memory.attempt { () throws(DeviceError) in
            var arguments = try describe(input)
            arguments += [.buffer(try memory.constant(weight.weights)), .float(weight.bias)]
            arguments += try place(out).start
            try launch(
                .causalFilter, elements: out.rows + input.kept.rows * input.rows.columns, arguments + [.int(taps)],
                moving: (input.rows.rows + 3 * input.kept.rows + taps) * input.rows.columns + out.rows)
        }
    }

    /// `CAUSAL` of `Kernels/convolution.cl`.
    private func describe(_ input: CausalInput) throws(DeviceError) -> [KernelArgument] {
        var arguments = try place(input.rows).start
        for values in [input.snake?.alpha, input.snake?.inverse] { arguments.append(try constant(values)) }
        arguments += try place(input.kept).start + place(input.next).start
        return arguments + [.int(input.rows.rows), .int(input.rows.columns), .int(input.kept.rows)]
    }

    /// A constant's buffer; null where there is none.
    private func constant(_ values: [Float]?) throws(DeviceError) -> KernelArgument {
        guard let values else { return .buffer(nil) }
        return .buffer(try memory.constant(values))
    }
}
