/// The type of a stored tensor's elements.
public enum ElementType: String, Sendable, CaseIterable {
    case f64, f32, f16, bf16
    case i64, i32, i16, i8
    case u64, u32, u16, u8
    case bool
    case f8e5m2, f8e4m3

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool, .f8e5m2, .f8e4m3: 1
        }
    }

    /// Whether ``TensorSource/floats(_:)`` reads this type.
    public var isReadableAsFloat: Bool {
        switch self {
        case .f64, .f32, .f16, .bf16: true
        default: false
        }
    }

    /// The name in a safetensors header, such as `BF16`.
    public var safetensorsName: String {
        switch self {
        case .f8e5m2: "F8_E5M2"
        case .f8e4m3: "F8_E4M3"
        default: rawValue.uppercased()
        }
    }

    /// The type that a safetensors header calls `name`, or nil for unknown and for sub-byte types.
    public init?(safetensorsName name: String) {
        guard let type = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
        self = type
    }
}
