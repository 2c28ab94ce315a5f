internal import CKernels

/// Executes steps at once on the CPU with a team of threads.
///
/// `@unchecked Sendable`: the scratch memory belongs to the step that runs, and one thread at a time calls a backend.
public final class CPUBackend: Backend, @unchecked Sendable {
    /// The threads that share every step.
    public let team: WorkerTeam
    /// The name of the instruction set in use, see ``InstructionSet/name``.
    public let instructionSet: String
    let kernels: UnsafePointer<mynah_kernels>
    /// What prologues of linear layers leave: rows normalised, or quantised with a scale each.
    var normalized = Matrix(rows: 0, columns: 0)
    var quantized = QuantizedRows()
    private var scores = Storage(count: 0)

    /// - Parameters:
    ///   - team: The threads that share every step.
    ///   - instructionSet: A family (`scalar`, `avx2`, `avx512`, `neon`) or a name of ``InstructionSet``; nil for the
    ///     best that this machine runs.
    /// - Throws: ``ComputeError/instructionSetUnavailable(_:choices:)``.
    public init(team: WorkerTeam, instructionSet: String? = nil) throws(ComputeError) {
        kernels = try InstructionSet.kernels(named: instructionSet)
        self.team = team
        self.instructionSet = String(cString: kernels.pointee.name)
    }

    /// A processor does not fail.
    public func check() {}

    public func reserve(rows: Int, columns: Int, heads: HeadLayout, span: Int) {
        _ = normalizedScratch(rows: rows, columns: columns)
        quantized.reserve(rows: rows, columns: columns)
        _ = reserveScores(heads: heads, span: span)
    }

    /// Makes room for the scores of a group of heads for every member.
    ///
    /// - Returns: Floats of one member.
    private func reserveScores(heads: HeadLayout, span: Int) -> Int {
        let perMember = heads.heads / heads.keyValueHeads * span + 16
        if scores.count < perMember * team.count { scores = Storage(count: perMember * team.count * 2) }
        return perMember
    }

    public func rotate(
        _ qkv: Matrix, heads: HeadLayout, table: RotaryTable?, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan
    ) {
        StepShapes.checkRotate(qkv, heads, plan)
        guard table != nil || cache != nil else { return }
        plan.positions.withUnsafeBufferPointer { positions in
            plan.slots.withUnsafeBufferPointer { slots in
                var call = mynah_rotary()
                call.qkv = qkv.base
                call.qkv_stride = qkv.rowStride
                call.cosines = table.map { UnsafePointer($0.cosines.base) }
                call.sines = table.map { UnsafePointer($0.sines.base) }
                call.positions = positions.baseAddress
                call.k_cache = cache?.keys.base
                call.v_cache = cache?.values.base
                call.slots = slots.baseAddress
                call.heads = heads.heads
                call.kv_heads = heads.keyValueHeads
                call.head_size = heads.headSize
                withUnsafePointer(to: call) { call in
                    if qkv.rows < 32 {
                        kernels.pointee.rotary(call, 0, qkv.rows)
                    } else {
                        team.split(qkv.rows, with: (kernels, call)) { work, rows in
                            work.0.pointee.rotary(work.1, rows.lowerBound, rows.upperBound)
                        }
                    }
                }
            }
        }
    }

    public func attend(
        _ qkv: Matrix, heads: HeadLayout, cache: (keys: Matrix, values: Matrix)?, plan: RowPlan, into out: Matrix
    ) {
        StepShapes.checkAttend(qkv, plan, out)
        guard qkv.rows > 0 else { return }
        let (keys, values) = cache ?? heads.keysAndValues(of: qkv)
        var longest = 0
        for row in 0..<qkv.rows { longest = max(longest, Int(plan.spanEnds[row] - plan.spanBegins[row])) }
        let perMember = reserveScores(heads: heads, span: longest)
        plan.spanBegins.withUnsafeBufferPointer { begins in
            plan.spanEnds.withUnsafeBufferPointer { ends in
                var call = mynah_attention()
                call.q = UnsafePointer(qkv.base)
                call.q_stride = qkv.rowStride
                call.k = UnsafePointer(keys.base)
                call.k_stride = keys.rowStride
                call.v = UnsafePointer(values.base)
                call.v_stride = values.rowStride
                call.out = out.base
                call.out_stride = out.rowStride
                call.span_begin = begins.baseAddress
                call.span_end = ends.baseAddress
                call.heads = heads.heads
                call.kv_heads = heads.keyValueHeads
                call.head_size = heads.headSize
                withUnsafePointer(to: call) { call in
                    let shared = SharedAttention(
                        kernels: kernels, call: call, scores: scores.host, scoresPerMember: perMember,
                        items: qkv.rows * heads.keyValueHeads)
                    team.run(with: shared) { shared, member in
                        let share = member.share(of: shared.items, unit: 1)
                        guard !share.isEmpty else { return }
                        let scratch = shared.scores + member.index * shared.scoresPerMember
                        shared.kernels.pointee.attention(shared.call, scratch, share.lowerBound, share.upperBound)
                    }
                }
            }
        }
    }

    /// Attention as the members of the team see it.
    private struct SharedAttention {
        let kernels: UnsafePointer<mynah_kernels>
        let call: UnsafePointer<mynah_attention>
        let scores: UnsafeMutablePointer<Float>
        let scoresPerMember: Int
        let items: Int
    }

    public func add(_ a: Matrix, _ b: Matrix, into out: Matrix) {
        StepShapes.checkAdd(a, b, out)
        let (left, right, to) = (a.readable, b.readable, out.base)
        for row in 0..<out.rows {
            let left = left + row * a.rowStride
            let right = right + row * b.rowStride
            let to = to + row * out.rowStride
            for column in 0..<out.columns { to[column] = left[column] + right[column] }
        }
    }

    public func copy(_ x: Matrix, into out: Matrix) { out.copy(from: x) }

    public func guide(_ x: Matrix, guided: Matrix, free: Matrix, cfg: Float, zeroStar: Bool, delta: Float) {
        StepShapes.checkGuide(x, guided, free)
        mynah_guide(guided.base, free.base, x.rows * x.columns, cfg, zeroStar ? 1 : 0, delta, x.base)
    }

    public func snake(_ x: Matrix, _ weight: SnakeWeight, into out: Matrix) {
        StepShapes.checkSnake(x, weight, out)
        weight.alpha.withUnsafeBufferPointer { alpha in
            weight.inverse.withUnsafeBufferPointer { inverse in
                team.split(x.rows, unit: 8, with: (kernels, x, out, alpha.baseAddress, inverse.baseAddress)) {
                    work, rows in
                    let (kernels, x, out, alpha, inverse) = work
                    kernels.pointee.snake(
                        x.base, alpha, inverse, x.columns, out.base, rows.lowerBound, rows.upperBound)
                }
            }
        }
    }

    public func depthwise(_ x: Matrix, _ weight: DepthwiseWeight, snake: SnakeWeight?, into out: Matrix) {
        StepShapes.checkDepthwise(x, weight, snake, out)
        let bias = weight.bias ?? []
        weight.weights.withUnsafeBufferPointer { weights in
            bias.withUnsafeBufferPointer { biases in
                (snake?.alpha ?? []).withUnsafeBufferPointer { alpha in
                    (snake?.inverse ?? []).withUnsafeBufferPointer { inverse in
                        var call = mynah_depthwise()
                        call.x = UnsafePointer(x.base)
                        call.channels = x.columns
                        call.taps = weight.taps
                        call.dilation = weight.dilation
                        call.weights = weights.baseAddress
                        call.bias = weight.bias == nil ? nil : biases.baseAddress
                        call.alpha = snake == nil ? nil : alpha.baseAddress
                        call.inverse = snake == nil ? nil : inverse.baseAddress
                        call.out = out.base
                        withUnsafePointer(to: call) { call in
                            team.split(x.rows, unit: 8, with: (kernels, call)) { work, rows in
                                work.0.pointee.depthwise(work.1, rows.lowerBound, rows.upperBound)
                            }
                        }
                    }
                }
            }
        }
    }

    public func filter(_ x: Matrix, _ weight: FilterWeight, into out: Matrix) {
        StepShapes.checkFilter(x, weight, out)
        weight.weights.withUnsafeBufferPointer { weights in
            team.split(x.rows, unit: 16, with: (kernels, x, out, weights.baseAddress, weight.bias)) { work, rows in
                let (kernels, x, out, weights, bias) = work
                kernels.pointee.filter(
                    x.base, x.rowStride, weights, x.columns, bias, out.base, rows.lowerBound, rows.upperBound)
            }
        }
    }

    public func tanh(_ x: Matrix) {
        StepShapes.checkTanh(x)
        team.split(x.rows * x.columns, unit: 1024, with: (kernels, x)) { work, range in
            work.0.pointee.tanh(work.1.base, range.lowerBound, range.upperBound)
        }
    }
}
