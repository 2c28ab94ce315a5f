import Archives
import Foundation
import SpeechEngine
import SpeechStore
import TestSupport
import Testing

@testable import SpeechServer

/// Whichever way sound leaves, it says that a machine spoke.
struct LabelTests {
    private static func isLabelled(_ bytes: [UInt8]) -> Bool {
        bytes.firstRange(of: Array("AI-generated".utf8)) != nil
    }

    @Test(arguments: ["wav", "flac", "mp3"]) func everyWayOutIsLabelled(format: String) async throws {
        try await TestServer.withStore { server, _ in
            var sounds: [String: [UInt8]] = [:]
            let spoken = await server.post("/api/v1/speech", #"{"text":"one","format":"\#(format)"}"#)
            sounds["speech"] = spoken.body
            sounds["pieces"] =
                await server.post("/api/v1/speech", #"{"text":"one","stream":"audio","format":"\#(format)"}"#).body
            sounds["OpenAI"] =
                await server.post(
                    "/v1/audio/speech",
                    #"{"model":"tts-1","voice":"alloy","input":"one","response_format":"\#(format)"}"#
                ).body
            let entry = spoken.headers["x-mynah-history-id"] ?? ""
            sounds["history"] = await server.send("GET", "/api/v1/history/\(entry)/audio?format=\(format)").body
            let job = await server.post("/api/v1/jobs", #"{"lines":["one"]}"#).json["id"] as? String ?? ""
            #expect(
                await TestServer.eventually {
                    await server.send("GET", "/api/v1/jobs/\(job)").json["state"] as? String == "finished"
                })
            sounds["job"] = await server.send("GET", "/api/v1/jobs/\(job)/audio?format=\(format)").body
            sounds["part"] = await server.send("GET", "/api/v1/jobs/\(job)/parts/0/audio?format=\(format)").body
            let archive = await server.send("GET", "/api/v1/jobs/\(job)/archive?format=\(format)").body
            sounds["archive"] = try ZipReader(maxEntries: 9, maxBytes: 1 << 24).read(archive)["00001.\(format)"]
            for isWhole in [true, false] {
                let client = await StreamClient(port: server.port)
                client.configure("\"response_format\":\"\(format)\",\"stream_audio\":\(!isWhole)")
                client.text("Hello.")
                client.done()
                sounds["stream \(isWhole)"] = await client.frames(until: "session.done").sound
            }
            let call = await server.post("/gradio_api/call/generate", #"{"data":["Hello."]}"#).json["event_id"] ?? ""
            let told = await server.send("GET", "/gradio_api/call/generate/\(call)").text
            let path = try #require(told.firstMatch(of: /"path":"([0-9a-f]+\.wav)"/)?.1)
            sounds["Gradio"] = await server.send("GET", "/gradio_api/file=\(path)").body
            #expect(sounds.count == 10)
            for (way, sound) in sounds { #expect(Self.isLabelled(sound), "\(way): \(sound.count) bytes") }
        }
    }

    /// Pieces of files are not given: who asks for many gets the whole, once.
    @Test func rangesAreNotServed() async throws {
        try await TestServer.withStore { server, _ in
            let spoken = await server.post("/api/v1/speech", #"{"text":"one"}"#)
            let path = "/api/v1/history/\(spoken.headers["x-mynah-history-id"] ?? "")/audio"
            let whole = await server.send("GET", path)
            let many = (0..<300).map { "\($0)-\($0 + 1)" }.joined(separator: ",")
            for range in ["bytes=0-1", "bytes=-1", "bytes=9-2", "bytes=\(many)"] {
                let reply = await server.send("GET", path, ["Range": range])
                #expect(reply.status == 200 && reply.body == whole.body)
            }
        }
    }
}
