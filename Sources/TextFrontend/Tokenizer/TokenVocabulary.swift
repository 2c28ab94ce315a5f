/// Tokens by id and ids by token, exact to the byte.
struct TokenVocabulary: Sendable {
    /// Ids stay below this, so that a hostile file cannot ask for gigabytes.
    static let idLimit = 1 << 24

    private var table = ByteStringTable(minimumCapacity: 256)
    private var idOfEntry: [Int] = []
    private var entryOfID: [Int32] = []

    enum Fault: Error {
        case badID
        case duplicateID(first: Int)
        case duplicateToken(id: Int)
    }

    var count: Int { table.count }

    /// One more than the largest id.
    var idBound: Int { entryOfID.count }

    mutating func insert(_ token: ArraySlice<UInt8>, id: Int) throws(Fault) {
        guard (0..<Self.idLimit).contains(id) else { throw .badID }
        if let known = self.id(of: token) { throw .duplicateToken(id: known) }
        if id < entryOfID.count, entryOfID[id] >= 0 { throw .duplicateID(first: id) }
        let entry = table.insert(token).index
        idOfEntry.append(id)
        if id >= entryOfID.count {
            entryOfID.append(contentsOf: repeatElement(-1, count: id + 1 - entryOfID.count))
        }
        entryOfID[id] = Int32(entry)
    }

    func id(of token: ArraySlice<UInt8>) -> Int? { table.index(of: token).map { idOfEntry[$0] } }

    func bytes(of id: Int) -> ArraySlice<UInt8>? {
        guard entryOfID.indices.contains(id), entryOfID[id] >= 0 else { return nil }
        return table[Int(entryOfID[id])]
    }

    func token(of id: Int) -> String? { bytes(of: id).map { String(decoding: $0, as: UTF8.self) } }
}
