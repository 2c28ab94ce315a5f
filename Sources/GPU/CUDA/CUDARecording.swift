/// Launches that the driver keeps as a graph.
///
/// `@unchecked Sendable`: a handle of the driver that never changes.
final class CUDARecording: DeviceRecording, @unchecked Sendable {
    let launchCount: Int
    let context: CUDAContext
    private let graph: CUDALibrary.Handle
    /// The graph knows addresses only.
    private let buffers: [CUDABuffer]

    /// - Parameter captured: What the stream has kept; destroyed here.
    init(
        _ captured: CUDALibrary.Handle, launchCount: Int, buffers: [CUDABuffer], in context: CUDAContext
    ) throws(DeviceError) {
        let library = context.library
        var graph: CUDALibrary.Handle?
        let status = library.instantiateGraph(&graph, captured, 0)
        _ = library.destroyGraph(captured)
        try library.check(status, "cuGraphInstantiate")
        guard let graph else { throw .callFailed("cuGraphInstantiate", code: 0) }
        self.graph = graph
        self.launchCount = launchCount
        self.buffers = buffers
        self.context = context
    }

    deinit {
        // The driver keeps what is running until it is through.
        guard (try? context.use()) != nil else { return }
        _ = context.library.destroyInstance(graph)
    }

    func start() throws(DeviceError) {
        try context.library.check(context.library.launchGraph(graph, context.stream), "cuGraphLaunch")
    }
}
