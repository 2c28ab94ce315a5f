import Checkpoint

/// The keys of one object of a request file: what has been read, and what nobody asked for.
final class RequestKeys {
    private let object: JSONObject
    private let place: String
    private let reader: TraceRequestReader
    private var known: Set<String> = []

    init(_ object: JSONObject, place: String, reader: TraceRequestReader) {
        self.object = object
        self.place = place
        self.reader = reader
    }

    func fault(_ reason: String) -> CommandError { reader.fault(place, reason) }

    /// The value of a key or of one of its other names; nil where none is there.
    func find(_ names: [String]) throws -> (name: String, value: JSONValue)? {
        known.formUnion(names)
        let found = names.compactMap { name in object[name].map { (name, $0) } }
        guard found.count <= 1 else {
            throw fault("gives \(found.map(\.0).joined(separator: " and ")), which mean the same; give one of them")
        }
        guard let first = found.first, first.1 != .null else { return nil }
        return (first.0, first.1)
    }

    /// The value of a key as it is.
    func value(_ name: String) -> JSONValue? {
        known.insert(name)
        return object[name].flatMap { $0 == .null ? nil : $0 }
    }

    func string(_ names: String...) throws -> String? {
        try read(names, "a string", \.asString)
    }

    func integer(_ names: String...) throws -> Int? {
        try read(names, "an integer", \.asInt)
    }

    func number(_ names: String...) throws -> Double? {
        try read(names, "a number", \.asDouble)
    }

    func bool(_ names: String...) throws -> Bool? {
        try read(names, "true or false", \.asBool)
    }

    func integers(_ name: String) throws -> [Int]? {
        try read([name], "a list of integers") { value in
            guard let list = value.asArray else { return nil }
            let integers = list.compactMap(\.asInt)
            return integers.count == list.count ? integers : nil
        }
    }

    func object(_ name: String) throws -> RequestKeys? {
        guard let object = try read([name], "an object", \.asObject) else { return nil }
        return RequestKeys(object, place: "\(place).\(name)", reader: reader)
    }

    private func read<T>(_ names: [String], _ kind: String, _ convert: (JSONValue) -> T?) throws -> T? {
        guard let (name, value) = try find(names) else { return nil }
        guard let result = convert(value) else { throw fault("has '\(name)' as \(value.kind) instead of \(kind)") }
        return result
    }

    /// Keys that may be there and mean nothing.
    func ignore(_ names: String...) { known.formUnion(names) }

    /// Complains about keys that nobody asked for.
    func finish() throws {
        let strangers = object.members.map(\.key).filter { !known.contains($0) }
        guard strangers.isEmpty else {
            let names = strangers.map { "'\($0.prefix(40))'" }.joined(separator: ", ")
            let others = known.sorted().joined(separator: ", ")
            throw fault("has \(names), which nothing here understands (known: \(others))")
        }
    }
}
