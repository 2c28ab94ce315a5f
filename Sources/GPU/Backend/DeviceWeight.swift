internal import Compute

/// The panels and biases of a linear layer in a device's memory: as the CPU reads them, since 32 outputs side by side are
/// what a warp reads at once; or, where 16-bit floats were asked for, the same panels in halves.
struct DeviceWeight {
    let format: Kernel.WeightFormat
    let panels: any DeviceBuffer
    /// Bytes of one panel.
    let panelByteCount: Int
    let bias: (any DeviceBuffer)?
    /// Kept, so that its identity stays its own.
    private let original: LinearWeight

    /// - Parameter halves: Whether 32-bit floats become 16-bit floats.
    init(_ weight: LinearWeight, halves: Bool, on device: any Device) throws(DeviceError) {
        original = weight
        switch weight.precision {
        case .f32: format = halves ? .f16 : .f32
        case .bf16: format = .bf16
        case .int8: format = .int8
        }
        let (format, byteCount) = (format, format == .f16 ? weight.byteCount / 2 : weight.byteCount)
        panelByteCount = byteCount / weight.panelCount
        let panels = try device.allocate(byteCount: byteCount)
        try weight.withPanels { bytes throws(DeviceError) in
            if format == .f16 {
                try Self.writeHalves(bytes.bindMemory(to: Float.self), to: panels, on: device)
            } else {
                try device.write(bytes, to: panels, at: 0)
            }
        }
        self.panels = panels
        if let biases = weight.biases { bias = try device.upload(Array(biases)) } else { bias = nil }
    }

    /// Rounds floats to halves, a piece at a time.
    private static func writeHalves(
        _ floats: UnsafeBufferPointer<Float>, to buffer: any DeviceBuffer, on device: any Device
    ) throws(DeviceError) {
        let piece = 1 << 20
        var halves = [UInt16](repeating: 0, count: min(piece, floats.count))
        for start in stride(from: 0, to: floats.count, by: piece) {
            let count = min(piece, floats.count - start)
            try halves.withUnsafeMutableBufferPointer { halves throws(DeviceError) in
                let bytes = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: halves[..<count]))
                NumberFormat.halves(UnsafeBufferPointer(rebasing: floats[start..<start + count]), into: bytes)
                try device.write(UnsafeRawBufferPointer(bytes), to: buffer, at: start * 2)
            }
        }
    }
}
