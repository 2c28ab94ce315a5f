import Foundation

/// The records of a zip file, all stored, checked against their local headers and against each other.
///
/// Names serve as keys only and never become paths.
struct ZipDirectory {
    static let recordLimit = 10_000

    /// Where the content of each record lies in the file.
    let records: [String: Range<Int>]

    /// A fault before the file's name is known.
    struct Rejection: Error {
        let fault: ZipError.Fault
        init(_ fault: ZipError.Fault) { self.fault = fault }
    }

    private struct Record {
        var name: String
        var rawName: UnsafeRawBufferPointer
        var flags: UInt16
        var size: UInt64
        var headerOffset: UInt64
    }

    init(_ bytes: UnsafeRawBufferPointer) throws(Rejection) {
        let end = try ZipEnd(bytes)
        guard end.recordCount <= Self.recordLimit else {
            throw Rejection(.tooManyRecords(count: end.recordCount, limit: Self.recordLimit))
        }
        var cursor = ByteCursor(
            UnsafeRawBufferPointer(rebasing: bytes[..<end.directory.upperBound]), at: end.directory.lowerBound)
        var records: [String: Range<Int>] = [:]
        var extents: [(range: Range<Int>, name: String)] = []
        for _ in 0..<end.recordCount {
            let record = try Self.record(&cursor)
            let (content, extent) = try Self.locate(record, in: bytes, before: end.directory.lowerBound)
            guard records.updateValue(content, forKey: record.name) == nil else {
                throw Rejection(.duplicateName(record.name))
            }
            extents.append((extent, record.name))
        }
        guard cursor.offset == end.directory.upperBound else { throw Rejection(.badDirectory(offset: cursor.offset)) }
        extents.sort { $0.range.lowerBound < $1.range.lowerBound }
        for (left, right) in zip(extents, extents.dropFirst()) where left.range.upperBound > right.range.lowerBound {
            throw Rejection(.overlap(left.name, right.name))
        }
        self.records = records
    }

    /// One entry of the central directory.
    private static func record(_ cursor: inout ByteCursor) throws(Rejection) -> Record {
        let damaged = Rejection(.badDirectory(offset: cursor.offset))
        guard cursor.read(UInt32.self) == 0x0201_4b50, cursor.take(4) != nil, let flags = cursor.read(UInt16.self),
            let method = cursor.read(UInt16.self), cursor.take(8) != nil, let packed = cursor.read(UInt32.self),
            let size = cursor.read(UInt32.self), let nameLength = cursor.read(UInt16.self),
            let extraLength = cursor.read(UInt16.self), let commentLength = cursor.read(UInt16.self),
            let disk = cursor.read(UInt16.self), cursor.take(6) != nil, let offset = cursor.read(UInt32.self),
            let rawName = cursor.take(Int(nameLength)), let extra = cursor.take(Int(extraLength)),
            cursor.take(Int(commentLength)) != nil
        else { throw damaged }
        let name = String(decoding: rawName, as: UTF8.self)
        guard isAcceptable(rawName) else { throw Rejection(.badName(name)) }
        // Bits 0 and 6: encryption; 13: masked headers.
        guard flags & 0x2041 == 0 else { throw Rejection(.encrypted(name)) }
        // Bit 3: sizes follow the data; 11: names in UTF-8; 1 and 2 mean nothing for stored records.
        guard flags & ~0x080e == 0 else { throw Rejection(.unsupportedFlags(name, flags: Int(flags))) }
        guard method == 0 else { throw Rejection(.compressed(name, method: Int(method))) }
        guard disk == 0 || disk == 0xffff else { throw Rejection(.multipleDisks) }
        let wide = wideFields(extra, [size == .max, packed == .max, offset == .max])
        guard let wide else { throw Rejection(.badSize(name)) }
        let finalSize = wide[0] ?? UInt64(size)
        guard finalSize == wide[1] ?? UInt64(packed) else { throw Rejection(.badSize(name)) }
        return Record(
            name: name, rawName: rawName, flags: flags, size: finalSize, headerOffset: wide[2] ?? UInt64(offset))
    }

    /// The 64-bit values of the zip64 extra field for those 32-bit fields that are saturated; nil where one is missing.
    private static func wideFields(_ extra: UnsafeRawBufferPointer, _ saturated: [Bool]) -> [UInt64?]? {
        guard saturated.contains(true) else { return saturated.map { _ in nil } }
        var cursor = ByteCursor(extra)
        while let kind = cursor.read(UInt16.self), let length = cursor.read(UInt16.self),
            let field = cursor.take(Int(length))
        {
            guard kind == 1 else { continue }
            var values = ByteCursor(field)
            var result: [UInt64?] = []
            for isWide in saturated {
                if isWide {
                    guard let value = values.read(UInt64.self) else { return nil }
                    result.append(value)
                } else {
                    result.append(nil)
                }
            }
            return result
        }
        return nil
    }

    /// Checks the local header and returns the record's content and all that belongs to it.
    private static func locate(
        _ record: Record, in bytes: UnsafeRawBufferPointer, before limit: Int
    ) throws(Rejection) -> (content: Range<Int>, extent: Range<Int>) {
        guard let start = Int(exactly: record.headerOffset), start < limit, let size = Int(exactly: record.size),
            size <= limit
        else { throw Rejection(.outside(record.name)) }
        let differs = Rejection(.localHeaderDiffers(record.name))
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<limit]), at: start)
        guard cursor.read(UInt32.self) == 0x0403_4b50, cursor.take(2) != nil,
            cursor.read(UInt16.self) == record.flags, cursor.read(UInt16.self) == 0, cursor.take(8) != nil,
            let localPacked = cursor.read(UInt32.self), let localSize = cursor.read(UInt32.self),
            let nameLength = cursor.read(UInt16.self), let extraLength = cursor.read(UInt16.self),
            let rawName = cursor.take(Int(nameLength)), rawName.elementsEqual(record.rawName),
            let extra = cursor.take(Int(extraLength))
        else { throw differs }
        let first = cursor.offset
        guard cursor.take(size) != nil else { throw Rejection(.outside(record.name)) }
        let content = first..<(first + size)
        if record.flags & 8 != 0 {
            // The writer did not know the sizes yet: zero or saturated here, true ones after the data.
            for local in [localPacked, localSize] where UInt64(local) != record.size && local != 0 && local != .max {
                throw differs
            }
            guard let length = descriptorLength(bytes[content.upperBound..<limit], record.size) else { throw differs }
            return (content, start..<(content.upperBound + length))
        }
        guard let wide = wideFields(extra, [localSize == .max, localPacked == .max]),
            wide[0] ?? UInt64(localSize) == record.size, wide[1] ?? UInt64(localPacked) == record.size
        else { throw differs }
        return (content, start..<content.upperBound)
    }

    /// Bytes of the data descriptor (with or without signature, sizes of 32 or 64 bits) that gives `size` twice.
    private static func descriptorLength(_ bytes: Slice<UnsafeRawBufferPointer>, _ size: UInt64) -> Int? {
        for signature in [true, false] {
            for wide in [false, true] {
                var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes))
                if signature, cursor.read(UInt32.self) != 0x0807_4b50 { continue }
                guard cursor.read(UInt32.self) != nil else { continue }
                let sizes: (UInt64?, UInt64?) =
                    wide
                    ? (cursor.read(), cursor.read())
                    : (cursor.read(UInt32.self).map(UInt64.init), cursor.read(UInt32.self).map(UInt64.init))
                if sizes.0 == size && sizes.1 == size { return cursor.offset }
            }
        }
        return nil
    }

    /// Plain relative names: UTF-8, at most 512 bytes, no empty, `.` or `..` part, no backslash, no control characters.
    private static func isAcceptable(_ raw: UnsafeRawBufferPointer) -> Bool {
        guard let name = String(validating: raw, as: UTF8.self), TensorName.isAcceptable(name),
            !name.utf8.contains(UInt8(ascii: "\\"))
        else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
    }
}
