import Checkpoint
import Compute
import Foundation

/// The local diffusion transformer: the velocity of a noisy patch, given the language models' state, the time and the
/// patch before.
///
/// Every group of rows is `[mu + t] [condition] [x]`, `1 + 2 * patchSize` rows that see each other. Both branches of
/// classifier-free guidance, and all sequences of a batch, are groups of one step.
///
/// Reference: `VoxCPMLocDiT`.
public final class LocalDiT: Sendable {
    let hiddenSize: Int
    let latentSize: Int
    let patchSize: Int
    let transformer: Transformer
    private let input: LinearWeight
    private let condition: LinearWeight
    private let output: LinearWeight
    private let timeMLP: (LinearWeight, LinearWeight)
    private let deltaTimeMLP: (LinearWeight, LinearWeight)

    init(_ configuration: ModelConfiguration, weights: WeightReader) throws {
        let name = "feat_decoder.estimator"
        hiddenSize = configuration.localDiT.hiddenSize
        latentSize = configuration.latentSize
        patchSize = configuration.patchSize
        transformer = try Transformer(
            configuration.localDiT, prefix: "\(name).decoder", positions: 2 * configuration.patchSize + 1,
            weights: weights)
        input = try weights.delicate.linear("\(name).in_proj", hasBias: true)
        condition = try weights.delicate.linear("\(name).cond_proj", hasBias: true)
        output = try weights.delicate.linear("\(name).out_proj", hasBias: true)
        timeMLP = (
            try weights.delicate.linear("\(name).time_mlp.linear_1", hasBias: true),
            try weights.delicate.linear("\(name).time_mlp.linear_2", hasBias: true)
        )
        deltaTimeMLP = (
            try weights.delicate.linear("\(name).delta_time_mlp.linear_1", hasBias: true),
            try weights.delicate.linear("\(name).delta_time_mlp.linear_2", hasBias: true)
        )
    }

    /// Rows of one group.
    var groupSize: Int { 2 * patchSize + 1 }

    /// The memory of a solve.
    struct Workspace: Sendable {
        let hidden: Matrix
        /// `[groups * groupSize, latentSize]`; of the noisy patches alone, one behind the other, where the backend leaves
        /// out the other rows.
        let velocity: Matrix
        /// `[patches * patchSize, hiddenSize]` each: the patches before and the noisy ones, projected.
        let condition: Matrix
        let noisy: Matrix
        let transformer: TransformerWorkspace
        let plan: RowPlan
    }

    /// Memory for steps of up to `groups` groups that are made of up to `patches` patches.
    func makeWorkspace(patches: Int, groups: Int, from supply: inout MatrixSupply) -> Workspace {
        let rows = groups * groupSize
        return Workspace(
            hidden: supply.matrix(rows: rows, columns: hiddenSize),
            velocity: supply.matrix(rows: rows, columns: latentSize),
            condition: supply.matrix(rows: patches * patchSize, columns: hiddenSize),
            noisy: supply.matrix(rows: patches * patchSize, columns: hiddenSize),
            transformer: transformer.makeWorkspace(rows: rows, from: &supply),
            plan: RowPlan.groups(groups, of: groupSize))
    }

    /// Sine and cosine features of times, `[times, hiddenSize]`: sines first, scale 1000, divisor half - 1.
    ///
    /// Reference: `SinusoidalPosEmb`.
    func sinusoid(_ times: [Float]) -> Matrix {
        let half = hiddenSize / 2
        let rate = Float(-Foundation.log(10000.0) / Double(half - 1))
        let features = Matrix(rows: times.count, columns: hiddenSize)
        for (row, time) in times.enumerated() {
            let out = features.base + row * hiddenSize
            for index in 0..<half {
                let angle = 1000 * time * Foundation.expf(Float(index) * rate)
                out[index] = Foundation.sinf(angle)
                out[half + index] = Foundation.cosf(angle)
            }
        }
        return features
    }

    /// The embedding of times, `[times, hiddenSize]`, without the delta's part.
    func timeEmbedding(_ times: [Float], backend: any Backend) -> Matrix {
        embed(times, timeMLP, backend: backend)
    }

    /// The embedding of a delta of time. The reference passes 0 always, which is a non-zero constant.
    func deltaTimeEmbedding(_ deltas: [Float], backend: any Backend) -> Matrix {
        embed(deltas, deltaTimeMLP, backend: backend)
    }

    private func embed(_ times: [Float], _ layers: (LinearWeight, LinearWeight), backend: any Backend) -> Matrix {
        let inner = Matrix(rows: times.count, columns: layers.0.outputs)
        let out = Matrix(rows: times.count, columns: layers.1.outputs)
        backend.linear(sinusoid(times), norm: nil, layers.0, into: inner, .silu)
        backend.linear(inner, norm: nil, layers.1, into: out, .store)
        return out
    }

    /// Projects the patches before, `[patches * patchSize, latentSize]`, once for all steps of a solve.
    func projectCondition(_ patches: Matrix, workspace: Workspace, backend: any Backend) {
        backend.linear(patches, norm: nil, condition, into: workspace.condition.prefix(patches.rows), .store)
    }

    /// Moves and projects the noisy patches and lays out the groups of one step, see `FlowEntry`.
    ///
    /// - Parameters:
    ///   - noisy: `[sequences * patchSize, latentSize]`.
    ///   - moved: The same shape; the patches after guidance, where there is one.
    func enter(
        _ noisy: Matrix, moved: Matrix, _ sequences: [FlowEntry.Sequence], workspace: Workspace, backend: any Backend
    ) {
        backend.enter(
            FlowEntry(
                noisy: noisy, moved: moved, condition: workspace.condition.prefix(noisy.rows), projection: input,
                projected: workspace.noisy.prefix(noisy.rows),
                hidden: workspace.hidden.prefix(2 * sequences.count * groupSize), sequences: sequences))
    }

    /// Runs the first groups, laid out by ``enter(_:moved:_:workspace:backend:)``.
    func estimate(groups: Int, workspace: Workspace, backend: any Backend) {
        let hidden = workspace.hidden.prefix(groups * groupSize)
        let result = transformer.run(
            hidden, plan: workspace.plan, cache: nil, wanted: noisyRows, workspace: workspace.transformer,
            backend: backend)
        backend.linear(
            result, norm: transformer.finalNorm, output, into: workspace.velocity.prefix(result.rows), .store)
    }

    /// The velocity of a group, `[patchSize, latentSize]`, after ``estimate(groups:workspace:backend:)``.
    func velocity(group: Int, workspace: Workspace, backend: any Backend) -> Matrix {
        noisyRows.result(workspace.velocity, group: group, whole: backend.runsWholeGroups)
    }

    private var noisyRows: GroupRows { GroupRows(of: groupSize, rows: 1 + patchSize..<groupSize) }
}
