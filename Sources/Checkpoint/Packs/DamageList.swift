import Synchronization

/// Names that several threads find.
final class DamageList: Sendable {
    private let found = Mutex<[String]>([])

    var names: [String] { found.withLock { $0 } }

    func add(_ name: String) { found.withLock { $0.append(name) } }
}
