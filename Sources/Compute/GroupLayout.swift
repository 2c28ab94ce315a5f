extension Backend {
    public var runsWholeGroups: Bool { false }

    public func layOut(_ first: Matrix, before rows: Matrix, size: Int, into out: Matrix) {
        for group in 0..<rows.rows / size {
            let start = group * (size + 1)
            copy(first, into: out[rows: start..<start + 1])
            copy(rows[rows: group * size..<(group + 1) * size], into: out[rows: start + 1..<start + 1 + size])
        }
    }
}
