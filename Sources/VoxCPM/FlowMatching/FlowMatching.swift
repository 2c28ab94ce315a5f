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

    /// The steps of a schedule that are computed, with their time embeddings: what sequences of the same schedule share.
    struct TimedSchedule: Sendable {
        let schedule: FlowSchedule
        /// `[steps, hiddenSize]`, the time's and the delta's part added.
        let embeddings: Matrix
        /// Indices of the steps that are not idle.
        let solved: [Int]

        /// The time embedding of a step that is not idle, `[1, hiddenSize]`.
        func embedding(_ step: Int) -> Matrix { embeddings[rows: solved[step]..<solved[step] + 1] }
    }

    /// How the patches of one sequence are solved: a schedule, and the guidance.
    struct Plan: Sendable {
        let timed: TimedSchedule
        let cfg: Float
        let zeroStar: Bool

        /// Steps that the estimator is asked for.
        var solvedSteps: Int { timed.solved.count }

        /// What the steps of a solve depend on.
        var key: [Int] {
            [
                Int(bitPattern: ObjectIdentifier(timed.embeddings.storage)), Int(cfg.bitPattern), zeroStar ? 1 : 0,
            ]
        }
    }

    /// Computes the time embeddings of a schedule.
    func time(_ schedule: FlowSchedule, backend: any Backend) -> TimedSchedule {
        let embeddings = estimator.timeEmbedding(schedule.steps.map(\.time), backend: backend)
        let delta = estimator.deltaTimeEmbedding([0], backend: backend)
        for row in 0..<embeddings.rows {
            let embedding = embeddings[rows: row..<row + 1]
            backend.add(embedding, delta, into: embedding)
        }
        return TimedSchedule(
            schedule: schedule, embeddings: embeddings,
            solved: schedule.steps.indices.filter { !schedule.steps[$0].isIdle })
    }

    /// The memory of a solve.
    struct Workspace: Sendable {
        let estimator: LocalDiT.Workspace
        /// `[sequences * patchSize, latentSize]`: the patches of every other step.
        let moved: Matrix
    }

    /// Memory for the patches of up to `sequences` sequences.
    func makeWorkspace(sequences: Int, from supply: inout MatrixSupply) -> Workspace {
        Workspace(
            estimator: estimator.makeWorkspace(patches: sequences, groups: 2 * sequences, from: &supply),
            moved: supply.matrix(rows: sequences * estimator.patchSize, columns: estimator.latentSize))
    }

    /// Turns noise into patches, in place, all in one chain of steps: the groups of a step are both branches of every
    /// sequence that is not yet done.
    ///
    /// - Parameters:
    ///   - patches: `[sequences * patchSize, latentSize]`, the noise; holds the patches afterwards.
    ///   - mu: `[sequences, estimator.hiddenSize]`, the language models' states.
    ///   - condition: `[sequences * patchSize, latentSize]`, the patches before.
    ///   - plans: One for each sequence, those with more steps before those with fewer.
    func solve(
        _ patches: Matrix, mu: Matrix, condition: Matrix, plans: [Plan], workspace: Workspace, backend: any Backend
    ) {
        let memory = workspace.estimator
        let size = estimator.patchSize
        // A step reads the patches of the step before from one of these and leaves its own in the other.
        let turns = [patches, workspace.moved]
        estimator.projectCondition(condition, workspace: memory, backend: backend)
        var count = plans.count
        for step in 0..<(plans.first?.solvedSteps ?? 0) {
            while plans[count - 1].solvedSteps <= step { count -= 1 }
            let sequences = (0..<count).map { index in
                FlowEntry.Sequence(
                    first: mu[rows: index..<index + 1], time: plans[index].timed.embedding(step),
                    guidance: step == 0
                        ? nil : guidance(plans[index], index, after: step - 1, workspace: memory, backend: backend))
            }
            estimator.enter(
                turns[max(0, step - 1) % 2].prefix(count * size), moved: turns[step % 2].prefix(count * size),
                sequences,
                workspace: memory, backend: backend)
            estimator.estimate(groups: 2 * count, workspace: memory, backend: backend)
            for index in 0..<count where plans[index].solvedSteps == step + 1 {
                let rows = index * size..<(index + 1) * size
                let last = guidance(plans[index], index, after: step, workspace: memory, backend: backend)
                let patch = turns[step % 2][rows: rows]
                backend.guide(
                    patch, guided: last.guided, free: last.free, cfg: last.cfg, zeroStar: last.zeroStar,
                    delta: last.delta)
                if step % 2 == 1 { backend.copy(patch, into: patches[rows: rows]) }
            }
        }
    }

    /// How a sequence's patch moves after a step.
    private func guidance(
        _ plan: Plan, _ index: Int, after step: Int, workspace: LocalDiT.Workspace, backend: any Backend
    ) -> FlowEntry.Guidance {
        FlowEntry.Guidance(
            guided: estimator.velocity(group: 2 * index, workspace: workspace, backend: backend),
            free: estimator.velocity(group: 2 * index + 1, workspace: workspace, backend: backend), cfg: plan.cfg,
            zeroStar: plan.zeroStar, delta: plan.timed.schedule.steps[plan.timed.solved[step]].delta)
    }
}

/// Time embeddings of the schedules that were asked for last: requests differ in them rarely.
struct FlowScheduleCache {
    private var recent: [FlowMatching.TimedSchedule] = []
    private static let limit = 8

    /// The plan of a request.
    mutating func plan(_ request: GenerationRequest, _ model: VoxCPMModel) -> FlowMatching.Plan {
        let schedule = FlowSchedule(steps: request.steps, sway: request.sway, zeroStar: request.zeroStar)
        let known = recent.first { $0.schedule == schedule }
        let timed = known ?? model.flowMatching.time(schedule, backend: model.backend)
        if known == nil {
            if recent.count == Self.limit { recent.removeFirst() }
            recent.append(timed)
        }
        return FlowMatching.Plan(timed: timed, cfg: request.cfg, zeroStar: request.zeroStar)
    }
}
