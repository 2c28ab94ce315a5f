/// The shapes that steps may have, the same for every ``Backend``. A step of another shape is a mistake of the program,
/// and would read or write outside of its matrices.
public enum StepShapes {
    public static func checkLinear(
        _ x: Matrix, _ norm: NormWeight?, _ weight: LinearWeight, _ out: Matrix, _ epilogue: Epilogue
    ) {
        precondition(x.columns == weight.inputs, "\(x.columns) inputs for a weight of \(weight.inputs)")
        precondition(x.rows == out.rows, "\(x.rows) rows into \(out.rows)")
        precondition(weight.isGated || out.columns == weight.outputs, "\(weight.outputs) outputs into \(out.columns)")
        precondition(norm.map { $0.values.count == x.columns } ?? true, "a norm of another width")
        if case .siluGate = epilogue { precondition(weight.isGated, "this weight has no gate") }
    }

    public static func checkNormalize(_ x: Matrix, _ norm: NormWeight, _ out: Matrix) {
        precondition(x.columns == norm.values.count && out.columns == x.columns, "a norm of another width")
    }

    public static func checkRotate(_ qkv: Matrix, _ heads: HeadLayout, _ plan: RowPlan) {
        precondition(plan.positions.count >= qkv.rows && qkv.columns == heads.fusedWidth, "a plan of fewer rows")
    }

    public static func checkAttend(_ qkv: Matrix, _ plan: RowPlan, _ out: Matrix) {
        precondition(plan.spanBegins.count >= qkv.rows && out.rows == qkv.rows, "a plan of fewer rows")
    }

    public static func checkAdd(_ a: Matrix, _ b: Matrix, _ out: Matrix) {
        precondition(
            a.rows == b.rows && a.rows == out.rows && a.columns == b.columns && a.columns == out.columns,
            "a sum of different shapes")
    }

    public static func checkGuide(_ x: Matrix, _ guided: Matrix, _ free: Matrix) {
        func fits(_ matrix: Matrix) -> Bool {
            matrix.rowStride == matrix.columns && matrix.rows == x.rows && matrix.columns == x.columns
        }
        precondition(fits(x) && fits(guided) && fits(free), "guidance works on contiguous patches of one shape")
    }

    public static func checkSnake(_ x: Matrix, _ weight: SnakeWeight, _ out: Matrix) {
        precondition(x.columns == weight.alpha.count && out.columns == x.columns, "a snake of another width")
        precondition(x.rowStride == x.columns && out.rowStride == out.columns, "snake works on contiguous rows")
    }

    public static func checkDepthwise(_ x: Matrix, _ weight: DepthwiseWeight, _ snake: SnakeWeight?, _ out: Matrix) {
        precondition(x.rowStride == x.columns && out.rowStride == out.columns, "depthwise works on contiguous rows")
        precondition(x.offset >= (weight.taps - 1) * weight.dilation * x.columns, "no history before the first row")
        precondition(
            weight.weights.count == weight.taps * x.columns && out.columns == x.columns && out.rows == x.rows,
            "a convolution of another width")
        precondition(snake.map { $0.alpha.count == x.columns } ?? true, "a snake of another width")
    }

    public static func checkFilter(_ x: Matrix, _ weight: FilterWeight, _ out: Matrix) {
        precondition(x.columns == weight.weights.count, "\(x.columns) inputs for a filter of \(weight.weights.count)")
        precondition(out.columns == 1 && out.rowStride == 1 && out.rows == x.rows, "a filter has one output")
    }

    public static func checkTanh(_ x: Matrix) {
        precondition(x.rowStride == x.columns, "tanh works on contiguous rows")
    }
}
