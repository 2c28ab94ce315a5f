import AudioIO
import Dispatch
import Foundation
import SpeechEngine
import SpeechStore

/// Which voice a request got, for its history.
struct ChosenVoice: Sendable, Equatable {
    /// A voice of the store.
    var own: RecordID?
    /// The name of a built-in one.
    var builtIn: String?
}

/// All voices: the model's, the store's, and what OpenAI's names mean.
struct VoiceShelf: Sendable {
    let source: any SpeechSource
    let store: (any SpeechStoring)?

    /// All names that may be asked for.
    func list() async throws -> VoiceBook.List {
        let book = VoiceBook(source.loaded).list
        let own = try await store?.voices() ?? []
        let names = Set(own.map { $0.name.lowercased() })
        return VoiceBook.List(
            voices: book.voices.filter { $0.kind == "built-in" } + own.map { VoiceBook.List.Voice($0) }
                + book.voices.filter { $0.kind != "built-in" && !names.contains($0.name) })
    }

    /// Gives a request its voice: one of the store by id or name, else the model's.
    ///
    /// - Throws: 400 for a name that nobody has.
    func choose(_ name: String?, for request: inout SpeechRequest) async throws -> ChosenVoice {
        if let name, let voice = try await own(name) {
            request.voice = .prompt(try await prompt(of: voice))
            return ChosenVoice(own: voice.id)
        }
        try VoiceBook(source.loaded).choose(name, for: &request)
        if case .builtIn(let name) = request.voice { return ChosenVoice(builtIn: name) }
        return ChosenVoice(builtIn: name == "default" ? nil : name)
    }

    /// The store's voice of an id or a name; built-in names go before.
    func own(_ name: String) async throws -> Voice? {
        guard let store else { return nil }
        if let id = RecordID(name) {
            do { return try await store.voice(id) } catch StoreError.notFound { return nil }
        }
        if source.loaded?.voices.contains(where: { $0.name == name }) ?? false { return nil }
        return try await store.voice(named: name)
    }

    /// A stored voice as the loaded model wants it. What was encoded once for this model is kept in the store.
    func prompt(of voice: Voice) async throws -> VoicePrompt {
        guard let store, let model = source.loaded else { throw APIError(AdmissionError.unloaded) }
        do {
            if let kept = try await store.latents(of: voice.id, modelDigest: model.digest) {
                return try await source.voice(latentValues: Self.numbers(kept), transcript: voice.transcript)
            }
            let file = store.file(of: voice.reference)
            let rate = model.sampleRateHz
            let audio = try await Self.offTheServer { try AudioFile.readMono(file, sampleRateHz: rate) }
            let prompt = try await source.voice(recording: audio.samples, transcript: voice.transcript)
            try await store.setLatents(Self.bytes(prompt.latentValues), of: voice.id, modelDigest: model.digest)
            return prompt
        } catch let error as AdmissionError {
            throw APIError(error)
        }
    }

    /// Decodes on a thread that nobody else waits for.
    static func offTheServer<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }

    /// Little-endian floats.
    private static func bytes(_ values: [Float]) -> Data {
        var data = Data(capacity: values.count * 4)
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        return data
    }

    private static func numbers(_ data: Data) -> [Float] {
        data.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
            }
        }
    }
}
