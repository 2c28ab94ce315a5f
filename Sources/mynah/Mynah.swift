import ArgumentParser

/// The command of the house.
@main
struct Mynah: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mynah", abstract: "Text to speech with VoxCPM: type a text, hear it spoken.")
}
