internal import CKernels

/// The kernels compiled for one kind of processor: which this machine can run, and which is best.
public struct InstructionSet: Sendable, Equatable, CustomStringConvertible {
    /// The kernels themselves: `scalar`, `avx2-maddubs`, `avx2-vnni`, `avx512`, `neon-smull`, `neon-dotprod` or
    /// `neon-i8mm`.
    public let name: String
    /// What they belong to, `scalar`, `avx2`, `avx512` or `neon`. Asking for a family gives its best member.
    public let family: String
    /// Whether one instruction multiplies 8-bit integers and adds the products: where int8 pays most.
    public let hasDotProduct: Bool

    public var description: String { name }

    /// All that this machine runs, the best first.
    public static let available: [InstructionSet] = list(mynah_kernels_at).map { InstructionSet($0.pointee) }

    /// The features of this processor that decide, such as `avx2` or `dotprod`.
    public static let processorFeatures: [String] = list(mynah_cpu_feature).map { String(cString: $0) }

    /// What may be asked for on this machine: families and names, the best first.
    public static var choices: [String] {
        available.flatMap { [$0.family, $0.name] }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The instruction set with that family or name, or the best of all.
    ///
    /// - Parameter name: What `MYNAH_CPU` says; nil or nothing for the best.
    /// - Throws: ``ComputeError/instructionSetUnavailable(_:choices:)``.
    public static func named(_ name: String?) throws(ComputeError) -> InstructionSet {
        InstructionSet(try kernels(named: name).pointee)
    }

    static func kernels(named name: String?) throws(ComputeError) -> UnsafePointer<mynah_kernels> {
        let wanted = name.flatMap { $0.isEmpty ? nil : $0 }
        guard let kernels = mynah_kernels_for(wanted) else {
            throw .instructionSetUnavailable(wanted ?? "", choices: choices)
        }
        return kernels
    }

    init(_ kernels: mynah_kernels) {
        name = String(cString: kernels.name)
        family = String(cString: kernels.family)
        hasDotProduct = kernels.has_dot_product != 0
    }

    /// What the kernels' own lists hold.
    private static func list<T>(_ element: (Int) -> UnsafePointer<T>?) -> [UnsafePointer<T>] {
        var all: [UnsafePointer<T>] = []
        while let next = element(all.count) { all.append(next) }
        return all
    }
}
