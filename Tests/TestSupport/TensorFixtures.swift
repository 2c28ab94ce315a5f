import Checkpoint
import Foundation

/// Tensors that the reference implementation computed, from a safetensors file in `Tests/Fixtures`.
public struct ReferenceTensors: Sendable {
    private let source: SafetensorsFile

    /// - Parameter family: A folder of `Tests/Fixtures` such as `v15` (its `expected.safetensors` is read), or a file in
    ///   it such as `rng.safetensors`.
    public init(family: String) throws {
        let place = Fixtures.folder.appendingPathComponent(family)
        source = try SafetensorsFile(
            family.hasSuffix(".safetensors") ? place : place.appendingPathComponent("expected.safetensors"))
    }

    /// All names, sorted.
    public var names: [String] { source.tensors.keys.sorted() }

    /// Shape and values of a floating-point tensor.
    public subscript(name: String) -> (shape: [Int], values: [Float]) {
        get throws { (try source.info(name).shape, try source.floats(name)) }
    }

    /// Values of an integer tensor.
    public func integers(_ name: String) throws -> [Int] { try source.integers(name) }
}

/// The error measure of the fixtures: the largest difference over the larger of 1 and the largest expected magnitude.
///
/// Infinite where the counts differ or a difference is not a number, so that `< tolerance` fails.
public func relativeError(_ actual: [Float], _ expected: [Float]) -> Float {
    guard actual.count == expected.count else { return .infinity }
    var difference: Float = 0
    var scale: Float = 1
    for (left, right) in zip(actual, expected) {
        let distance = abs(left - right)
        if distance.isNaN { return .infinity }
        difference = max(difference, distance)
        scale = max(scale, abs(right))
    }
    return difference / scale
}
