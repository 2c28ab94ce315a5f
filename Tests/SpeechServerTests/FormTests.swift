import Testing

@testable import SpeechServer

/// Forms with files: what is one, and what is none.
struct FormTests {
    private static let type = "multipart/form-data; boundary=b"

    private static func read(_ text: String, _ type: String = type, files: Set<String> = ["f"]) throws -> MultipartForm
    {
        try MultipartForm(Array(text.utf8), contentType: type, fileFields: files)
    }

    private static func part(_ head: String, _ content: String) -> String { "--b\r\n\(head)\r\n\r\n\(content)\r\n" }

    @Test func textsAndFilesAreRead() throws {
        let form = try Self.read(
            Self.part("Content-Disposition: form-data; name=\"a\"", "one\r\ntwo --b")
                + Self.part(
                    "content-type: audio/wav\r\nCONTENT-DISPOSITION: form-data; name=f; filename=\"../x\\\"y\u{7}.wav\"",
                    "RIFF\0")
                + "--b--\r\n")
        #expect(form.fields == ["a": "one\r\ntwo --b"])
        #expect(form.files["f"]?.bytes == Array("RIFF\0".utf8))
        #expect(form.files["f"]?.displayName == "..x\"y.wav", "no part of a path is left")
        #expect(try Self.read("--b--").fields.isEmpty)
        #expect(try Self.read("--b b--", "multipart/form-data; boundary=\"b b\"").fields.isEmpty)
    }

    @Test(arguments: [
        "", "--b", "--c--", "x--b--", "--b\r\n", "--b\r\n\r\n", "--b\r\nno colon\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--bX\r\n",
        "--b\r\nContent-Disposition: form-data; name=a; \(String(repeating: "x", count: 5000))=1\r\n\r\nx\r\n--b--",
    ])
    func brokenFormsAreRefused(text: String) {
        #expect(throws: APIError.self) { try Self.read(text) }
    }

    @Test func twinsAndCrowdsAreRefused() {
        let one = Self.part("Content-Disposition: form-data; name=a", "x")
        #expect(throws: APIError.self) { try Self.read(one + one + "--b--") }
        let crowd = (0..<25).map { Self.part("Content-Disposition: form-data; name=a\($0)", "x") }.joined()
        #expect(throws: APIError.self) { try Self.read(crowd + "--b--") }
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"a",
        "multipart/mixed; boundary=b", "multipart/form-data; boundary=\(String(repeating: "b", count: 71))",
        "multipart/form-data; boundary=ü",
    ])
    func brokenBoundariesAreRefused(type: String) {
        #expect(throws: APIError.self) { try Self.read("--b--", type) }
    }

    /// Any bytes: an error or a form, never a crash.
    @Test func damageIsSurvived() throws {
        let good = Array(
            (Self.part("Content-Disposition: form-data; name=\"a\"; x=\"\\\\\"", "1")
                + Self.part("Content-Disposition: form-data; name=f; filename=q", "2") + "--b--\r\n").utf8)
        for length in 0...good.count {
            _ = try? MultipartForm(Array(good[..<length]), contentType: Self.type, fileFields: ["f"])
        }
        for index in good.indices {
            for byte: UInt8 in [0, 10, 13, 34, 45, 59, 61, 92, 255] {
                var bytes = good
                bytes[index] = byte
                _ = try? MultipartForm(bytes, contentType: Self.type, fileFields: ["f"])
            }
        }
    }

    @Test func textsBecomeValues() throws {
        let fields = JSONFields(texts: ["n": "7", "x": "1.5", "t": "true", "s": "7", "q": "a\"b\n"], plain: ["s"])
        #expect(try fields.integer("n", in: 0...9) == 7)
        #expect(try fields.number("x", in: 0...9) == 1.5)
        #expect(try fields.flag("t") == true)
        #expect(try fields.string("s") == "7" && fields.string("q") == "a\"b\n")
    }

    @Test(arguments: [
        (
            "1\n00:00:01,000 --> 00:00:02,000\nOne\ntwo\n\n2\n00:00:03.000 --> 00:00:04.000 X1:0\n<i>{\\an8}Three</i> < 4\n",
            ["One two", "Three < 4"]
        ),
        ("00:00:01,000 --> 00:00:02,000\r\nNo number\r\n\r\n\r\n", ["No number"]), ("", []), ("\n\n", []),
        ("1\n00:00:01,000 --> 00:00:02,000\n<b></b>\n", []),
    ])
    func subtitlesAreRead(text: String, lines: [String]) throws {
        #expect(try SubtitleFile.lines(text, limit: 10) == lines)
    }

    @Test(arguments: [
        "words", "1\nwords", "1\n2\n00:00:01,000 --> 00:00:02,000\nx", "a --> b\nx", "1\n00:01 --> 00:02\nx",
    ])
    func otherTextsAreNoSubtitles(text: String) {
        #expect(throws: APIError.self) { try SubtitleFile.lines(text, limit: 10) }
    }

    @Test func subtitlesHaveALimit() {
        let cue = "00:00:01,000 --> 00:00:02,000\nx\n\n"
        #expect(throws: APIError.self) { try SubtitleFile.lines(String(repeating: cue, count: 11), limit: 10) }
    }
}
