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
    }

    /// How the patches of one sequence are solved: a schedule, and the guidance.
    struct Plan: Sendable {
        let timed: TimedSchedule
        let cfg: Float
        let zeroStar: Bool

        /// Steps that the estimator is asked for.
        var solvedSteps: Int { timed.solved.count }
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
        let zero: Matrix
    }

    /// Memory for the patches of up to `sequences` sequences.
    func makeWorkspace(sequences: Int, from supply: inout MatrixSupply) -> Workspace {
        Workspace(
            estimator: estimator.makeWorkspace(patches: sequences, groups: 2 * sequences, from: &supply),
            zero: supply.matrix(rows: 1, columns: estimator.hiddenSize))
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
        estimator.projectCondition(condition, workspace: memory, backend: backend)
        var count = plans.count
        for step in 0..<(plans.first?.solvedSteps ?? 0) {
            while plans[count - 1].solvedSteps <= step { count -= 1 }
            estimator.projectNoisy(patches.prefix(count * size), workspace: memory, backend: backend)
            for index in 0..<count {
                let timed = plans[index].timed
                let time = timed.embeddings[rows: timed.solved[step]..<timed.solved[step] + 1]
                let mu = mu[rows: index..<index + 1]
                estimator.fill(
                    group: 2 * index, patch: index, first: mu, time: time, workspace: memory, backend: backend)
                estimator.fill(
                    group: 2 * index + 1, patch: index, first: workspace.zero, time: time, workspace: memory,
                    backend: backend)
            }
            estimator.estimate(groups: 2 * count, workspace: memory, backend: backend)
            for index in 0..<count {
                let plan = plans[index]
                backend.guide(
                    patches[rows: index * size..<(index + 1) * size],
                    guided: estimator.velocity(group: 2 * index, workspace: memory),
                    free: estimator.velocity(group: 2 * index + 1, workspace: memory), cfg: plan.cfg,
                    zeroStar: plan.zeroStar, delta: plan.timed.schedule.steps[plan.timed.solved[step]].delta)
            }
        }
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
