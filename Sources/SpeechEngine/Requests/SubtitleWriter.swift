import Foundation

/// Writes the marks of a speech as subtitles, exact to the millisecond.
public struct SubtitleWriter: Sendable {
    public enum Format: String, Sendable, CaseIterable {
        case srt
        case webVTT = "vtt"
        /// A list of objects with `index`, `start`, `end` (seconds), `text`, `text_start`, `text_end` (Unicode scalars).
        case json
    }

    public let sampleRateHz: Int

    public init(sampleRateHz: Int) { self.sampleRateHz = sampleRateHz }

    /// The whole file.
    public func write(_ marks: [SpeechMark], as format: Format) throws -> String {
        switch format {
        case .srt:
            return marks.enumerated().map { number, mark in
                "\(number + 1)\n\(time(mark.samples.lowerBound, ",")) --> \(time(mark.samples.upperBound, ","))\n"
                    + "\(Self.line(mark.text))\n"
            }.joined(separator: "\n")
        case .webVTT:
            return "WEBVTT\n"
                + marks.map { mark in
                    "\n\(time(mark.samples.lowerBound, ".")) --> \(time(mark.samples.upperBound, "."))\n"
                        + "\(Self.escaped(Self.line(mark.text)))\n"
                }.joined()
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let entries = marks.map { mark in
                let (start, end) = mark.seconds(sampleRateHz: sampleRateHz)
                return Entry(
                    index: mark.index, start: start, end: end, text: mark.text, text_start: mark.textRange.lowerBound,
                    text_end: mark.textRange.upperBound)
            }
            return String(decoding: try encoder.encode(entries), as: UTF8.self) + "\n"
        }
    }

    private struct Entry: Encodable {
        let index: Int
        let start: Double
        let end: Double
        let text: String
        let text_start: Int
        let text_end: Int
    }

    /// `00:00:01,234`
    private func time(_ sample: Int, _ point: String) -> String {
        let milliseconds = (sample * 1000 + sampleRateHz / 2) / sampleRateHz
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let seconds = milliseconds / 1000
        return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
            + "\(point)\(padded(milliseconds % 1000, 3))"
    }

    /// An empty line would end a subtitle.
    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }
}
