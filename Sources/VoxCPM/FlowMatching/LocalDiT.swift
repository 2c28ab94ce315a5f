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
    private let transformer: Transformer
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
        /// `[groups * patchSize, latentSize]`: of the noisy patches alone.
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
            velocity: supply.matrix(rows: groups * patchSize, columns: latentSize),
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

    /// Projects the noisy patches, `[patches * patchSize, latentSize]`.
    func projectNoisy(_ patches: Matrix, workspace: Workspace, backend: any Backend) {
        backend.linear(patches, norm: nil, input, into: workspace.noisy.prefix(patches.rows), .store)
    }

    /// Lays out one group: first row, a patch's projected condition, the projected noisy patch.
    func fill(group: Int, patch: Int, first: Matrix, time: Matrix, workspace: Workspace, backend: any Backend) {
        let start = group * groupSize
        let rows = patch * patchSize..<(patch + 1) * patchSize
        let hidden = workspace.hidden
        backend.add(first, time, into: hidden[rows: start..<start + 1])
        backend.copy(workspace.condition[rows: rows], into: hidden[rows: start + 1..<start + 1 + patchSize])
        backend.copy(workspace.noisy[rows: rows], into: hidden[rows: start + 1 + patchSize..<start + groupSize])
    }

    /// Runs the first groups, laid out by ``fill(group:patch:first:time:workspace:backend:)``.
    func estimate(groups: Int, workspace: Workspace, backend: any Backend) {
        let hidden = workspace.hidden.prefix(groups * groupSize)
        let noisy = transformer.run(
            hidden, plan: workspace.plan, cache: nil, wanted: GroupRows(of: groupSize, rows: 1 + patchSize..<groupSize),
            workspace: workspace.transformer, backend: backend)
        backend.linear(
            noisy, norm: transformer.finalNorm, output, into: workspace.velocity.prefix(noisy.rows), .store)
    }

    /// The velocity of a group, `[patchSize, latentSize]`, after ``estimate(groups:workspace:backend:)``.
    func velocity(group: Int, workspace: Workspace) -> Matrix {
        workspace.velocity[rows: group * patchSize..<(group + 1) * patchSize]
    }
}
