import Foundation
import SpeechEngine
import Synchronization
import Testing

@testable import SpeechServer

/// The page: what is served, and that its parts fit together. `tools/browser` tries it in a browser.
struct StudioTests {
    @Test func thePageWorksWithoutScripts() async throws {
        try await TestServer.run { server in
            #expect(await server.send("GET", "/").text.contains("action=\"tts\""))
            #expect(await server.send("HEAD", "/").status == 200)
            let spoken = await server.post(
                "/tts", "text=Good+morning%2C+you%21&voice=default",
                ["Content-Type": "application/x-www-form-urlencoded"])
            #expect(spoken.status == 200 && spoken.headers["content-type"] == "audio/wav")
            #expect(server.engine.state.withLock { $0.requests.last?.text } == "Good morning, you!")
            #expect(await server.post("/tts", #"{"text":"a"}"#).status == 200)
        }
    }

    @Test func filesAreServedWithTheirTypesAndKeptByBrowsers() async throws {
        try await TestServer.run { server in
            for (file, type) in [
                ("main.js", "text/javascript"), ("studio.css", "text/css"), ("zh.json", "application/json"),
            ] {
                let reply = await server.send("GET", "/studio/\(file)")
                #expect(reply.status == 200 && reply.headers["content-type"]?.hasPrefix(type) == true)
                let tag = try #require(reply.headers["etag"])
                let again = await server.send("GET", "/studio/\(file)", ["If-None-Match": tag])
                #expect(again.status == 304 && again.text.isEmpty)
            }
            for file in ["nothing.js", "..%2Fmain.js", "%2Fetc%2Fpasswd", ".."] {
                #expect(await server.send("GET", "/studio/\(file)").status == 404)
            }
        }
    }

    /// A strict policy needs all scripts and styles in files, and nothing may come from elsewhere.
    @Test func thePageIsSmallAndBringsEverythingWithIt() throws {
        #expect(try StudioFiles().sizes.values.reduce(0, +) < 200_000)
        for (name, text) in try Self.files() {
            if name.hasSuffix(".html") {
                #expect(!text.contains("style=\"") && !text.contains("<style") && !text.contains(" onclick="))
                #expect(!text.contains("<script>") && !text.contains("javascript:"))
            }
            for address in text.matches(of: /https?:\/\/[^'"\s)]+/) {
                #expect(address.output == "http://www.w3.org/2000/svg", "\(name) names \(address.output)")
            }
            for part in text.matches(of: /(?:from|import) '\.\/([^']+)'/) {
                #expect(try StudioFiles().sizes[String(part.output.1)] != nil, "\(name) imports \(part.output.1)")
            }
            #expect(text.components(separatedBy: "\n").count <= 301 || name.hasSuffix(".json"), "\(name) is long")
        }
    }

    @Test func bothLanguagesSayEverything() throws {
        let english = try Self.catalogue("en")
        let chinese = try Self.catalogue("zh")
        #expect(Set(english.keys) == Set(chinese.keys))
        for (key, text) in english {
            #expect(!text.isEmpty && chinese[key]?.isEmpty == false, "\(key) is empty")
            #expect(Self.values(text) == Self.values(chinese[key] ?? ""), "\(key) has other values in Chinese")
        }
    }

    /// Keys that modules name whole are in the catalogues; keys put together are tried by `tools/browser`.
    @Test func everyTextThatIsShownIsInTheCatalogues() throws {
        let known = try Self.catalogue("en")
        for (name, text) in try Self.files() where name.hasSuffix(".js") {
            for key in text.matches(of: /(?:phrase|\bt)\('([a-zA-Z_.-]+)'/) {
                #expect(known[String(key.output.1)] != nil, "\(name) shows \(key.output.1)")
            }
        }
    }

    private static func values(_ text: String) -> Set<String> {
        Set(text.matches(of: /\{\w+\}/).map { String($0.output) })
    }

    private static func catalogue(_ name: String) throws -> [String: String] {
        let text = try #require(try files()["\(name).json"])
        return try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
    }

    private static func files() throws -> [String: String] {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = here.appendingPathComponent("Sources/SpeechServer/Resources/studio")
        var texts: [String: String] = [:]
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            texts[file.lastPathComponent] = try String(contentsOf: file, encoding: .utf8)
        }
        return texts
    }
}
