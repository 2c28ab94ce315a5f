import Checkpoint
public import Foundation

/// `generation.json` of a model: how it wants its text, its defaults, and its built-in voices.
///
/// Official checkpoints have none; they get ``official``. Keys that nobody knows are passed over.
public struct GenerationFile: Sendable, Equatable {
    /// What the tokenizer is fed with.
    public enum TextForm: String, Sendable {
        /// The text as it is.
        case plain
        /// English as ARPAbet phonemes.
        case arpabet
    }

    /// Defaults of a model.
    public struct Defaults: Sendable, Equatable {
        public var cfg = 2.0
        public var steps = 10
        public var temperature = 1.0
        /// The longest stretch that the model speaks in one piece.
        public var maxSeconds: Double?

        public init() {}
    }

    /// A voice that comes with a model.
    public struct Voice: Sendable, Equatable {
        public var name: String
        public var description: String
        /// What is said in the voice's recording.
        public var transcript: String
        /// The same as the tokenizer is fed with it, for models that want phonemes.
        public var phonemes: String?
        /// The file of the recording's latents: the tensor `latents`, `[patches, patchSize, latentSize]`.
        public var latents: URL
        /// A recording to listen to.
        public var preview: URL?
    }

    public static let name = "generation.json"
    public static let official = GenerationFile(text: .plain, defaults: Defaults(), defaultVoice: nil, voices: [])

    public var text: TextForm
    public var defaults: Defaults
    public var defaultVoice: String?
    public var voices: [Voice]

    /// Reads a model's file.
    ///
    /// - Throws: ``SpeechModelError/badGenerationFile(file:reason:)``, or what reading JSON throws.
    public static func load(from folder: URL) throws -> GenerationFile {
        let file = folder.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: file.path) else { return official }
        let limits = StrictJSON.Limits(byteCount: 1 << 20, depth: 16, valueCount: 20_000)
        return try GenerationFile(try StrictJSON.parse(file: file, limits: limits), file: file)
    }

    /// The voice of a name; nil where none is asked for and there is no default.
    ///
    /// - Throws: ``SpeechModelError/unknownVoice(name:model:available:)``.
    public func voice(_ wished: String?, model: URL) throws(SpeechModelError) -> Voice? {
        guard let wished = wished ?? defaultVoice else { return nil }
        guard let voice = voices.first(where: { $0.name == wished }) else {
            throw SpeechModelError.unknownVoice(name: wished, model: model.path, available: voices.map(\.name))
        }
        return voice
    }
}

extension GenerationFile {
    /// Interprets the parsed file; paths are relative to its folder.
    init(_ json: JSONValue, file: URL) throws {
        let reader = Reader(file: file)
        guard let root = json.asObject else { throw reader.fault("the file must be an object, not \(json.kind)") }
        let form = try reader.string(root, "text") ?? TextForm.plain.rawValue
        guard let text = TextForm(rawValue: form) else {
            throw reader.fault("text is '\(form.prefix(40))', but must be plain or arpabet")
        }
        self.text = text
        defaults = try reader.defaults(root["defaults"])
        var voices: [Voice] = []
        for (index, value) in try reader.list(root, "voices").enumerated() {
            let voice = try reader.voice(value, place: "voices[\(index)]")
            guard !voices.contains(where: { $0.name == voice.name }) else {
                throw reader.fault("two voices are called '\(voice.name)'")
            }
            voices.append(voice)
        }
        self.voices = voices
        defaultVoice = try reader.string(root, "default_voice")
        if let name = defaultVoice, !voices.contains(where: { $0.name == name }) {
            throw reader.fault("default_voice is '\(name.prefix(40))', which is none of its voices")
        }
    }

    private struct Reader {
        let file: URL

        func fault(_ reason: String) -> SpeechModelError { .badGenerationFile(file: file.path, reason: reason) }

        func string(_ object: JSONObject, _ key: String, in place: String = "") throws -> String? {
            guard let value = object[key], value != .null else { return nil }
            guard let text = value.asString else { throw fault("\(place)\(key) must be a string, not \(value.kind)") }
            return text
        }

        func needed(_ object: JSONObject, _ key: String, in place: String) throws -> String {
            guard let text = try string(object, key, in: place), !text.isEmpty else {
                throw fault("\(place)\(key) is missing")
            }
            return text
        }

        func list(_ object: JSONObject, _ key: String) throws -> [JSONValue] {
            guard let value = object[key], value != .null else { return [] }
            guard let list = value.asArray else { throw fault("\(key) must be a list, not \(value.kind)") }
            return list
        }

        func number(_ object: JSONObject, _ key: String, in range: ClosedRange<Double>) throws -> Double? {
            guard let value = object[key], value != .null else { return nil }
            guard let number = value.asDouble, range.contains(number) else {
                throw fault("defaults.\(key) must be a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }

        func defaults(_ value: JSONValue?) throws -> Defaults {
            guard let value, value != .null else { return Defaults() }
            guard let object = value.asObject else { throw fault("defaults must be an object, not \(value.kind)") }
            var defaults = Defaults()
            if let cfg = try number(object, "cfg", in: 0...100) { defaults.cfg = cfg }
            if let temperature = try number(object, "temperature", in: 0...10) { defaults.temperature = temperature }
            if let steps = try number(object, "steps", in: 1...1000) { defaults.steps = Int(steps) }
            defaults.maxSeconds = try number(object, "max_seconds", in: 0.1...3600)
            return defaults
        }

        func voice(_ value: JSONValue, place: String) throws -> Voice {
            guard let object = value.asObject else { throw fault("\(place) must be an object, not \(value.kind)") }
            let inner = place + "."
            return Voice(
                name: try needed(object, "name", in: inner),
                description: try string(object, "description", in: inner) ?? "",
                transcript: try needed(object, "transcript", in: inner),
                phonemes: try string(object, "phonemes", in: inner),
                latents: try inside(try needed(object, "latents", in: inner), "\(inner)latents"),
                preview: try string(object, "preview", in: inner).map { try inside($0, "\(inner)preview") })
        }

        /// A file in the model's folder; the name may not lead out of it.
        private func inside(_ path: String, _ place: String) throws -> URL {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard !parts.isEmpty, !parts.contains(where: { $0.isEmpty || $0 == ".." || $0.contains("\0") }) else {
                throw fault("\(place) leads out of the model's folder")
            }
            return file.deletingLastPathComponent().appendingPathComponent(path)
        }
    }
}
