import Compute
import Foundation

/// What packed weights were made from and for: a pack whose identity differs in anything is stale.
public struct PackIdentity: Sendable, Equatable {
    /// ``CheckpointFolder/stamp()`` of the checkpoint.
    public var stamp: UInt64
    /// `LinearWeight.layout`.
    public var layout: String
    /// The precision that was asked for; single weights may have another.
    public var precision: String

    public init(stamp: UInt64, layout: String, precision: String) {
        self.stamp = stamp
        self.layout = layout
        self.precision = precision
    }
}

/// The first bytes of a pack: identity, and a table of all weights. All numbers are little-endian.
///
///     8  "MYNAHPK1"
///     4  bytes of the header, checksum included
///     8  bytes of the file
///     8  stamp, 8  digest of the checkpoint's content
///        layout, precision (2 bytes of length, UTF-8 each)
///     4  number of weights; for each
///        name (2 bytes of length, UTF-8), 1 precision, 1 gated, 4 outputs, 4 inputs, 8 offset, 8 bytes, 8 checksum
///     8  checksum of all bytes before
///
/// Panels begin at multiples of ``alignment``.
struct PackHeader: Equatable {
    /// A weight of the file.
    struct Entry: Equatable {
        var name: String
        var outputs: Int
        var inputs: Int
        var precision: Precision
        var isGated: Bool
        var range: Range<Int>
        var checksum: UInt64

        var form: LinearWeight.Form {
            LinearWeight.Form(outputs: outputs, inputs: inputs, precision: precision, isGated: isGated)
        }
    }

    var identity: PackIdentity
    /// ``CheckpointFolder/contentDigest(team:)``.
    var contentDigest: UInt64
    var entries: [Entry]
    var fileByteCount: Int

    /// A page of memory on all systems in use.
    static let alignment = 4096
    static let magic: [UInt8] = Array("MYNAHPK1".utf8)
    private static let precisions: [Precision] = [.f32, .bf16, .int8]
    private static let headerLimit = 16 << 20
    private static let entryLimit = 100_000
    private static let sizeLimit: UInt32 = 1 << 26

    /// The next multiple of ``alignment``.
    static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

    /// The header's bytes, for entries whose ranges were laid out before.
    func encoded() -> [UInt8] {
        var body: [UInt8] = []
        func add<I: FixedWidthInteger>(_ number: I) { withUnsafeBytes(of: number.littleEndian) { body += $0 } }
        func add(_ text: String) {
            let bytes = Array(text.utf8.prefix(Int(UInt16.max)))
            add(UInt16(bytes.count))
            body += bytes
        }
        add(UInt64(fileByteCount))
        add(identity.stamp)
        add(contentDigest)
        add(identity.layout)
        add(identity.precision)
        add(UInt32(entries.count))
        for entry in entries {
            add(entry.name)
            add(UInt8(Self.precisions.firstIndex(of: entry.precision) ?? 0))
            add(UInt8(entry.isGated ? 1 : 0))
            add(UInt32(entry.outputs))
            add(UInt32(entry.inputs))
            add(UInt64(entry.range.lowerBound))
            add(UInt64(entry.range.count))
            add(entry.checksum)
        }
        let byteCount = UInt32(Self.magic.count + 4 + body.count + 8)
        let bytes = Self.magic + withUnsafeBytes(of: byteCount.littleEndian, Array.init) + body
        return bytes + withUnsafeBytes(of: Checksum.of(bytes).littleEndian, Array.init)
    }

    /// What is wrong with a header, in words.
    struct Damage: Error { let what: String }

    /// Reads and checks the header of untrusted bytes: afterwards every range lies in the file and fits its form.
    init(_ file: UnsafeRawBufferPointer) throws(Damage) {
        var cursor = ByteCursor(file)
        guard let magic = cursor.take(Self.magic.count), magic.elementsEqual(Self.magic) else {
            throw Damage(what: "it does not begin as such a file")
        }
        guard let length = cursor.read(UInt32.self), length >= 20, length <= Self.headerLimit, Int(length) <= file.count
        else { throw Damage(what: "it is cut off") }
        let end = Int(length) - 8
        var tail = ByteCursor(file, at: end)
        guard tail.read(UInt64.self) == Checksum.of(UnsafeRawBufferPointer(rebasing: file[..<end])) else {
            throw Damage(what: "its header's checksum is wrong")
        }
        // From here on damage is out of the question, but not malice.
        var body = ByteCursor(UnsafeRawBufferPointer(rebasing: file[..<end]), at: cursor.offset)
        guard let byteCount = body.read(UInt64.self), byteCount == UInt64(file.count) else {
            throw Damage(what: "it is cut off")
        }
        fileByteCount = file.count
        guard let stamp = body.read(UInt64.self), let digest = body.read(UInt64.self),
            let layout = body.text(), let precision = body.text(), let count = body.read(UInt32.self),
            count <= Self.entryLimit
        else { throw Damage(what: "its header is too short") }
        identity = PackIdentity(stamp: stamp, layout: layout, precision: precision)
        contentDigest = digest
        entries = []
        for _ in 0..<count {
            guard let entry = Self.entry(&body, headerEnd: Int(length), fileByteCount: file.count) else {
                throw Damage(what: "its table makes no sense")
            }
            entries.append(entry)
        }
    }

    init(identity: PackIdentity, contentDigest: UInt64, entries: [Entry], fileByteCount: Int) {
        self.identity = identity
        self.contentDigest = contentDigest
        self.entries = entries
        self.fileByteCount = fileByteCount
    }

    private static func entry(_ body: inout ByteCursor, headerEnd: Int, fileByteCount: Int) -> Entry? {
        guard let name = body.text(), let precision = body.read(UInt8.self), precision < precisions.count,
            let gated = body.read(UInt8.self), gated <= 1,
            let outputs = body.read(UInt32.self), outputs > 0, outputs <= sizeLimit,
            let inputs = body.read(UInt32.self), inputs > 0, inputs <= sizeLimit,
            let offset = body.read(UInt64.self), let count = body.read(UInt64.self),
            let checksum = body.read(UInt64.self)
        else { return nil }
        guard offset >= UInt64(headerEnd), offset % UInt64(alignment) == 0, offset <= UInt64(fileByteCount),
            count <= UInt64(fileByteCount) - offset
        else { return nil }
        let entry = Entry(
            name: name, outputs: Int(outputs), inputs: Int(inputs), precision: precisions[Int(precision)],
            isGated: gated == 1, range: Int(offset)..<Int(offset + count), checksum: checksum)
        return entry.form.byteCount == Int(count) ? entry : nil
    }
}

extension ByteCursor {
    /// Two bytes of length, then UTF-8.
    fileprivate mutating func text() -> String? {
        guard let count = read(UInt16.self), let bytes = take(Int(count)) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
