internal import Compute

/// The weights and biases of a linear layer in a device's memory: panels of 32 outputs as `Kernels/weights.h` describes them.
///
/// A panel is blocks of 16 inputs, zero beyond the last input. A block holds 512 weights so that each of a warp's 32 lanes
/// finds its 16 in words of 128 bits: lane `4 g + t` has outputs `8 j + g` and inputs `4 t + i` of the block, as element
/// `4 j + i`; with `n` elements to a word, element `e` lies in word `e / n` of the lane, and the words `w` of all lanes lie
/// side by side. Behind the blocks of 8-bit weights are 32 scales.
struct DeviceWeight {
    let format: Kernel.WeightFormat
    var panels: any DeviceBuffer { panelLease.buffer }
    private let panelLease: DeviceLease
    let panelCount: Int
    /// Bytes of one panel.
    let panelByteCount: Int
    var bias: (any DeviceBuffer)? { biasLease?.buffer }
    private let biasLease: DeviceLease?
    /// Kept, so that its identity stays its own.
    private let original: LinearWeight

    private static let panelWidth = 32
    private static let blockInputs = 16

    private static func format(of weight: LinearWeight, halves: Bool) -> Kernel.WeightFormat {
        switch weight.precision {
        case .f32: halves && !weight.isDelicate ? .f16 : .f32
        case .bf16: .bf16
        case .int8: .int8
        }
    }

    private static func panelByteCount(_ format: Kernel.WeightFormat, inputs: Int) -> Int {
        let elements = (inputs + blockInputs - 1) / blockInputs * blockInputs * panelWidth
        return switch format {
        case .f32: elements * 4
        case .f16, .bf16: elements * 2
        case .int8: elements + panelWidth * 4
        }
    }

    /// Bytes that the panels of a weight take.
    static func byteCount(of weight: LinearWeight, halves: Bool) -> Int {
        weight.panelCount * panelByteCount(format(of: weight, halves: halves), inputs: weight.inputs)
    }

    /// - Parameter halves: Whether 32-bit floats become 16-bit floats, where they are not delicate.
    init(_ weight: LinearWeight, halves: Bool, in memory: DeviceMemory) throws(DeviceError) {
        original = weight
        format = Self.format(of: weight, halves: halves)
        panelByteCount = Self.panelByteCount(format, inputs: weight.inputs)
        panelCount = weight.panelCount
        panelLease = try memory.layOut(panelByteCount * panelCount)
        if let biases = weight.biases { biasLease = try memory.upload(Array(biases)) } else { biasLease = nil }
        let (panels, device) = (panelLease.buffer, memory.device)
        let sourceByteCount = weight.byteCount / panelCount
        try weight.withPanels { bytes throws(DeviceError) in
            let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: panelByteCount, alignment: 16)
            defer { packed.deallocate() }
            packed.initializeMemory(as: UInt8.self, repeating: 0)
            let order = Self.order(format)
            for panel in 0..<panelCount {
                let source = bytes[panel * sourceByteCount..<(panel + 1) * sourceByteCount]
                pack(UnsafeRawBufferPointer(rebasing: source), into: packed, order)
                try device.write(UnsafeRawBufferPointer(packed), to: panels, at: panel * panelByteCount)
            }
        }
    }

    /// Packs one panel of the CPU's.
    private func pack(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, _ order: BlockOrder
    ) {
        switch format {
        case .f32: order.apply(to: source, elementSize: 4, into: target)
        case .f16:
            var halves = [UInt16](repeating: 0, count: source.count / 4)
            halves.withUnsafeMutableBytes { halves in
                NumberFormat.halves(source.bindMemory(to: Float.self), into: halves)
                order.apply(to: UnsafeRawBufferPointer(halves), elementSize: 2, into: target)
            }
        case .bf16: order.apply(to: source, elementSize: 2, into: target)
        case .int8:
            let count = (original.inputs + 3) / 4 * 4 * Self.panelWidth
            order.apply(to: UnsafeRawBufferPointer(rebasing: source[..<count]), elementSize: 1, into: target)
            let scales = UnsafeRawBufferPointer(rebasing: source[count..<count + Self.panelWidth * 4])
            UnsafeMutableRawBufferPointer(rebasing: target[(panelByteCount - scales.count)...]).copyMemory(from: scales)
        }
    }

    /// Which element of 16 inputs of the CPU's panel each element of a block is.
    private static func order(_ format: Kernel.WeightFormat) -> BlockOrder {
        let wordCount: Int
        let place: (_ input: Int, _ output: Int) -> Int
        switch format {
        case .f32, .f16:
            wordCount = format == .f32 ? 4 : 8
            place = { input, output in input * panelWidth + output }
        case .bf16:
            // Words of outputs o and o + 16.
            wordCount = 8
            place = { input, output in
                input * panelWidth + output % (panelWidth / 2) * 2 + output / (panelWidth / 2)
            }
        case .int8:
            // Four inputs side by side.
            wordCount = 16
            place = { input, output in (input / 4 * panelWidth + output) * 4 + input % 4 }
        }
        var order = [Int](repeating: 0, count: blockInputs * panelWidth)
        for input in 0..<blockInputs {
            for output in 0..<panelWidth {
                let (lane, element) = (output % 8 * 4 + input / 4, output / 8 * 4 + input % 4)
                let word = element / wordCount
                order[(word * 32 + lane) * wordCount + element % wordCount] = place(input, output)
            }
        }
        return BlockOrder(order)
    }
}
