import Foundation

/// Runs the few pickle operations that torch uses for state dicts. Nothing is ever called: a "function" is one of
/// three symbols whose arguments are checked and turned into data.
struct PickleMachine {
    static let byteLimit = 32 << 20
    static let stackLimit = 10_000
    static let memoLimit = 100_000
    static let valueLimit = 500_000

    /// Bytes of the record `data/<key>`; nil where there is none.
    private let storageByteCount: (String) -> Int?
    private var cursor: ByteCursor
    private(set) var values: [PickleValue] = []
    private var stack: [PicklePlace] = []
    /// Heights of the stack at the open marks.
    private var marks: [Int] = []
    private var memo: [Int: PicklePlace] = [:]
    /// Where the operation in progress began.
    private var start = 0

    init(_ bytes: UnsafeRawBufferPointer, storageByteCount: @escaping (String) -> Int?) {
        cursor = ByteCursor(bytes)
        self.storageByteCount = storageByteCount
    }

    subscript(place: PicklePlace) -> PickleValue { values[Int(place)] }

    /// Runs to the end and returns the place of the result in ``values``.
    mutating func run() throws(PickleError) -> PicklePlace {
        guard cursor.bytes.count <= Self.byteLimit else {
            throw error(.tooLarge(byteCount: cursor.bytes.count, limit: Self.byteLimit))
        }
        guard cursor.read(UInt8.self) == 0x80 else { throw error(.unsupportedProtocol(0)) }
        let version = try read(UInt8.self)
        guard version == 2 || version == 3 else { throw error(.unsupportedProtocol(Int(version))) }
        while true {
            start = cursor.offset
            let code = try read(UInt8.self)
            if code == 0x2e { break }
            try perform(code)
            guard stack.count + marks.count <= Self.stackLimit else {
                throw error(.stackTooDeep(limit: Self.stackLimit))
            }
        }
        guard cursor.offset == cursor.bytes.count else { throw error(.bytesAfterStop) }
        guard stack.count == 1, marks.isEmpty else { throw error(.notOneResult) }
        return stack[0]
    }

    private mutating func perform(_ code: UInt8) throws(PickleError) {
        switch code {
        case 0x28: marks.append(stack.count)  // MARK
        case 0x4e: try push(.none)  // NONE
        case 0x88: try push(.bool(true))  // NEWTRUE
        case 0x89: try push(.bool(false))  // NEWFALSE
        case 0x4b: try push(.integer(Int(try read(UInt8.self))))  // BININT1
        case 0x4d: try push(.integer(Int(try read(UInt16.self))))  // BININT2
        case 0x4a: try push(.integer(Int(try read(Int32.self))))  // BININT
        case 0x8a: try push(.integer(try longInteger()))  // LONG1
        case 0x47: try push(.number(Double(bitPattern: try read(UInt64.self).byteSwapped)))  // BINFLOAT
        case 0x58: try push(.text(try text(Int(try read(UInt32.self)))))  // BINUNICODE
        case 0x55: try push(.text(try text(Int(try read(UInt8.self)))))  // SHORT_BINSTRING
        case 0x29: try push(.tuple([]))  // EMPTY_TUPLE
        case 0x5d: try push(.list([]))  // EMPTY_LIST
        case 0x7d: try push(.dictionary([], keys: []))  // EMPTY_DICT
        case 0x85: try pushTuple(1)  // TUPLE1
        case 0x86: try pushTuple(2)  // TUPLE2
        case 0x87: try pushTuple(3)  // TUPLE3
        case 0x74: try push(.tuple(try popToMark()))  // TUPLE
        case 0x68: try recall(Int(try read(UInt8.self)))  // BINGET
        case 0x6a: try recall(Int(try read(UInt32.self)))  // LONG_BINGET
        case 0x71: try remember(Int(try read(UInt8.self)))  // BINPUT
        case 0x72: try remember(Int(try read(UInt32.self)))  // LONG_BINPUT
        case 0x63: try push(.symbol(try symbol()))  // GLOBAL
        case 0x51: try pushStorage()  // BINPERSID
        case 0x52: try reduce()  // REDUCE
        case 0x62: try build()  // BUILD
        case 0x61: try append([try pop()])  // APPEND
        case 0x65: try append(try popToMark())  // APPENDS
        case 0x73:  // SETITEM
            let value = try pop()
            try setItems([try pop(), value])
        case 0x75: try setItems(try popToMark())  // SETITEMS
        default: throw error(.forbiddenOperation(code))
        }
    }

    // MARK: Operands

    private mutating func read<I: FixedWidthInteger>(_: I.Type) throws(PickleError) -> I {
        guard let value = cursor.read(I.self) else { throw error(.unexpectedEnd) }
        return value
    }

    private mutating func text(_ count: Int) throws(PickleError) -> String {
        guard let bytes = cursor.take(count) else { throw error(.unexpectedEnd) }
        guard count <= 4096, let text = String(validating: bytes, as: UTF8.self) else { throw error(.badText) }
        return text
    }

    private mutating func longInteger() throws(PickleError) -> Int {
        let count = Int(try read(UInt8.self))
        guard let bytes = cursor.take(count) else { throw error(.unexpectedEnd) }
        guard count <= 8 else { throw error(.integerTooLong(byteCount: count)) }
        var value: UInt64 = bytes.last.map { $0 & 0x80 != 0 } == true ? .max : 0
        for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        return Int(Int64(bitPattern: value))
    }

    private mutating func symbol() throws(PickleError) -> PickleSymbol {
        guard let module = cursor.line(limit: 256), let name = cursor.line(limit: 256) else { throw error(.badText) }
        let full = String(decoding: module, as: UTF8.self) + " " + String(decoding: name, as: UTF8.self)
        guard let symbol = PickleSymbol(rawValue: full) else {
            throw error(.forbiddenGlobal(full.replacingOccurrences(of: " ", with: ".")))
        }
        return symbol
    }

    // MARK: Stack and memo

    private mutating func push(_ value: PickleValue) throws(PickleError) {
        guard values.count < Self.valueLimit else { throw error(.tooManyValues(limit: Self.valueLimit)) }
        stack.append(PicklePlace(values.count))
        values.append(value)
    }

    private mutating func pop() throws(PickleError) -> PicklePlace {
        // Values below a mark belong to whoever pops the mark.
        guard stack.count > marks.last ?? 0, let place = stack.popLast() else { throw error(.stackUnderflow) }
        return place
    }

    private func top() throws(PickleError) -> PicklePlace {
        guard stack.count > marks.last ?? 0, let place = stack.last else { throw error(.stackUnderflow) }
        return place
    }

    private mutating func popToMark() throws(PickleError) -> [PicklePlace] {
        guard let height = marks.popLast() else { throw error(.noMark) }
        let result = Array(stack[height...])
        stack.removeSubrange(height...)
        return result
    }

    private mutating func pushTuple(_ count: Int) throws(PickleError) {
        var places: [PicklePlace] = []
        for _ in 0..<count { places.insert(try pop(), at: 0) }
        try push(.tuple(places))
    }

    private mutating func recall(_ key: Int) throws(PickleError) {
        guard let place = memo[key] else { throw error(.unknownMemo(key)) }
        stack.append(place)
    }

    private mutating func remember(_ key: Int) throws(PickleError) {
        guard key < Self.memoLimit else { throw error(.memoTooLarge(limit: Self.memoLimit)) }
        memo[key] = try top()
    }

    // MARK: Containers and calls

    private mutating func append(_ places: [PicklePlace]) throws(PickleError) {
        let target = Int(try top())
        guard case .list(var items) = values[target] else { throw error(.appendOnNonList) }
        // Let go of the stored copy so that growing a list does not copy it each time.
        values[target] = .none
        items += places
        values[target] = .list(items)
    }

    private mutating func setItems(_ places: [PicklePlace]) throws(PickleError) {
        guard places.count % 2 == 0 else { throw error(.stackUnderflow) }
        let target = Int(try top())
        guard case .dictionary(var items, var keys) = values[target] else { throw error(.setItemOnNonDictionary) }
        values[target] = .none
        for index in stride(from: 0, to: places.count, by: 2) {
            guard Int(places[index]) != target, case .text(let key) = self[places[index]] else {
                throw error(.keyNotText)
            }
            guard keys.insert(key).inserted else { throw error(.duplicateKey(key)) }
            items.append((key, places[index + 1]))
        }
        values[target] = .dictionary(items, keys: keys)
    }

    /// A state sets attributes of a Python object, such as `_metadata` of a state dict. We need none of them.
    private mutating func build() throws(PickleError) {
        let state = try pop()
        guard case .dictionary = self[state], case .dictionary = self[try top()] else { throw error(.badState) }
    }

    private mutating func reduce() throws(PickleError) {
        let argumentsPlace = try pop()
        guard case .symbol(let symbol) = self[try pop()] else { throw error(.callOfNonFunction) }
        guard case .tuple(let arguments) = self[argumentsPlace] else {
            throw error(.badArguments(function: symbol.rawValue))
        }
        switch symbol {
        case .orderedDict:
            guard arguments.isEmpty else { throw error(.badArguments(function: symbol.rawValue)) }
            try push(.dictionary([], keys: []))
        case .rebuildTensor: try push(.tensor(try tensor(arguments)))
        case .rebuildParameter:
            guard arguments.count == 3, case .tensor(let tensor) = self[arguments[0]] else {
                throw error(.badArguments(function: symbol.rawValue))
            }
            try push(.tensor(tensor))
        case .floatStorage, .halfStorage, .bfloat16Storage, .longStorage: throw error(.callOfNonFunction)
        }
    }

    /// `(storage, offset, sizes, strides, requires_grad, hooks[, metadata])`
    private func tensor(_ arguments: [PicklePlace]) throws(PickleError) -> PickledTensor {
        guard (6...7).contains(arguments.count), case .storage(let storage) = self[arguments[0]],
            case .integer(let offset) = self[arguments[1]], case .bool = self[arguments[4]]
        else { throw error(.badArguments(function: PickleSymbol.rebuildTensor.rawValue)) }
        guard let shape = integers(arguments[2]), let strides = integers(arguments[3]) else { throw error(.badStride) }
        do throws(PickledTensor.Rejection) {
            return try PickledTensor(storage: storage, offset: offset, shape: shape, strides: strides)
        } catch { throw self.error(error.fault) }
    }

    private func integers(_ place: PicklePlace) -> [Int]? {
        guard case .tuple(let places) = self[place] else { return nil }
        var result: [Int] = []
        for place in places {
            guard case .integer(let value) = self[place] else { return nil }
            result.append(value)
        }
        return result
    }

    /// `("storage", type, key, device, count)`; the device is ignored.
    private mutating func pushStorage() throws(PickleError) {
        guard case .tuple(let parts) = self[try pop()], parts.count == 5, case .text("storage") = self[parts[0]],
            case .symbol(let symbol) = self[parts[1]], let type = symbol.storageType,
            case .text(let key) = self[parts[2]], case .text = self[parts[3]], case .integer(let count) = self[parts[4]]
        else { throw error(.badPersistentID) }
        guard (1...20).contains(key.utf8.count), key.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw error(.badStorageKey(key))
        }
        guard count >= 0, let byteCount = count.times(type.byteCount), storageByteCount(key) == byteCount else {
            throw error(.badStorageSize(key: key))
        }
        try push(.storage(PickledStorage(key: key, type: type, count: count)))
    }

    private func error(_ fault: PickleError.Fault) -> PickleError { PickleError(fault: fault, offset: start) }
}
