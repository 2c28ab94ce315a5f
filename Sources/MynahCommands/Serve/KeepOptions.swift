import ArgumentParser
import SpeechServer
import SpeechStore

/// What the server keeps, and for how long.
struct KeepOptions: ParsableArguments {
    @Flag(help: "Keep nothing of what is spoken.")
    var noHistory = false

    @Option(
        help: ArgumentHelp(
            "Give the model's memory back after so many minutes without work; the next request loads it again.",
            valueName: "minutes"))
    var idleUnload: Double?

    func validate() throws {
        if let idleUnload, !(idleUnload > 0 && idleUnload <= 100_000) {
            throw ValidationError("--idle-unload is \(idleUnload), but must be more than 0, to 100000.")
        }
    }

    /// The store's settings.
    var settings: StoreSettings {
        var settings = StoreSettings()
        settings.keepsHistory = !noHistory
        return settings
    }

    /// What was set earlier and does not count now.
    var overruled: ServerConfiguration.Overrules {
        var overruled: ServerConfiguration.Overrules = []
        if noHistory { overruled.insert(.history) }
        if idleUnload != nil { overruled.insert(.idleUnload) }
        return overruled
    }
}
