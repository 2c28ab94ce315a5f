import Compute

/// Collects what the layers of the autoencoder give, chunk after chunk, and records each as one tensor
/// `[1, channels, time]`.
final class LayerCollector {
    private var rows: [String: (channels: Int, values: [Float])] = [:]

    /// The observer to give to the autoencoder.
    var observer: LayerObserver {
        { [self] name, chunk in
            rows[name, default: (chunk.columns, [])].values += chunk.values()
        }
    }

    /// Records everything collected.
    func record(in trace: TraceRecorder) {
        for (name, layer) in rows where layer.channels > 0 {
            let time = layer.values.count / layer.channels
            let matrix = Matrix(rows: time, columns: layer.channels, values: layer.values)
            trace.set(name, shape: [1, layer.channels, time], matrix.transposedValues())
        }
    }
}
