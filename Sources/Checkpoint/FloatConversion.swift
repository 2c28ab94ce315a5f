/// Conversions between stored floating-point forms and `Float`, over unaligned bytes.
enum FloatConversion {
    /// The value of an IEEE half, exactly, without the (slow, on machines before F16C) library call.
    @inline(__always) static func float(half: UInt16) -> Float {
        let magnitude = Float(bitPattern: UInt32(half & 0x7fff) << 13) * 0x1p112
        // 65536 and above: the half was infinite or not a number.
        let special: UInt32 = magnitude >= 65536 ? 0x7f80_0000 : 0
        return Float(bitPattern: magnitude.bitPattern | special | UInt32(half & 0x8000) << 16)
    }

    @inline(__always) static func float(brain: UInt16) -> Float { Float(bitPattern: UInt32(brain) << 16) }

    /// The nearest bf16, ties to even; NaN stays NaN.
    @inline(__always) static func brain(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
    }

    /// The nearest IEEE half, ties to even; too large becomes infinite.
    @inline(__always) static func half(_ value: Float) -> UInt16 { Float16(value).bitPattern }

    /// Reads `target.count` elements of a type for which ``ElementType/isReadableAsFloat`` holds.
    static func read(
        _ bytes: UnsafeRawBufferPointer, as type: ElementType, into target: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(bytes.count >= target.count * type.byteCount)
        switch type {
        case .f32:
            UnsafeMutableRawBufferPointer(target).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[..<(target.count * 4)]))
        case .bf16:
            for index in 0..<target.count {
                target[index] = float(brain: bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
            }
        case .f16:
            for index in 0..<target.count {
                target[index] = float(half: bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
            }
        case .f64:
            for index in 0..<target.count {
                target[index] = Float(bytes.loadUnaligned(fromByteOffset: index &* 8, as: Double.self))
            }
        default: preconditionFailure("\(type) is not a floating-point type that can be read")
        }
    }

    /// Writes `values` in a type for which ``ElementType/isReadableAsFloat`` holds.
    static func write(_ values: UnsafeBufferPointer<Float>, as type: ElementType, into target: UnsafeMutableRawPointer)
    {
        switch type {
        case .f32:
            for (index, value) in values.enumerated() {
                target.storeBytes(of: value, toByteOffset: index &* 4, as: Float.self)
            }
        case .bf16:
            for (index, value) in values.enumerated() {
                target.storeBytes(of: brain(value), toByteOffset: index &* 2, as: UInt16.self)
            }
        case .f16:
            for (index, value) in values.enumerated() {
                target.storeBytes(of: half(value), toByteOffset: index &* 2, as: UInt16.self)
            }
        case .f64:
            for (index, value) in values.enumerated() {
                target.storeBytes(of: Double(value), toByteOffset: index &* 8, as: Double.self)
            }
        default: preconditionFailure("\(type) is not a floating-point type that can be written")
        }
    }
}
