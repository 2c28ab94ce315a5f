public import Compute

extension GPUBackend {
    public func snake(_ x: Matrix, _ weight: SnakeWeight, into out: Matrix) {
        StepShapes.checkSnake(x, weight, out)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).start
            arguments += [.buffer(try memory.constant(weight.alpha)), .buffer(try memory.constant(weight.inverse))]
            arguments += try place(out).start + [.int(x.rows), .int(x.columns)]
            try launch(.snake, elements: x.rows * x.columns, arguments)
        }
    }

    public func depthwise(_ x: Matrix, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix) {
        StepShapes.checkDepthwise(x, weight, snake, out)
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
        StepShapes.checkFilter(x, weight, out)
        guard x.rows > 0 else { return }
        memory.attempt { () throws(DeviceError) in
            var arguments = try place(x).all + [.int(x.rows), .int(x.columns)]
            arguments += [.buffer(try memory.constant(weight.weights)), .float(weight.bias)]
            arguments += try place(out).start
            try launch(.filter, elements: x.rows, arguments)
        }
    }
}
