/// E-mail and web addresses, hashtags and handles.
extension EnglishNormalizer {
    private static let topLevels: Set<String> = [
        "com", "org", "net", "edu", "gov", "io", "ai", "co", "uk", "de", "fr", "jp", "cn", "info", "biz", "me", "tv",
        "dev", "app", "us", "ca", "au", "eu", "ru", "in", "it", "es", "nl", "ch", "xyz", "mil", "int",
    ]
    /// Top levels that are spoken letter by letter.
    private static let spelledLevels: Set<String> = [
        "io", "ai", "uk", "de", "fr", "jp", "cn", "tv", "us", "ca", "au", "eu", "ru", "es", "nl", "ch", "xyz",
    ]

    func webAddress(at index: Int, in passage: Passage) -> Reading? {
        guard let core = passage[index]?.core, core.contains(".") || core.contains("@") || core.contains("//") else {
            return nil
        }
        if core.hasPrefix("@"), core.count > 1,
            core.dropFirst().allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
        {
            return Reading(words: "at " + address(core.dropFirst()))
        }
        let halves = core.split(separator: "@", omittingEmptySubsequences: false)
        if halves.count == 2, !halves[0].isEmpty, isDomain(halves[1]) {
            return Reading(words: address(halves[0]) + " at " + address(halves[1]))
        }
        var rest = Substring(core)
        var isAddress = false
        for scheme in ["https://", "http://", "ftp://", "www."] where rest.lowercased().hasPrefix(scheme) {
            if scheme != "www." { rest = rest.dropFirst(scheme.count) }
            isAddress = true
        }
        let host = rest.prefix { !"/?#:".contains($0) }
        guard isAddress || isDomain(host) && host.contains(where: \.isLetter) else { return nil }
        if rest.hasSuffix("/") { rest.removeLast() }
        return Reading(words: address(rest))
    }

    /// Whether a text is a domain name under a known top level, in lower case.
    private func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1, let top = labels.last, Self.topLevels.contains(top.lowercased()), labels[0].count > 1
        else {
            return false
        }
        return labels.allSatisfy {
            !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
            && top.allSatisfy(\.isLowercase)
    }

    /// An address, part by part.
    private func address(_ text: Substring) -> String {
        var words: [String] = []
        var part = ""
        func finish() {
            defer { part = "" }
            guard !part.isEmpty else { return }
            if part.lowercased() == "www" { return words.append("double u double u double u") }
            if part.allSatisfy(\.isNumber) {
                return words.append(part.count > 4 ? NumberWords.digits(part) : NumberWords.number(part))
            }
            if words.last == "dot", Self.spelledLevels.contains(part) {
                return words.append(part.uppercased().map(String.init).joined(separator: " "))
            }
            let isWord = !part.allSatisfy(\.isLetter) || part.contains { "aeiouyAEIOUY".contains($0) }
            words.append(
                isWord || part.count > 5
                    ? pieces(of: part, isShouting: false) : part.uppercased().map(String.init).joined(separator: " "))
        }
        let names: [Character: String] = [
            ".": "dot", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "?": "question mark", "=": "equals",
            "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde", "@": "at",
        ]
        for character in text {
            if let name = names[character] {
                finish()
                words.append(name)
            } else {
                part.append(character)
            }
        }
        finish()
        return words.joined(separator: " ")
    }
}
