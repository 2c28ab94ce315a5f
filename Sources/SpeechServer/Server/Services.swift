import SpeechStore

/// What routes share besides the engine.
struct Services: Sendable {
    /// Nil where nothing is kept.
    let store: (any SpeechStoring)?
    let voices: VoiceShelf
    let meter: KeyMeter
    let settings: LiveSettings
    /// Nil where there is no store.
    let jobs: JobRunner?
    /// Nil where the model is fixed.
    let models: (any ModelSwitching)?
    let log: RecentLog
}
