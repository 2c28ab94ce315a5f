import Compute
import Foundation
import SpeechEngine
import Testing
import VoxCPM

/// Texts of several parts.
struct LongTextTests {
    private static let text =
        "  This is the first sentence here. And a second, shorter one.\n\nA new paragraph?\n\n***\n\nThe end. "

    private static func request(_ cutting: PartCutting) -> SpeechRequest {
        var request = TinyEngine.request(text, seed: 3)
        request.maxSeconds = nil
        request.cutting = cutting
        request.pauses = SpeechPauses(clause: 0.05, sentence: 0.1, paragraph: 0.25)
        return request
    }

    @Test func marksTileTheAudio() async throws {
        let engine = try await TinyEngine.ready()
        let speech = await (try await engine.submit(Self.request(.sentences))).collect()
        #expect(speech.outcome?.end == .complete)
        #expect(
            speech.marks.map(\.text) == [
                "This is the first sentence here.", "And a second, shorter one.", "A new paragraph?", "The end.",
            ] || speech.marks.map(\.text).first == "This is the first sentence here. And a second, shorter one.")
        var end = 0
        let scalars = Array(Self.text.unicodeScalars)
        for (index, mark) in speech.marks.enumerated() {
            #expect(mark.index == index)
            #expect(mark.samples.lowerBound == end)
            #expect(!mark.samples.isEmpty)
            end = mark.samples.upperBound + mark.pauseSamples
            #expect(speech.samples[mark.samples.upperBound..<end].allSatisfy { $0 == 0 })
            let said = String(String.UnicodeScalarView(scalars[mark.textRange]))
            #expect(said == mark.text)
        }
        #expect(end == speech.samples.count)
        #expect(speech.marks.last?.pauseSamples == 0)
        #expect(Set(speech.marks.dropLast().map(\.pauseSamples)).isSubset(of: [4_410, 11_025]))
    }

    @Test func streamedIsCollected() async throws {
        let engine = try await TinyEngine.ready { $0.maxBatch = 2 }
        var whole = Self.request(.paragraphs)
        whole.heldBackSeconds = .infinity
        let streamed = await (try await engine.submit(Self.request(.paragraphs))).collect()
        let collected = await (try await engine.submit(whole)).collect()
        #expect(streamed.samples == collected.samples)
        #expect(streamed.marks == collected.marks)
    }

    @Test func numbersAreSpelledOutWhereThatIsWished() async throws {
        let engine = try await TinyEngine.ready()
        var wished = TinyEngine.request("It costs $5.", seed: 3)
        wished.spellsOut = true
        let spoken = await (try await engine.submit(wished)).collect()
        let written = await (try await engine.submit(TinyEngine.request("It costs five dollars.", seed: 3))).collect()
        #expect(spoken.samples == written.samples)
        #expect(spoken.marks.map(\.text) == ["It costs $5."])
    }

    @Test func eventsComeInOrder() async throws {
        let engine = try await TinyEngine.ready()
        var next = 0
        var kinds: [String] = []
        for await event in try await engine.submit(Self.request(.paragraphs)).events {
            switch event {
            case .queued: kinds.append("queued")
            case .started(let seed, let parts):
                #expect(seed == 3 && parts == 3)
                kinds.append("started")
            case .audio(let samples, let start):
                #expect(start == next)
                next += samples.count
                kinds.append("audio")
            case .mark(let mark):
                #expect(mark.samples.upperBound == next)
                kinds.append("mark")
            case .progress(let progress):
                #expect(progress.seconds <= progress.expectedSeconds && progress.parts == 3 && progress.rtf > 0)
            case .finished: kinds.append("finished")
            }
        }
        #expect(kinds.filter { $0 == "finished" }.count == 1 && kinds.last == "finished")
        #expect(kinds.filter { $0 == "mark" }.count == 3)
        #expect(kinds.first { $0 != "queued" } == "started")
    }

    @Test func theFirstPartBecomesTheVoice() async throws {
        let engine = try await TinyEngine.ready()
        let speech = await (try await engine.submit(Self.request(.paragraphs))).collect()
        let model = try TinyEngine.model()
        let texts = speech.marks.map(\.text)
        var generation = GenerationRequest(tokens: model.feed.tokens(prompt: nil, text: texts[0]).all)
        generation.seed = 3
        generation.steps = 2
        var latents: [Float] = []
        let first = try model.model.generate(generation) { patch in
            latents += patch.latents
            return true
        }
        #expect(Array(speech.samples[speech.marks[0].samples]) == first.samples)
        let tokens = model.feed.tokens(prompt: texts[0], text: texts[1])
        generation = GenerationRequest(
            tokens: tokens.all, targetTokenCount: tokens.targetCount,
            prompt: Matrix(rows: latents.count / 16, columns: 16, values: latents))
        generation.seed = 3
        generation.steps = 2
        #expect(Array(speech.samples[speech.marks[1].samples]) == (try model.model.generate(generation)).samples)

        let voice = try #require(speech.outcome?.voice)
        #expect(voice.latentValues == latents)
        var following = TinyEngine.request(texts[1], seed: 3)
        following.maxSeconds = nil
        following.voice = .prompt(VoicePrompt(text: voice.text, latentValues: voice.latentValues, latentSize: 16))
        let continued = await (try await engine.submit(following)).collect()
        #expect(continued.samples == Array(speech.samples[speech.marks[1].samples]))
    }

    @Test(arguments: [0.3, 1.0, 20]) func neverLongerThanAllowed(limit: Double) async throws {
        let engine = try await TinyEngine.ready()
        var request = Self.request(.sentences)
        request.maxSeconds = limit
        let speech = await (try await engine.submit(request)).collect()
        #expect(speech.samples.count <= Int(limit * 44_100))
        let marked = speech.marks.last.map { $0.samples.upperBound + $0.pauseSamples }
        #expect(marked == speech.samples.count)
        #expect(speech.outcome?.end == .lengthLimit || speech.samples.count < Int(limit * 44_100))
    }

    @Test func subtitlesTellTheTimesOfTheMarks() throws {
        let marks = [
            SpeechMark(index: 0, text: "A < b.", textRange: 0..<6, samples: 0..<66_150, pauseSamples: 4_410),
            SpeechMark(
                index: 1, text: "Two\nlines.", textRange: 7..<17, samples: 70_560..<176_400_000, pauseSamples: 0),
        ]
        let writer = SubtitleWriter(sampleRateHz: 44_100)
        #expect(
            try writer.write(marks, as: .srt)
                == "1\n00:00:00,000 --> 00:00:01,500\nA < b.\n\n2\n00:00:01,600 --> 01:06:40,000\nTwo lines.\n")
        #expect(
            try writer.write(marks, as: .webVTT)
                == "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nA &lt; b.\n\n00:00:01.600 --> 01:06:40.000\nTwo lines.\n")
        let json = try JSONSerialization.jsonObject(with: Data(try writer.write(marks, as: .json).utf8))
        let list = try #require(json as? [[String: Any]])
        #expect(list.map { $0["start"] as? Double } == [0, 1.6])
        #expect(list[0]["text"] as? String == "A < b.")
        #expect(list[1]["text_end"] as? Int == 17)
    }
}
