import Compute

/// What a model computes on: threads, and a backend for each of the two chains of steps that may run at the same time.
struct Computing: Sendable {
    let team: WorkerTeam
    /// The same threads, for the AudioVAE.
    let audioTeam: WorkerTeam
    let backend: any Backend
    /// What the AudioVAE computes on, beside the language models' steps; on a device the same as ``backend``.
    let audioBackend: any Backend

    /// - Parameter device: Computes everything instead of the CPU.
    /// - Throws: `ComputeError.instructionSetUnavailable(_:choices:)`.
    init(threads: Int, instructionSet: String?, device: (any Backend)?) throws {
        team = WorkerTeam(count: threads)
        audioTeam = WorkerTeam(beside: team)
        backend = try device ?? CPUBackend(team: team, instructionSet: instructionSet)
        audioBackend = try device ?? CPUBackend(team: audioTeam, instructionSet: instructionSet)
    }
}
