import SpeechEngine
import SpeechStore

/// Who speaks a stream: what its settings name, as the model that is there has it.
struct StreamVoice: Sendable {
    /// What the settings ask for, with the voice, and without the text.
    let request: SpeechRequest
    let choice: ChosenVoice
    /// Whether the model makes a voice up, which the following sentences keep.
    let isMadeUp: Bool
    private let revision: Int
    private let model: String?

    /// - Throws: `APIError` where nobody has this name, or the voice cannot be had now.
    init(_ settings: StreamSettings, from shelf: VoiceShelf) async throws(APIError) {
        var request = settings.request
        do {
            choice = try await shelf.choose(settings.voice, for: &request)
        } catch let error as APIError {
            throw error
        } catch let error as StoreError {
            throw APIError(error)
        } catch {
            throw .internalFault
        }
        // A name may stand for a seed; one that was asked for goes before.
        request.seed = settings.request.seed ?? request.seed
        let model = shelf.source.loaded
        isMadeUp = request.voice.isMadeUp(by: model)
        revision = settings.revision
        self.model = model?.digest
        self.request = request
    }

    /// Whether these settings would find the same again. One of the store's may have been deleted or changed meanwhile,
    /// and each model has its own.
    func isStill(_ settings: StreamSettings, _ model: LoadedModel?) -> Bool {
        revision == settings.revision && self.model == model?.digest && choice.own == nil
    }
}
