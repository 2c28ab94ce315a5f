public import Foundation

/// A torch archive is a proper zip file, but what it holds is not an acceptable state dict.
public struct TorchArchiveError: CheckpointProblem, Equatable {
    public enum Fault: Sendable, Equatable {
        /// No record `<folder>/data.pkl`, or several.
        case noPickle
        /// Records outside the one folder that torch writes.
        case strayRecord(String)
        case notLittleEndian
        case pickle(PickleError)
        case notAStateDict
        case notATensor(name: String)
        case badName(String)
        case tooManyTensors(count: Int, limit: Int)
    }

    public let file: URL
    public let fault: Fault

    public var description: String {
        "\(place) is not an acceptable torch archive: \(reason); convert it to safetensors from a trusted copy"
    }

    private var reason: String {
        switch fault {
        case .noPickle: "it does not hold exactly one data.pkl"
        case .strayRecord(let name): "the record \(name.quoted) lies outside the archive's folder"
        case .notLittleEndian: "its bytes are not in little-endian order"
        case .pickle(let error): "\(error)"
        case .notAStateDict: "it does not hold a dictionary of tensors"
        case .notATensor(let name): "its entry \(name.quoted) is not a tensor"
        case .badName(let name): "\(name.quoted) is not an acceptable tensor name"
        case .tooManyTensors(let count, let limit): "it has \(count) tensors, more than \(limit)"
        }
    }
}

/// A state dict that torch saved (`pytorch_model.bin`, `audiovae.pth`), read without running anything in it.
///
/// A dictionary `state_dict` inside the saved dictionary takes its place, as in the reference. Tensors may share a
/// storage and may be views with any strides. As with ``SafetensorsFile``, a mapped file must not be truncated while it
/// is in use.
public final class TorchArchive: TensorSource {
    public let file: URL
    public let tensors: [String: TensorInfo]
    private let content: FileBytes
    private let views: [String: View]

    /// A tensor and the bytes of its storage.
    private struct View {
        let tensor: PickledTensor
        let storage: Range<Int>
    }

    /// - Parameter mapped: Map the file or read it into memory now.
    /// - Throws: ``FileError``, ``ZipError`` or ``TorchArchiveError``.
    public init(_ url: URL, mapped: Bool = true) throws {
        file = url
        content = try FileBytes(url, mapped: mapped)
        let records: [String: Range<Int>]
        do throws(ZipDirectory.Rejection) { records = try ZipDirectory(content.bytes).records } catch {
            throw ZipError(file: url, fault: error.fault)
        }
        do throws(Rejection) { (tensors, views) = try Self.read(content.bytes, records) } catch {
            throw TorchArchiveError(file: url, fault: error.fault)
        }
    }

    public func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard let view = views[name], let info = tensors[name] else {
            throw TensorError.missing(name: name, file: file)
        }
        return try withExtendedLifetime(content) {
            let storage = UnsafeRawBufferPointer(rebasing: content.bytes[view.storage])
            let size = view.tensor.storage.type.byteCount
            guard !view.tensor.isContiguous else {
                let first = info.count == 0 ? 0 : view.tensor.offset * size
                return try body(UnsafeRawBufferPointer(rebasing: storage[first..<(first + info.byteCount)]))
            }
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: info.byteCount, alignment: 16)
            defer { copy.deallocate() }
            view.tensor.gather(from: storage, into: copy)
            return try body(UnsafeRawBufferPointer(copy))
        }
    }

    public func relinquish(_ name: String) {
        if let view = views[name] { content.relinquish(view.storage) }
    }

    private struct Rejection: Error {
        let fault: TorchArchiveError.Fault
        init(_ fault: TorchArchiveError.Fault) { self.fault = fault }
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ records: [String: Range<Int>]
    ) throws(Rejection) -> (tensors: [String: TensorInfo], views: [String: View]) {
        let pickles = records.keys.filter {
            $0.hasSuffix("/data.pkl") && $0.utf8.count { $0 == UInt8(ascii: "/") } == 1
        }
        guard pickles.count == 1, let place = records[pickles[0]] else { throw Rejection(.noPickle) }
        let folder = String(pickles[0].dropLast("data.pkl".count))
        if let stray = records.keys.sorted().first(where: { !$0.hasPrefix(folder) }) {
            throw Rejection(.strayRecord(stray))
        }
        if let order = records[folder + "byteorder"], !bytes[order].elementsEqual("little".utf8) {
            throw Rejection(.notLittleEndian)
        }
        var machine = PickleMachine(UnsafeRawBufferPointer(rebasing: bytes[place])) {
            records["\(folder)data/\($0)"]?.count
        }
        let root: PicklePlace
        do throws(PickleError) { root = try machine.run() } catch { throw Rejection(.pickle(error)) }
        guard case .dictionary(var items, _) = machine[root] else { throw Rejection(.notAStateDict) }
        if let inner = items.first(where: { $0.key == "state_dict" }) {
            guard case .dictionary(let nested, _) = machine[inner.value] else { throw Rejection(.notAStateDict) }
            items = nested
        }
        guard items.count <= SafetensorsHeader.tensorLimit else {
            throw Rejection(.tooManyTensors(count: items.count, limit: SafetensorsHeader.tensorLimit))
        }
        var tensors: [String: TensorInfo] = [:]
        var views: [String: View] = [:]
        for (name, value) in items {
            guard TensorName.isAcceptable(name) else { throw Rejection(.badName(name)) }
            guard case .tensor(let tensor) = machine[value],
                let storage = records["\(folder)data/\(tensor.storage.key)"]
            else { throw Rejection(.notATensor(name: name)) }
            tensors[name] = TensorInfo(name: name, type: tensor.storage.type, shape: tensor.shape)
            views[name] = View(tensor: tensor, storage: storage)
        }
        return (tensors, views)
    }
}

extension PickledTensor {
    /// Copies the elements in row-major order. The initialiser has checked all bounds.
    func gather(from bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) {
        let size = storage.type.byteCount
        guard !shape.contains(0), let source = bytes.baseAddress, let destination = target.baseAddress else { return }
        var index = [Int](repeating: 0, count: shape.count)
        var place = offset
        for element in 0..<shape.reduce(1, *) {
            (destination + element * size).copyMemory(from: source + place * size, byteCount: size)
            // Count up like an odometer. The stride of a dimension of size 1 may be anything: wrap, and come back.
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                place &+= strides[axis]
                if index[axis] < shape[axis] { break }
                place &-= index[axis] &* strides[axis]
                index[axis] = 0
                axis -= 1
            }
        }
    }
}
