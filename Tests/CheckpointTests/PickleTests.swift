import Foundation
import Testing

@testable import Checkpoint

/// Hostile pickles: each rule has its fault, and the fault its place.
struct PickleTests {
    private static func run(_ bytes: [UInt8], storages: [String: Int] = ["0": 24]) throws -> PickleValue {
        let result: Result<PickleValue, PickleError> = bytes.withUnsafeBytes { buffer in
            var machine = PickleMachine(buffer) { storages[$0] }
            do throws(PickleError) {
                let root = try machine.run()
                return .success(machine[root])
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func tensor(
        offset: Int = 0, shape: [Int] = [2, 3], strides: [Int] = [3, 1], count: Int = 6
    ) -> [UInt8] { Pickle.tensor(Pickle.storage(count: count), offset: offset, shape: shape, strides: strides) }

    private static let system =
        Pickle.global("os", "system") + Pickle.tuple([Pickle.text("touch /tmp/owned")]) + Pickle.reduce
    private static let none: [UInt8] = [0x4e]
    /// An empty stack's mark, for operations that need one.
    private static let mark: [UInt8] = [0x28]

    /// Bodies between the protocol and the end, faults, and where they are: nil for the last operation.
    @Test(
        arguments: [
            (system, PickleError.Fault.forbiddenGlobal("os.system"), 2),
            (Pickle.global("builtins", "eval"), .forbiddenGlobal("builtins.eval"), 2),
            (Pickle.global("torch", "IntStorage"), .forbiddenGlobal("torch.IntStorage"), 2),
            (
                Pickle.global("torch._utils", "_rebuild_tensor_v3"),
                .forbiddenGlobal("torch._utils._rebuild_tensor_v3"), 2
            ),
            (Array("cos\nsystem".utf8), .badText, 2),
            (Array("c".utf8) + [UInt8](repeating: 0x61, count: 300) + Array("\nx\n".utf8), .badText, 2),
            // STACK_GLOBAL, NEWOBJ, INST, OBJ, EXT1, POP, DUP, FRAME, BYTES, INT, PROTO again
            ([0x93], .forbiddenOperation(0x93), 2), ([0x81], .forbiddenOperation(0x81), 2),
            ([0x69], .forbiddenOperation(0x69), 2), ([0x6f], .forbiddenOperation(0x6f), 2),
            ([0x82], .forbiddenOperation(0x82), 2), ([0x30], .forbiddenOperation(0x30), 2),
            ([0x32], .forbiddenOperation(0x32), 2), ([0x95], .forbiddenOperation(0x95), 2),
            ([0x42], .forbiddenOperation(0x42), 2), ([0x49], .forbiddenOperation(0x49), 2),
            (none + [0x80, 2], .forbiddenOperation(0x80), 3),
            ([0x58, 255, 255, 255, 255], .unexpectedEnd, 2), ([0x58, 2, 0, 0, 0, 0xff, 0xff], .badText, 2),
            ([0x58] + little(UInt32(5000)) + [UInt8](repeating: 0x61, count: 5000), .badText, 2),
            ([0x8a, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1], .integerTooLong(byteCount: 9), 2),
            (Pickle.append, .stackUnderflow, 2), ([0x86], .stackUnderflow, 2), (Pickle.setItem, .stackUnderflow, 2),
            (none + mark + [0x85], .stackUnderflow, 4), (Pickle.tuple, .noMark, 2), (Pickle.setItems, .noMark, 2),
            ([0x68, 3], .unknownMemo(3), 2), ([0x6a, 255, 255, 255, 255], .unknownMemo(4_294_967_295), 2),
            (none + [0x72] + little(UInt32(100_000)), .memoTooLarge(limit: 100_000), 3),
            (none + [0x72, 255, 255, 255, 255], .memoTooLarge(limit: 100_000), 3), ([0x71, 0], .stackUnderflow, 2),
            ([UInt8](repeating: 0x4e, count: 10_001), .stackTooDeep(limit: 10_000), 10_002),
            ([UInt8](repeating: 0x28, count: 10_001), .stackTooDeep(limit: 10_000), 10_002),
            (none + Pickle.persistentID, .badPersistentID, 3),
            (Pickle.storage(count: 6, tag: "module"), .badPersistentID, nil),
            (Pickle.tuple([Pickle.text("storage")]) + Pickle.persistentID, .badPersistentID, 16),
            (Pickle.storage(key: "../0", count: 6), .badStorageKey("../0"), nil),
            (Pickle.storage(key: "", count: 6), .badStorageKey(""), nil),
            (Pickle.storage(key: "٣", count: 6), .badStorageKey("٣"), nil),
            (Pickle.storage(count: 5), .badStorageSize(key: "0"), nil),
            (Pickle.storage(count: 7), .badStorageSize(key: "0"), nil),
            (Pickle.storage(count: -6), .badStorageSize(key: "0"), nil),
            (Pickle.storage(count: .max), .badStorageSize(key: "0"), nil),
            (Pickle.storage(type: "HalfStorage", count: 6), .badStorageSize(key: "0"), nil),
            (Pickle.storage(key: "1", count: 6), .badStorageSize(key: "1"), nil),
            // CVE-2026-24747
            (Pickle.emptyList + Pickle.text("a") + none + Pickle.setItem, .setItemOnNonDictionary, 10),
            (tensor() + Pickle.text("a") + none + Pickle.setItem, .setItemOnNonDictionary, nil),
            (Pickle.emptyList + mark + Pickle.text("a") + none + Pickle.setItems, .setItemOnNonDictionary, 11),
            (Pickle.emptyDictionary + none + Pickle.append, .appendOnNonList, 4),
            (Pickle.emptyDictionary + none + none + Pickle.setItem, .keyNotText, 5),
            (Pickle.emptyDictionary + mark + none + Pickle.setItems, .stackUnderflow, 5),
            (Pickle.dictionary([("a", none), ("a", none)]), .duplicateKey("a"), 18),
            (none + Pickle.emptyTuple + Pickle.reduce, .callOfNonFunction, 4),
            (Pickle.global("torch", "FloatStorage") + Pickle.emptyTuple + Pickle.reduce, .callOfNonFunction, 23),
            (
                Pickle.global("collections", "OrderedDict") + Pickle.emptyList + Pickle.reduce,
                .badArguments(function: "collections OrderedDict"), 28
            ),
            (
                Pickle.global("torch._utils", "_rebuild_tensor_v2") + Pickle.emptyTuple + Pickle.reduce,
                .badArguments(function: "torch._utils _rebuild_tensor_v2"), 36
            ),
            (none + Pickle.emptyDictionary + Pickle.build, .badState, 4),
            (Pickle.emptyDictionary + none + Pickle.build, .badState, 4),
            (tensor(offset: -1), .badStride, nil), (tensor(strides: [-3, 1]), .badStride, nil),
            (tensor(shape: [-2, 3]), .badStride, nil), (tensor(strides: [1]), .badStride, nil),
            (tensor(offset: 1), .tensorOutsideStorage, nil), (tensor(strides: [4, 1]), .tensorOutsideStorage, nil),
            (tensor(strides: [.max, 1]), .tensorOutsideStorage, nil),
            (tensor(shape: [.max, .max]), .tensorOutsideStorage, nil),
            (tensor(shape: [.max, 3], strides: [0, 1]), .tensorOutsideStorage, nil),
            (tensor(shape: [100, 3], strides: [0, 1]), .expandedTensor, nil),
            (tensor(offset: 7, shape: [0], strides: [1]), .tensorOutsideStorage, nil),
            (
                tensor(shape: .init(repeating: 1, count: 9), strides: .init(repeating: 1, count: 9)),
                .rankTooHigh(rank: 9, limit: 8), nil
            ),
            (none + none, .notOneResult, 4), (none + mark, .notOneResult, 4), ([], .notOneResult, 2),
        ] as [([UInt8], PickleError.Fault, Int?)])
    func refuses(body: [UInt8], fault: PickleError.Fault, offset: Int?) {
        let error = #expect(throws: PickleError.self) { try Self.run(Pickle.file(body)) }
        #expect(error?.fault == fault)
        #expect(error?.offset == offset ?? body.count + 1, "\(fault)")
    }

    @Test func refusesOtherFrames() {
        func fault(_ bytes: [UInt8]) -> PickleError.Fault? {
            #expect(throws: PickleError.self) { try Self.run(bytes) }?.fault
        }
        #expect(fault([]) == .unsupportedProtocol(0))
        #expect(fault([0x80]) == .unexpectedEnd)
        #expect(fault([0x80, 4, 0x4e, 0x2e]) == .unsupportedProtocol(4))
        #expect(fault([0x80, 2]) == .unexpectedEnd)
        #expect(fault(Pickle.file([0x4e]) + [0]) == .bytesAfterStop)
        let large = PickleMachine.byteLimit + 1
        #expect(
            fault([UInt8](repeating: 0x29, count: large))
                == .tooLarge(byteCount: large, limit: PickleMachine.byteLimit))
    }

    /// Hundreds of thousands of values, each around the one before: nothing here may recurse.
    @Test func deepNestingIsHarmless() throws {
        let tuples = Pickle.emptyTuple + [UInt8](repeating: 0x85, count: 400_000)
        _ = try Self.run(Pickle.file(tuples))
        let tooMany = Pickle.emptyTuple + [UInt8](repeating: 0x85, count: 500_000)
        let error = #expect(throws: PickleError.self) { try Self.run(Pickle.file(tooMany)) }
        #expect(error?.fault == .tooManyValues(limit: 500_000))
    }

    /// Each value holds the one before it twice, 60 times: 2^60 values if anybody expanded them.
    @Test func sharedValuesAreNotExpanded() throws {
        var body: [UInt8] = [0x4e]
        for _ in 0..<60 { body += [0x71, 0, 0x68, 0, 0x86] }
        _ = try Self.run(Pickle.file(body))
    }

    /// Lists and dictionaries that hold themselves.
    @Test func circlesAreHarmless() throws {
        _ = try Self.run(Pickle.file(Pickle.emptyList + [0x71, 0, 0x68, 0] + Pickle.append))
        _ = try Self.run(
            Pickle.file(Pickle.emptyDictionary + [0x71, 0] + Pickle.text("a") + [0x68, 0] + Pickle.setItem))
        let error = #expect(throws: PickleError.self) {
            try Self.run(Pickle.file(Pickle.emptyDictionary + [0x71, 0, 0x68, 0, 0x4e] + Pickle.setItem))
        }
        #expect(error?.fault == .keyNotText)
    }

    @Test(arguments: [
        ([0x8a, 0], 0), ([0x8a, 1, 0xff], -1), ([0x8a, 2, 0, 1], 256), ([0x4a, 0, 0, 0, 0x80], -1 << 31),
    ])
    func readsIntegers(bytes: [UInt8], expected: Int) throws {
        guard case .integer(let value) = try Self.run(Pickle.file(bytes)) else {
            Issue.record("not an integer")
            return
        }
        #expect(value == expected)
    }
}
