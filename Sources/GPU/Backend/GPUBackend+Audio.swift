public import Compute

extension GPUBackend {
    public func snake(_ x: Matrix, _ weight: SnakeWeight, into out: Matrix) {
        precondition(x.columns == weight.alpha.count && out.columns == x.columns, "a snake of another width")
        precondition(x.rowStride == x.columns && out.rowStride == out.columns, "snake works on contiguous rows")
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).start
            arguments += [.buffer(try memory.constant(weight.alpha)), .buffer(try memory.constant(weight.inverse))]
            arguments += try place(out).start + [.int(x.rows), .int(x.columns)]
            try launch(.snake, elements: x.rows * x.columns, arguments)
        }
    }

    public func depthwise(_ x: Matrix, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix) {
        precondition(x.rowStride == x.columns && out.rowStride == out.columns, "depthwise works on contiguous rows")
        precondition(x.offset >= (weight.taps - 1) * weight.dilation * x.columns, "no history before the first row")
        precondition(
            weight.weights.count == weight.taps * x.columns && out.columns == x.columns && out.rows == x.rows,
            "a convolution of another width")
        precondition(snake.map { $0.alpha.count == x.columns } ?? true, "a snake of another width")
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).start + [.buffer(try memory.constant(weight.weights))]
            for constant in [weight.bias, snake?.alpha, snake?.inverse] {
                if let constant {
                    arguments.append(.buffer(try memory.constant(constant)))
                } else {
                    arguments.append(.buffer(nil))
                }
            }
            arguments += try place(out).start
            arguments += [.int(x.rows), .int(x.columns), .int(weight.taps), .int(weight.dilation)]
            try launch(.depthwise, elements: x.rows * x.columns, arguments)
        }
    }

    public func filter(_ x: Matrix, _ weight: FilterWeight, into out: Matrix) {
        precondition(x.columns == weight.weights.count, "\(x.columns) inputs for a filter of \(weight.weights.count)")
        precondition(out.columns == 1 && out.rowStride == 1 && out.rows == x.rows, "a filter has one output")
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).all + [.int(x.rows), .int(x.columns)]
            arguments += [.buffer(try memory.constant(weight.weights)), .float(weight.bias)]
            arguments += try place(out).start
            try launch(.filter, elements: x.rows, arguments)
        }
    }
}
