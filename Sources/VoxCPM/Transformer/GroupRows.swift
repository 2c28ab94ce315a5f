import Compute

/// The same rows of every group of a step, such as the noisy patch among what the diffusion transformer sees.
public struct GroupRows: Sendable {
    /// Rows of one group.
    public let groupSize: Int
    /// Which of them.
    public let rows: Range<Int>

    /// - Precondition: `rows` lie in a group.
    public init(of groupSize: Int, rows: Range<Int>) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= groupSize, "rows outside of their group")
        self.groupSize = groupSize
        self.rows = rows
    }

    /// Moves these rows of all groups to the front.
    ///
    /// - Parameter matrix: `[groups * groupSize, columns]`; its other rows are lost.
    /// - Returns: `[groups * rows.count, columns]`, the first rows of `matrix`.
    func gather(_ matrix: Matrix, backend: any Backend) -> Matrix {
        let groups = matrix.rows / groupSize
        for group in 0..<groups {
            for (index, row) in rows.enumerated() {
                let target = group * rows.count + index
                let source = group * groupSize + row
                if source != target {
                    backend.copy(matrix[rows: source..<source + 1], into: matrix[rows: target..<target + 1])
                }
            }
        }
        return matrix.prefix(groups * rows.count)
    }

    /// These rows of one group among the results of a step.
    ///
    /// - Parameter whole: Whether the results have all rows of every group, or these alone.
    func result(_ results: Matrix, group: Int, whole: Bool) -> Matrix {
        let start = whole ? group * groupSize + rows.lowerBound : group * rows.count
        return results[rows: start..<start + rows.count]
    }
}
