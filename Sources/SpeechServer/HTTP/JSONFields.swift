import Checkpoint
import HTTPTypes

/// Reads the fields of a request; each fault names its field.
struct JSONFields: Sendable {
    let object: JSONObject

    /// A field's value; nil where it is missing or null.
    private func value(_ key: String) -> JSONValue? { object[key].flatMap { $0 == .null ? nil : $0 } }

    init(object: JSONObject) { self.object = object }

    /// Reads a JSON object.
    ///
    /// - Parameter name: What messages call it.
    /// - Throws: 400 for anything but strict JSON.
    init(json: [UInt8], named name: String, limits: StrictJSON.Limits) throws(APIError) {
        let value: JSONValue
        do throws(StrictJSONError) { value = try StrictJSON.parse(json, limits: limits) } catch {
            throw APIError(.badRequest, code: "invalid_json", "The \(name) is not valid JSON: \(error).")
        }
        guard let object = value.asObject else {
            throw APIError(
                .badRequest, code: "invalid_json", "The \(name) must be a JSON object, not \(value.kind).")
        }
        self.init(object: object)
    }

    /// Fields that came as texts, in a form or a path's query.
    ///
    /// - Parameter plain: Fields that stay texts; the others may be numbers or truths.
    init(texts: [String: String], plain: Set<String>) {
        var object = JSONObject()
        for (key, text) in texts {
            _ = object.append(key, plain.contains(key) ? .string(text) : Self.scalar(text))
        }
        self.init(object: object)
    }

    /// A number or a truth where the text reads as one, else the text.
    private static func scalar(_ text: String) -> JSONValue {
        guard let value = try? StrictJSON.parse(Array(text.utf8)), value.asDouble != nil || value.asBool != nil else {
            return .string(text)
        }
        return value
    }

    /// The fields that are there, null or not.
    var names: Set<String> { Set(object.members.map(\.key)) }

    func has(_ key: String) -> Bool { value(key) != nil }

    func string(_ key: String) throws(APIError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.asString else { throw wrong(key, "a string", value) }
        return text
    }

    func text(_ key: String, limit: Int) throws(APIError) -> String {
        guard let text = try string(key) else { throw APIError.missing(key) }
        guard text.unicodeScalars.count <= limit else {
            throw APIError.bad(
                key, code: "string_above_max_length", "The field \(key) may have \(limit) characters at most.")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw APIError.bad(key, code: "empty_string", "The field \(key) is empty; there is nothing to speak.")
        }
        return text
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.asDouble else { throw wrong(key, "a number", value) }
        return try inside(range, number, key)
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let number = value.asInt else { throw wrong(key, "a whole number", value) }
        return try inside(range, number, key)
    }

    private func inside<T: Comparable>(_ range: ClosedRange<T>, _ number: T, _ key: String) throws(APIError) -> T {
        guard range.contains(number) else {
            throw APIError.bad(key, "The field \(key) must be \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func flag(_ key: String) throws(APIError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let flag = value.asBool else { throw wrong(key, "true or false", value) }
        return flag
    }

    func choice(_ key: String, of choices: [String]) throws(APIError) -> String? {
        guard let text = try string(key) else { return nil }
        guard choices.contains(text) else {
            throw APIError.bad(key, "The field \(key) must be one of \(choices.joined(separator: ", ")).")
        }
        return text
    }

    /// A name, or an object with an `id`, as OpenAI writes voices.
    func nameOrID(_ key: String) throws(APIError) -> String? {
        guard let value = value(key) else { return nil }
        if let object = value.asObject {
            guard let name = object["id"]?.asString else {
                throw APIError.bad(key, "The field \(key) must be a name or an object with an id.")
            }
            return name
        }
        guard let name = value.asString else { throw wrong(key, "a name or an object with an id", value) }
        return name
    }

    /// A list of texts.
    func strings(_ key: String, limit: Int) throws(APIError) -> [String]? {
        guard let value = value(key) else { return nil }
        guard let list = value.asArray else { throw wrong(key, "a list", value) }
        guard (1...limit).contains(list.count) else {
            throw APIError.bad(key, "The field \(key) must have 1 to \(limit) members.")
        }
        var texts: [String] = []
        for item in list {
            guard let text = item.asString else { throw wrong(key, "a list of strings", item) }
            texts.append(text)
        }
        return texts
    }

    /// Refuses fields that nobody would read.
    func refuseOthers(than known: Set<String>) throws(APIError) {
        for member in object.members where !known.contains(member.key) {
            throw APIError.bad(
                String(member.key.prefix(60)), code: "unknown_parameter",
                "There is no field of this name; there are \(known.sorted().joined(separator: ", ")).")
        }
    }

    private func wrong(_ key: String, _ expected: String, _ value: JSONValue) -> APIError {
        APIError.bad(key, code: "invalid_type", "The field \(key) must be \(expected), not \(value.kind).")
    }
}
