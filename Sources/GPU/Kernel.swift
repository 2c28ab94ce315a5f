/// The kernels of `Kernels/*.cl` by name.
public enum Kernel: Hashable, Sendable {
    /// Linear layers in 32-bit floats: of a single row, of any number, and of a few that attention left in parts.
    case linearOne(WeightFormat), linearRows(WeightFormat), linearJoined(WeightFormat)
    /// Linear layers on tensor cores, for formats that ``WeightFormat/suitsTensorCores``: of up to eight rows, of more.
    case linearTensorFew(WeightFormat), linearTensor(WeightFormat)
    case enterFlow(WeightFormat)
    case normalize, rotary, attention, add, copy, layOut, tanh, guide, snake, depthwise, filter
    case extend, causalDepthwise, causalFilter

    /// How the panels of a linear layer lie in the device's memory.
    public enum WeightFormat: String, Sendable, CaseIterable {
        case f32, f16, bf16, int8

        /// Whether tensor cores multiply such weights exactly, or in two parts.
        public var suitsTensorCores: Bool { self != .f32 }

        /// The kernels over weights of this format.
        var kernels: [Kernel] {
            let tensor: [Kernel] = suitsTensorCores ? [.linearTensorFew(self), .linearTensor(self)] : []
            return [.linearOne(self), .linearRows(self), .linearJoined(self), .enterFlow(self)] + tensor
        }
    }

    /// All kernels.
    public static let all: [Kernel] =
        WeightFormat.allCases.flatMap(\.kernels)
        + [.normalize, .rotary, .attention, .add, .copy, .layOut, .tanh, .guide, .snake, .depthwise, .filter]
        + [.extend, .causalDepthwise, .causalFilter]

    /// The programs in OpenCL C that hold all kernels together.
    package static var sources: [String] { KernelProgram.all.map(\.source) }

    /// The function's name, of which there is one in all programs together.
    var entry: String {
        switch self {
        case .linearOne(let format): "linear_one_\(format.rawValue)"
        case .linearRows(let format): "linear_rows_\(format.rawValue)"
        case .linearJoined(let format): "linear_joined_\(format.rawValue)"
        case .linearTensorFew(let format): "linear_tensor_few_\(format.rawValue)"
        case .linearTensor(let format): "linear_tensor_\(format.rawValue)"
        case .enterFlow(let format): "enter_flow_\(format.rawValue)"
        case .normalize: "normalize_rows"
        case .rotary: "rotary"
        case .attention: "attention"
        case .add: "add_elements"
        case .copy: "copy_elements"
        case .layOut: "lay_out"
        case .tanh: "tanh_elements"
        case .guide: "guide"
        case .snake: "snake"
        case .depthwise: "depthwise"
        case .filter: "filter_rows"
        case .extend: "extend_rows"
        case .causalDepthwise: "causal_depthwise"
        case .causalFilter: "causal_filter"
        }
    }

    /// Threads of a group.
    public var threads: Int {
        switch self {
        case .normalize, .rotary, .guide: KernelProgram.groupLanes
        default: 256
        }
    }

    var program: KernelProgram {
        switch self {
        case .linearOne(let format), .linearRows(let format), .linearJoined(let format), .linearTensorFew(let format),
            .linearTensor(let format), .enterFlow(let format):
            .linear(format)
        default: .steps
        }
    }
}

/// Kernels that are built together.
enum KernelProgram: Hashable, Sendable {
    /// Linear layers over weights of one format.
    case linear(Kernel.WeightFormat)
    /// All others.
    case steps

    /// All programs; together they have all kernels.
    static let all: [KernelProgram] = Kernel.WeightFormat.allCases.map { .linear($0) } + [.steps]

    /// Threads of a group in which all of a row meet.
    static let groupLanes = 128

    var name: String {
        switch self {
        case .linear(let format): "linear layers (\(format.rawValue))"
        case .steps: "steps"
        }
    }

    /// The source, in the order in which its parts need each other.
    var source: String {
        let definitions: String
        var files: [[UInt8]]
        switch self {
        case .linear(let format):
            definitions = "#define WEIGHTS_\(format.rawValue.uppercased())\n"
            files = [
                PackageResources.portability_h, PackageResources.spans_h, PackageResources.weights_h,
                PackageResources.epilogue_h, PackageResources.layer_h, PackageResources.joined_h,
                PackageResources.linear_cl, PackageResources.flow_cl,
            ]
            if format.suitsTensorCores { files += [PackageResources.mma_h, PackageResources.tensor_cl] }
        case .steps:
            definitions = "#define GROUP_LANES \(Self.groupLanes)\n"
            files = [
                PackageResources.portability_h, PackageResources.spans_h, PackageResources.reduction_h,
                PackageResources.normalize_cl,
                PackageResources.rotary_cl, PackageResources.attention_cl, PackageResources.elementwise_cl,
                PackageResources.convolution_cl,
            ]
        }
        return definitions + files.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }
}
