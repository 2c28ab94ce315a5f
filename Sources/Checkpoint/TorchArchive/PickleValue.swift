/// A place in the arena of a ``PickleMachine``.
///
/// Values refer to each other by place, so that shared and self-containing structures cost nothing and are released
/// without recursion, however deep.
typealias PicklePlace = Int32

/// What a pickle of a state dict may consist of.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case tuple([PicklePlace])
    case list([PicklePlace])
    case dictionary([(key: String, value: PicklePlace)], keys: Set<String>)
    case symbol(PickleSymbol)
    case storage(PickledStorage)
    case tensor(PickledTensor)
}

/// Everything that a pickle may name. A symbol is only a case of this list; there is no look-up and nothing to call.
enum PickleSymbol: String, CaseIterable {
    case orderedDict = "collections OrderedDict"
    case rebuildTensor = "torch._utils _rebuild_tensor_v2"
    case rebuildParameter = "torch._utils _rebuild_parameter"
    case floatStorage = "torch FloatStorage"
    case halfStorage = "torch HalfStorage"
    case bfloat16Storage = "torch BFloat16Storage"
    case longStorage = "torch LongStorage"

    var storageType: ElementType? {
        switch self {
        case .floatStorage: .f32
        case .halfStorage: .f16
        case .bfloat16Storage: .bf16
        case .longStorage: .i64
        case .orderedDict, .rebuildTensor, .rebuildParameter: nil
        }
    }
}

/// A record `data/<key>` of the archive, whose size has been checked against `count`.
struct PickledStorage: Equatable {
    let key: String
    let type: ElementType
    let count: Int
}

/// A view of a storage, whose bounds have been checked. Offset and strides count elements.
struct PickledTensor: Equatable {
    let storage: PickledStorage
    let offset: Int
    let shape: [Int]
    let strides: [Int]

    /// Checks everything that later reads rely on.
    init(storage: PickledStorage, offset: Int, shape: [Int], strides: [Int]) throws(Rejection) {
        guard shape.count == strides.count, offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
        else { throw Rejection(fault: .badStride) }
        guard shape.count <= SafetensorsHeader.rankLimit else {
            throw Rejection(fault: .rankTooHigh(rank: shape.count, limit: SafetensorsHeader.rankLimit))
        }
        guard let count = shape.checkedProduct, count.times(storage.type.byteCount) != nil else {
            throw Rejection(fault: .tensorOutsideStorage)
        }
        if count > 0 {
            var last = offset
            for (size, stride) in zip(shape, strides) {
                guard let reach = (size - 1).times(stride), let next = last.plus(reach) else {
                    throw Rejection(fault: .tensorOutsideStorage)
                }
                last = next
            }
            guard last < storage.count else { throw Rejection(fault: .tensorOutsideStorage) }
            guard count <= storage.count else { throw Rejection(fault: .expandedTensor) }
        } else if offset > storage.count {
            throw Rejection(fault: .tensorOutsideStorage)
        }
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.strides = strides
    }

    struct Rejection: Error { let fault: PickleError.Fault }

    /// Whether the elements lie in the storage one after the other in row-major order.
    var isContiguous: Bool {
        // Without elements any strides are right, and the product of the other sizes may overflow.
        if shape.contains(0) { return true }
        var expected = 1
        for (size, stride) in zip(shape, strides).reversed() where size != 1 {
            if stride != expected { return false }
            expected *= size
        }
        return true
    }
}
