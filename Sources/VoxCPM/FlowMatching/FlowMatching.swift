import Checkpoint
import Compute

/// Solves a patch out of noise with Euler steps, classifier-free guidance and CFG-zero-star.
///
/// Reference: `UnifiedCFM`. The free branch has `mu = 0` and keeps the condition; with zero-star it is scaled by
/// `<p, n> / (<n, n> + 1e-8)` over the patch.
public final class FlowMatching: Sendable {
    let estimator: LocalDiT

    init(_ configuration: ModelConfiguration, weights: WeightReader) throws {
        estimator = try LocalDiT(configuration, weights: weights)
    }

    /// How a solve goes: the schedule with its time embeddings, computed once, and the guidance.
    public struct Plan: Sendable {
        let schedule: FlowSchedule
        /// `[steps, hiddenSize]`, the time's and the delta's part added.
        let timeEmbeddings: Matrix
        let cfg: Float
        let zeroStar: Bool
    }

    /// Computes the time embeddings of a schedule.
    func plan(_ schedule: FlowSchedule, cfg: Float, zeroStar: Bool = true, backend: any Backend) -> Plan {
        let embeddings = estimator.timeEmbedding(schedule.steps.map(\.time), backend: backend)
        let delta = estimator.deltaTimeEmbedding([0], backend: backend)
        for row in 0..<embeddings.rows {
            let embedding = embeddings[rows: row..<row + 1]
            backend.add(embedding, delta, into: embedding)
        }
        return Plan(schedule: schedule, timeEmbeddings: embeddings, cfg: cfg, zeroStar: zeroStar)
    }

    /// The memory of a solve.
    struct Workspace: Sendable {
        let estimator: LocalDiT.Workspace
        let zero: Matrix
    }

    func makeWorkspace() -> Workspace {
        Workspace(
            estimator: estimator.makeWorkspace(groups: 2), zero: Matrix(rows: 1, columns: estimator.hiddenSize))
    }

    /// Turns noise into a patch, in place.
    ///
    /// - Parameters:
    ///   - patch: `[patchSize, latentSize]`, the noise; holds the patch afterwards.
    ///   - mu: `[1, estimator.hiddenSize]`, the language models' state.
    ///   - condition: `[patchSize, latentSize]`, the patch before.
    func solve(
        _ patch: Matrix, mu: Matrix, condition: Matrix, plan: Plan, workspace: Workspace, backend: any Backend
    ) {
        let memory = workspace.estimator
        estimator.projectCondition(condition, workspace: memory, backend: backend)
        for (index, step) in plan.schedule.steps.enumerated() where !step.isIdle {
            let time = plan.timeEmbeddings[rows: index..<index + 1]
            estimator.projectNoisy(patch, workspace: memory, backend: backend)
            estimator.fill(group: 0, first: mu, time: time, workspace: memory, backend: backend)
            estimator.fill(group: 1, first: workspace.zero, time: time, workspace: memory, backend: backend)
            estimator.estimate(workspace: memory, backend: backend)
            backend.guide(
                patch, guided: estimator.velocity(group: 0, workspace: memory),
                free: estimator.velocity(group: 1, workspace: memory), cfg: plan.cfg, zeroStar: plan.zeroStar,
                delta: step.delta)
        }
    }
}
