internal import CKernels

/// Conversions between number formats.
public enum NumberFormat {
    /// Rounds 32-bit floats to 16-bit floats, to the nearest and ties to even.
    ///
    /// - Parameter halves: Room for two bytes for each float.
    public static func halves(_ floats: UnsafeBufferPointer<Float>, into halves: UnsafeMutableRawBufferPointer) {
        precondition(halves.count >= 2 * floats.count, "no room for \(floats.count) halves")
        mynah_f32_to_f16(floats.baseAddress, floats.count, halves.baseAddress)
    }
}
