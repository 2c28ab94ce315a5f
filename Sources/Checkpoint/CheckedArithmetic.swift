extension Int {
    /// `self * other`, or nil where that leaves the range of `Int`.
    func times(_ other: Int) -> Int? {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? nil : product
    }

    /// `self + other`, or nil where that leaves the range of `Int`.
    func plus(_ other: Int) -> Int? {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? nil : sum
    }
}

extension Sequence<Int> {
    /// The product of all elements, 1 for none, or nil where a partial product leaves the range of `Int`.
    ///
    /// A zero anywhere does not excuse an overflow before it: shapes that only fit by luck are refused.
    var checkedProduct: Int? {
        var product = 1
        for factor in self {
            guard let next = product.times(factor) else { return nil }
            product = next
        }
        return product
    }
}
