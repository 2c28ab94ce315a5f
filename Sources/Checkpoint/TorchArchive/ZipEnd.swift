/// The record at the end of a zip file that says where the directory is.
struct ZipEnd {
    let recordCount: Int
    let directory: Range<Int>

    init(_ bytes: UnsafeRawBufferPointer) throws(ZipDirectory.Rejection) {
        let end = try Self.find(bytes)
        var cursor = ByteCursor(bytes, at: end + 4)
        guard let disk = cursor.read(UInt16.self), let firstDisk = cursor.read(UInt16.self),
            let countHere = cursor.read(UInt16.self), let count = cursor.read(UInt16.self),
            let size = cursor.read(UInt32.self), let offset = cursor.read(UInt32.self)
        else { throw .init(.notZip) }
        var fields = Fields(count: UInt64(count), size: UInt64(size), offset: UInt64(offset))
        var directoryLimit = end
        var locator = ByteCursor(bytes, at: end - 20)
        if end >= 20, locator.read(UInt32.self) == 0x0706_4b50 {
            let (wide, start) = try Self.wide(&locator, bytes, before: end - 20)
            let agrees =
                (count == .max || wide.count == fields.count) && (size == .max || wide.size == fields.size)
                && (offset == .max || wide.offset == fields.offset)
            guard agrees else { throw .init(.badZip64End) }
            fields = wide
            directoryLimit = start
        } else if count == .max || size == .max || offset == .max {
            throw .init(.badZip64End)
        }
        guard disk == 0 || disk == .max, firstDisk == 0 || firstDisk == .max, countHere == count else {
            throw .init(.multipleDisks)
        }
        guard let first = Int(exactly: fields.offset), let length = Int(exactly: fields.size),
            let last = first.plus(length), last == directoryLimit
        else { throw .init(.directoryOutside) }
        guard let records = Int(exactly: fields.count) else { throw .init(.badZip64End) }
        recordCount = records
        directory = first..<last
    }

    private struct Fields {
        var count: UInt64
        var size: UInt64
        var offset: UInt64
    }

    /// The end record must be the last thing in the file, comment included.
    private static func find(_ bytes: UnsafeRawBufferPointer) throws(ZipDirectory.Rejection) -> Int {
        guard bytes.count >= 22 else { throw .init(.notZip) }
        var place = bytes.count - 22
        let lowest = max(0, place - 65_535)
        while place >= lowest {
            var cursor = ByteCursor(bytes, at: place)
            if cursor.read(UInt32.self) == 0x0605_4b50 {
                var comment = ByteCursor(bytes, at: place + 20)
                if let length = comment.read(UInt16.self), place + 22 + Int(length) == bytes.count { return place }
            }
            place -= 1
        }
        throw .init(.notZip)
    }

    /// The 64-bit end record and where it starts; it must fill the space before its locator.
    private static func wide(
        _ locator: inout ByteCursor, _ bytes: UnsafeRawBufferPointer, before limit: Int
    ) throws(ZipDirectory.Rejection) -> (Fields, Int) {
        guard locator.read(UInt32.self) == 0, let place = locator.read(UInt64.self),
            let disks = locator.read(UInt32.self),
            disks <= 1, let start = Int(exactly: place), start < limit
        else { throw .init(.badZip64End) }
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<limit]), at: start)
        guard cursor.read(UInt32.self) == 0x0606_4b50, let rest = cursor.read(UInt64.self),
            rest == UInt64(limit - start - 12), cursor.take(4) != nil, cursor.read(UInt32.self) == 0,
            cursor.read(UInt32.self) == 0, let countHere = cursor.read(UInt64.self),
            let count = cursor.read(UInt64.self), countHere == count, let size = cursor.read(UInt64.self),
            let offset = cursor.read(UInt64.self)
        else { throw .init(.badZip64End) }
        return (Fields(count: count, size: size, offset: offset), start)
    }
}
