/// Takes typed, bounded values out of a JSON object and collects everything that is wrong instead of stopping at the
/// first fault. A faulty value is replaced by a harmless one so that reading can go on.
final class ConfigurationReader {
    private let root: JSONObject
    private(set) var faults: [ConfigurationFault] = []

    init(_ root: JSONObject) { self.root = root }

    /// An object of the file and the path that leads to it.
    struct Section {
        let object: JSONObject
        let path: String

        /// Present and not null.
        func value(_ key: String) -> JSONValue? {
            guard let value = object[key], value != .null else { return nil }
            return value
        }

        func path(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
    }

    var top: Section { Section(object: root, path: "") }

    func report(_ path: String, _ problem: ConfigurationFault.Problem) {
        // A section that is missing as a whole is one fault, and so is a list full of the same nonsense.
        if faults.count < 100 { faults.append(ConfigurationFault(path: path, problem: problem)) }
    }

    /// A required object; nil, and one fault, where it is missing.
    func section(_ key: String, in parent: Section) -> Section? {
        let path = parent.path(key)
        guard let value = parent.value(key) else {
            report(path, .missing)
            return nil
        }
        guard let object = value.asObject else {
            report(path, .wrongKind(expected: "an object", found: value.kind))
            return nil
        }
        return Section(object: object, path: path)
    }

    func integer(_ key: String, in section: Section, default standard: Int? = nil, _ range: ClosedRange<Int>) -> Int {
        let path = section.path(key)
        guard let value = section.value(key) else {
            if standard == nil { report(path, .missing) }
            return standard ?? range.lowerBound
        }
        guard let number = value.asInt else {
            report(path, .wrongKind(expected: "an integer", found: value.kind))
            return standard ?? range.lowerBound
        }
        guard range.contains(number) else {
            report(path, .outOfRange(value: "\(number)", allowed: "\(range.lowerBound) to \(range.upperBound)"))
            return standard ?? range.lowerBound
        }
        return number
    }

    /// A key that may be absent or null.
    func optionalInteger(_ key: String, in section: Section, _ range: ClosedRange<Int>) -> Int? {
        section.value(key) == nil ? nil : integer(key, in: section, range)
    }

    func number(
        _ key: String, in section: Section, default standard: Double? = nil, _ range: ClosedRange<Double>
    ) -> Double {
        let path = section.path(key)
        guard let value = section.value(key) else {
            if standard == nil { report(path, .missing) }
            return standard ?? range.lowerBound
        }
        guard let number = value.asDouble else {
            report(path, .wrongKind(expected: "a number", found: value.kind))
            return standard ?? range.lowerBound
        }
        guard range.contains(number) else {
            report(path, .outOfRange(value: "\(number)", allowed: "\(range.lowerBound) to \(range.upperBound)"))
            return standard ?? range.lowerBound
        }
        return number
    }

    func flag(_ key: String, in section: Section, default standard: Bool) -> Bool {
        guard let value = section.value(key) else { return standard }
        guard let flag = value.asBool else {
            report(section.path(key), .wrongKind(expected: "true or false", found: value.kind))
            return standard
        }
        return flag
    }

    func text(_ key: String, in section: Section, default standard: String) -> String {
        guard let value = section.value(key) else { return standard }
        guard let text = value.asString else {
            report(section.path(key), .wrongKind(expected: "a string", found: value.kind))
            return standard
        }
        return text
    }

    func numbers(_ key: String, in section: Section, _ range: ClosedRange<Double>, limit: Int) -> [Double] {
        list(key, in: section, limit: limit) { value, path in
            guard let number = value.asDouble else {
                report(path, .wrongKind(expected: "a number", found: value.kind))
                return nil
            }
            guard range.contains(number) else {
                report(path, .outOfRange(value: "\(number)", allowed: "\(range.lowerBound) to \(range.upperBound)"))
                return nil
            }
            return number
        }
    }

    func integers(
        _ key: String, in section: Section, default standard: [Int], _ range: ClosedRange<Int>, limit: Int
    ) -> [Int] {
        guard section.value(key) != nil else { return standard }
        return list(key, in: section, limit: limit) { value, path in
            guard let number = value.asInt else {
                report(path, .wrongKind(expected: "an integer", found: value.kind))
                return nil
            }
            guard range.contains(number) else {
                report(path, .outOfRange(value: "\(number)", allowed: "\(range.lowerBound) to \(range.upperBound)"))
                return nil
            }
            return number
        }
    }

    /// A list of 1 to `limit` elements that `read` accepts.
    private func list<T>(
        _ key: String, in section: Section, limit: Int, _ read: (JSONValue, String) -> T?
    ) -> [T] {
        let path = section.path(key)
        guard let value = section.value(key) else {
            report(path, .missing)
            return []
        }
        guard let elements = value.asArray else {
            report(path, .wrongKind(expected: "a list", found: value.kind))
            return []
        }
        guard (1...limit).contains(elements.count) else {
            report(path, .outOfRange(value: "a list of \(elements.count)", allowed: "1 to \(limit) elements"))
            return []
        }
        return elements.enumerated().compactMap { read($1, "\(path)[\($0)]") }
    }
}
