/// The keys that open the server.
public struct KeyRing: Sendable {
    private let keys: [[UInt8]]

    /// - Parameter keys: None of them empty.
    public init(_ keys: [String]) { self.keys = keys.map { Array($0.utf8) } }

    /// A key that nobody guesses.
    public static func makeKey() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var source = SystemRandomNumberGenerator()
        return "mynah-" + String((0..<40).map { _ in letters[Int.random(in: 0..<letters.count, using: &source)] })
    }

    /// The owner that a key stands for; nil for a key that is none of ours.
    ///
    /// Every key is compared to the end, so that the time tells nothing about how much of it was right.
    func owner(of key: String) -> String? {
        var found: Int?
        for (index, own) in keys.enumerated() where Self.isEqual(own, Array(key.utf8)) { found = index }
        return found.map { "key-\($0 + 1)" }
    }

    private static func isEqual(_ own: [UInt8], _ given: [UInt8]) -> Bool {
        var difference = own.count ^ given.count
        for index in given.indices { difference |= Int(given[index] ^ own[index % own.count]) }
        return difference == 0
    }
}
