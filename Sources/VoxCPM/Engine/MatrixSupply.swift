import Compute

/// Gives out the matrices of a workspace, or only adds up what they would take.
///
/// A plan and an allocation run through the same code, so that they cannot differ.
struct MatrixSupply {
    /// Bytes given out so far, or counted.
    private(set) var byteCount = 0
    /// The memory of all matrices given out; empty where this supply only counts.
    private(set) var storages: [Storage] = []
    private let allocates: Bool

    /// Allocates what is asked for.
    static var memory: MatrixSupply { MatrixSupply(allocates: true) }
    /// Gives out matrices without rows, and counts.
    static var count: MatrixSupply { MatrixSupply(allocates: false) }

    private init(allocates: Bool) { self.allocates = allocates }

    /// A matrix of zeros, without rows where this supply only counts.
    mutating func matrix(rows: Int, columns: Int) -> Matrix {
        add(byteCount: rows * columns * MemoryLayout<Float>.stride)
        let matrix = Matrix(rows: allocates ? rows : 0, columns: columns)
        if allocates { storages.append(matrix.storage) }
        return matrix
    }

    /// Counts memory that is laid out elsewhere.
    mutating func add(byteCount: Int) { self.byteCount += byteCount }
}
