import Checkpoint
import Foundation
import VoxCPM

/// The tensors of one request, ready to be written.
struct TraceTensors {
    private(set) var floats: [(name: String, shape: [Int], values: [Float])] = []
    private(set) var integers: [(name: String, values: [Int])] = []

    init(_ trace: TraceRecorder, prefix: String) {
        for (name, tensor) in trace.tensors { floats.append((prefix + name, tensor.shape, tensor.values)) }
        for (name, values) in trace.integers { integers.append((prefix + name, values)) }
    }

    /// Adds the tensors to a file.
    func add(to writer: inout SafetensorsWriter) {
        for tensor in floats { writer.add(tensor.name, shape: tensor.shape, floats: tensor.values) }
        for tensor in integers { writer.add(tensor.name, shape: [tensor.values.count], integers: tensor.values) }
    }
}
