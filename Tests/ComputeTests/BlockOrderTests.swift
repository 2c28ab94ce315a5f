import Compute
import Testing

struct BlockOrderTests {
    @Test(arguments: [1, 2, 4]) func elementsGoWhereTheOrderSays(size: Int) {
        let order = BlockOrder([2, 0, 3, 1])
        // Two whole blocks, and two elements of a third.
        let source = (0..<10 * size).map { UInt8($0) }
        var target = [UInt8](repeating: 99, count: 12 * size)
        source.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { order.apply(to: source, elementSize: size, into: $0) }
        }
        let places = [2, 0, 3, 1, 6, 4, 7, 5, nil, 8, nil, 9]
        let expected = places.flatMap { place in
            (0..<size).map { byte in place.map { UInt8($0 * size + byte) } ?? 99 }
        }
        #expect(target == expected)
    }
}
