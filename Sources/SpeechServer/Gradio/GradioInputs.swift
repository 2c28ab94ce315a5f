import Checkpoint
import HTTPTypes
import SpeechEngine

/// The seven inputs of the original page's `/generate`, in its order.
struct GradioInputs: Sendable {
    /// A text that takes longer is better spoken by another part of the API.
    static let textCharacters = 20_000

    /// All but the voice.
    private(set) var request: SpeechRequest
    /// The id of a recording to speak like, and what is said in it.
    private(set) var prompt: (file: String, text: String)?
    /// What is asked for and not done.
    private(set) var notes: [String] = []

    /// - Parameter data: As `data` of a call has it; what is missing is as on a fresh page.
    /// - Throws: `APIError` in words for the person who called.
    init(_ data: [JSONValue]) throws(APIError) {
        guard data.count <= 7 else {
            throw APIError(.badRequest, code: "invalid_value", "There are seven inputs, not \(data.count).")
        }
        func value(_ index: Int) -> JSONValue? { index < data.count && data[index] != .null ? data[index] : nil }
        func wrong(_ name: String, _ expected: String) -> APIError {
            APIError.bad(name, code: "invalid_type", "\(name) must be \(expected).")
        }
        func text(_ index: Int, _ name: String) throws(APIError) -> String {
            guard let value = value(index) else { return "" }
            guard let text = value.asString else { throw wrong(name, "a text") }
            guard text.unicodeScalars.count <= Self.textCharacters else {
                throw APIError.bad(name, "\(name) may have \(Self.textCharacters) characters at most.")
            }
            return text
        }
        func flag(_ index: Int, _ name: String) throws(APIError) -> Bool {
            guard let value = value(index) else { return false }
            guard let flag = value.asBool else { throw wrong(name, "true or false") }
            return flag
        }
        request = SpeechRequest(try text(0, "text_input"))
        guard SpeakableText.isSpeakable(request.text) else {
            throw APIError.bad("text_input", code: "empty_string", "Please enter text to synthesize.")
        }
        request.heldBackSeconds = .infinity
        if let cfg = value(3) {
            guard let number = cfg.asDouble, (0...100).contains(number) else {
                throw wrong("cfg_value_input", "0 to 100")
            }
            request.cfg = number
        }
        if let steps = value(4) {
            guard let number = steps.asDouble, (1...1000).contains(number.rounded()) else {
                throw wrong("inference_timesteps_input", "1 to 1000")
            }
            request.steps = Int(number.rounded())
        }
        request.spellsOut = try flag(5, "do_normalize")
        if try flag(6, "denoise") { notes.append("denoise is not done here: the recording is taken as it is.") }
        let transcript = try text(2, "prompt_text_input")
        guard let file = value(1) else {
            guard transcript.allSatisfy(\.isWhitespace) else {
                throw APIError.bad(
                    "prompt_text_input", "There is a prompt text but no prompt audio: give both, or neither.")
            }
            return
        }
        guard let path = file.asObject?["path"]?.asString else {
            throw wrong("prompt_wav_path_input", "a file that was uploaded")
        }
        guard SpeakableText.isSpeakable(transcript) else {
            throw APIError.bad(
                "prompt_text_input", "There is a prompt audio but no prompt text: write what is said in it.")
        }
        prompt = (path, transcript)
    }
}
