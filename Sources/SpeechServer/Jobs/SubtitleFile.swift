import Foundation

/// Reads what is said in an SRT file. Its times are passed over: speech takes the time that it takes.
enum SubtitleFile {
    /// The cues in order, each one line of plain text.
    ///
    /// - Parameter limit: How many there may be.
    /// - Throws: 400 for what is no SRT file, with the number of the cue.
    static func lines(_ text: String, limit: Int) throws(APIError) -> [String] {
        var lines: [String] = []
        var block: [Substring] = []
        var number = 0
        func close() throws(APIError) {
            defer { block = [] }
            guard !block.isEmpty else { return }
            number += 1
            // The number above the times is often missing or wrong, and means nothing here.
            if !isTime(block[0]) { block.removeFirst() }
            guard let first = block.first, isTime(first) else {
                throw APIError.bad("file", code: "invalid_srt", "Cue \(number) of the file has no line with its times.")
            }
            let said = plain(block.dropFirst().joined(separator: " "))
            guard !said.isEmpty else { return }
            guard lines.count < limit else {
                throw APIError.bad("file", "The file may have \(limit) cues at most.")
            }
            lines.append(said)
        }
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.allSatisfy(\.isWhitespace) { try close() } else { block.append(line) }
        }
        try close()
        return lines
    }

    /// `00:00:01,000 --> 00:00:02,500`, and whatever may follow.
    private static func isTime(_ line: Substring) -> Bool {
        let halves = line.components(separatedBy: "-->")
        return halves.count == 2 && isMoment(halves[0]) && isMoment(halves[1])
    }

    private static func isMoment(_ text: String) -> Bool {
        guard let word = text.split(whereSeparator: \.isWhitespace).first else { return false }
        let numbers = word.split(omittingEmptySubsequences: false) { ":,.".contains($0) }
        return (3...4).contains(numbers.count)
            && numbers.allSatisfy {
                (1...6).contains($0.count) && $0.allSatisfy(\.isASCII) && $0.allSatisfy(\.isNumber)
            }
    }

    /// Without tags such as `<i>` and `{\an8}`.
    private static func plain(_ text: String) -> String {
        var said = ""
        var closing: Character?
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if let end = closing {
                if character == end { closing = nil }
            } else if character == "<", rest.contains(">") {
                closing = ">"
            } else if character == "{", rest.first == "\\", rest.contains("}") {
                closing = "}"
            } else {
                said.append(character)
            }
        }
        return said.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
