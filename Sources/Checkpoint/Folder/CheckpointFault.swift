public import Foundation

/// One disagreement between a checkpoint's weights and what its configuration needs.
public struct CheckpointFault: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        case missing(shape: [Int])
        case wrongShape(expected: [Int], found: [Int])
        case wrongType(ElementType)
        /// Infinite or not a number.
        case notFinite(count: Int)
        /// Nothing in the model has this name: only a warning.
        case unused
    }

    public let file: URL
    /// The tensor's name.
    public let name: String
    public let kind: Kind

    /// Warnings do not keep the model from running.
    public var isWarning: Bool { kind == .unused }

    public var description: String {
        let tensor = "\(file.lastPathComponent): tensor \(name.quoted)"
        return switch kind {
        case .missing(let shape): "\(tensor) of shape \(shape) is missing"
        case .wrongShape(let expected, let found): "\(tensor) has shape \(found) instead of \(expected)"
        case .wrongType(let type): "\(tensor) holds \(type.rawValue) instead of floating-point numbers"
        case .notFinite(let count): "\(tensor) holds \(count) values that are infinite or not numbers"
        case .unused: "\(tensor) is not used by the model"
        }
    }
}

/// A checkpoint's weights do not fit its configuration; all faults.
public struct CheckpointFaults: CheckpointProblem, Equatable {
    /// The checkpoint's folder.
    public let file: URL
    /// At least one, no warnings.
    public let faults: [CheckpointFault]

    public var description: String {
        let shown = faults.prefix(50).map(\.description).joined(separator: "; ")
        let rest = faults.count > 50 ? "; and \(faults.count - 50) more" : ""
        return "the checkpoint in \(place) has \(faults.count) \(faults.count == 1 ? "fault" : "faults"): "
            + "\(shown)\(rest); download files that belong together"
    }
}

extension CheckpointFolder {
    /// How many values are looked at.
    public enum Depth: Sendable {
        /// Those of norms, biases, gains and the like: milliseconds.
        case scales
        /// All: reads the whole checkpoint.
        case everything
    }

    /// Compares every tensor with what the configuration needs, by name, shape, type and (as far as `depth` says)
    /// values, and lists everything that is wrong, and what nobody uses as warnings, sorted by file and name.
    public func faults(depth: Depth = .scales) -> [CheckpointFault] {
        Self.faults(of: model, expected: ExpectedTensor.model(for: configuration), depth)
            + Self.faults(of: audioVAE, expected: ExpectedTensor.audioVAE(for: configuration.audioVAE), depth)
    }

    /// Throws unless the weights are all there and right.
    ///
    /// - Throws: ``CheckpointFaults``.
    public func verify(depth: Depth = .scales) throws {
        let serious = faults(depth: depth).filter { !$0.isWarning }
        guard serious.isEmpty else { throw CheckpointFaults(file: folder, faults: serious) }
    }

    private static func faults(
        of source: any TensorSource, expected: [ExpectedTensor], _ depth: Depth
    ) -> [CheckpointFault] {
        var result: [CheckpointFault] = []
        func report(_ name: String, _ kind: CheckpointFault.Kind) {
            result.append(CheckpointFault(file: source.file, name: name, kind: kind))
        }
        for tensor in expected {
            guard let info = source.tensors[tensor.name] else {
                report(tensor.name, .missing(shape: tensor.shape))
                continue
            }
            if info.shape != tensor.shape {
                report(tensor.name, .wrongShape(expected: tensor.shape, found: info.shape))
            }
            if !info.type.isReadableAsFloat {
                report(tensor.name, .wrongType(info.type))
            } else if tensor.role == .scale || depth == .everything {
                let bad = source.nonFiniteCount(info)
                if bad > 0 { report(tensor.name, .notFinite(count: bad)) }
            }
        }
        let used = Set(expected.map(\.name))
        for name in source.tensors.keys where !used.contains(name) { report(name, .unused) }
        return result.sorted { $0.name < $1.name }
    }
}

extension TensorSource {
    /// Elements of a floating-point tensor that are infinite or not numbers.
    func nonFiniteCount(_ info: TensorInfo) -> Int {
        let count = try? withBytes(of: info.name) { bytes -> Int in
            func bad<I: FixedWidthInteger>(_ exponent: I) -> Int {
                var found = 0
                for index in 0..<info.count {
                    let bits = I(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: index &* (I.bitWidth / 8), as: I.self))
                    if bits & exponent == exponent { found &+= 1 }
                }
                return found
            }
            return switch info.type {
            case .f64: bad(UInt64(0x7ff0_0000_0000_0000))
            case .f32: bad(UInt32(0x7f80_0000))
            case .f16: bad(UInt16(0x7c00))
            case .bf16: bad(UInt16(0x7f80))
            default: 0
            }
        }
        return count ?? 0
    }
}
