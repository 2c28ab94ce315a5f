import ArgumentParser
import Foundation
import SpeechStore

/// `mynah keys`: the keys of a server's clients.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list and revoke the keys of a server's clients.",
        discussion:
            "A running server knows of changes at once; one that asked for no key does so from its next start on.",
        subcommands: [KeysCreateCommand.self, KeysListCommand.self, KeysRevokeCommand.self])
}

/// `mynah keys create`
struct KeysCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a key, and show it this once.")

    @Argument(help: "What the key is called.") var name: String
    @Flag(help: "Let it change keys, settings and models.") var admin = false
    @Option(help: "Requests that it may have under way.") var concurrent: Int?
    @Option(help: "Requests that it may send in a minute.") var requestsPerMinute: Int?
    @Option(help: "Characters that it may have spoken in a minute.") var charactersPerMinute: Int?
    @OptionGroup var data: DataOptions

    func run() throws {
        let limits = KeyLimits(
            concurrentRequests: concurrent, requestsPerMinute: requestsPerMinute,
            charactersPerMinute: charactersPerMinute)
        let (folder, name, admin) = (data.folder, name, admin)
        let made = try InterruptibleTask.run {
            try await LocalStore.openKeys(folder).addKey(name: name, limits: limits, isAdmin: admin)
        }
        Console.note("The key '\(made.key.name)' (\(made.key.id)), shown this once:")
        Console.write(made.secret)
    }
}

/// `mynah keys list`
struct KeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List keys, without their secrets.")

    @OptionGroup var data: DataOptions

    func run() throws {
        let folder = data.folder
        let keys = try InterruptibleTask.run { try await LocalStore.openKeys(folder).keys() }
        guard !keys.isEmpty else { return Console.note("There are no keys in \(folder.path).") }
        var table = TextTable(["id", "name", "admin", "state", "last used"])
        for key in keys {
            table.add([
                key.id.description, key.name, key.isAdmin ? "yes" : "no", key.revoked == nil ? "works" : "revoked",
                key.lastUsed.map { $0.formatted(.iso8601) } ?? "never",
            ])
        }
        Console.write(table.text)
    }
}

/// `mynah keys revoke`
struct KeysRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "Make a key useless, for good.")

    @Argument(help: "The key's id or its name.") var key: String
    @OptionGroup var data: DataOptions

    func run() throws {
        let (folder, wished) = (data.folder, key)
        try InterruptibleTask.run {
            let store = try await LocalStore.openKeys(folder)
            let working = try await store.keys().filter { $0.revoked == nil }
            let found = working.filter { $0.id.description == wished || $0.name == wished }
            guard let key = found.first else { throw StoreError.notFound(.key, id: wished) }
            guard found.count == 1 else { throw CommandError.ambiguousKey(name: wished, count: found.count) }
            try await store.revokeKey(key.id)
        }
        Console.note("The key \(wished) is revoked.")
    }
}
