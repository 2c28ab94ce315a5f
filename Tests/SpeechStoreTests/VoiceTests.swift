import Archives
import Foundation
import Testing

@testable import SpeechStore

/// Voices: what is kept of them, and that nothing stays of one that is deleted.
struct VoiceTests {
    @Test func staysAsItWasSaved() async throws {
        let folder = try StoreFolder()
        let latents = Data((0..<1000).map { UInt8($0 % 251) })
        var saved: Voice
        do {
            let store = try await folder.open()
            saved = try await store.addVoice(voice("Ada"))
            try await store.setLatents(latents, of: saved.id, modelDigest: "ab12")
            saved = try await store.setPreview(sound("a sample"), of: saved.id)
        }
        let store = try await folder.open()
        #expect(try await store.voices() == [saved])
        #expect(try await store.voice(named: "aDA") == saved)
        #expect(try await store.latents(of: saved.id, modelDigest: "ab12") == latents)
        #expect(try await store.latents(of: saved.id, modelDigest: "cd") == nil)
        #expect(try Data(contentsOf: store.file(of: saved.reference)) == Data("recorded sound".utf8))
        #expect(saved.reference.sha256 == AudioFolder.sha256(of: Data("recorded sound".utf8)))
        #expect(folder.audioFiles.count == 2)
        _ = try await store.setPreview(sound("a better sample"), of: saved.id)
        #expect(folder.audioFiles.count == 2, "the earlier sample goes")
        #expect(try await store.renameVoice(saved.id, to: " Grace\n").name == "Grace")
    }

    @Test func refusesWhatIsNoVoice() async throws {
        let folder = try StoreFolder()
        var settings = StoreFolder.settings
        settings.voices = 2
        settings.voiceAudioBytes = 100
        let store = try await folder.open(settings)
        let ada = try await store.addVoice(voice("Ada"))
        let silent = NewVoice(name: "Bea", transcript: "Hello.", consent: " \n", reference: sound("x"))
        await #expect(throws: StoreError.consentMissing) { try await store.addVoice(silent) }
        let mute = NewVoice(name: "Bea", transcript: "", consent: "She agreed.", reference: sound("x"))
        await #expect(throws: StoreError.invalid(field: "the transcript", reason: "is empty")) {
            try await store.addVoice(mute)
        }
        await #expect(throws: StoreError.nameTaken("ADA")) { try await store.addVoice(voice("ADA")) }
        await #expect(throws: StoreError.self) { try await store.addVoice(voice("\u{1B}\n ")) }
        await #expect(throws: StoreError.tooLarge(field: "the audio", count: 101, limit: 100)) {
            try await store.addVoice(voice("Bea", reference: String(repeating: "x", count: 101)))
        }
        #expect(folder.audioFiles == [ada.reference.id.description], "refused audio does not stay")
        let bea = try await store.addVoice(voice("Bea"))
        await #expect(throws: StoreError.capReached(.voice, limit: 2)) { try await store.addVoice(voice("Cleo")) }
        await #expect(throws: StoreError.nameTaken("Ada")) { try await store.renameVoice(bea.id, to: "Ada") }
        let unknown = RecordID()
        await #expect(throws: StoreError.notFound(.voice, id: unknown.description)) {
            try await store.voice(unknown)
        }
    }

    @Test(arguments: [SpokenAudio.keptWithoutVoice, .deleted])
    func deletingLeavesNoTrace(spoken: SpokenAudio) async throws {
        let folder = try StoreFolder()
        let store = try await folder.open()
        let other = try await store.addVoice(voice("Grace", reference: "another recording"))
        var secret = voice("Xanthippe-Q7", reference: "XANTHIPPE-RECORDING")
        secret.transcript = "XANTHIPPE-TRANSCRIPT" + String(repeating: " and more", count: 2000)
        secret.consent = "XANTHIPPE-CONSENT"
        secret.preview = sound("XANTHIPPE-PREVIEW")
        let saved = try await store.addVoice(secret)
        let latents = Data("XANTHIPPE-LATENTS".utf8) + Data(count: 50_000)
        try await store.setLatents(latents, of: saved.id, modelDigest: "ab")
        _ = try await store.record(entry("said by her", voice: saved.id, audio: "HER-SPEECH"))
        _ = try await store.record(entry("said by another", voice: other.id))
        let job = try await store.addJob(
            NewJob(kind: .batch, title: "lines", model: "nano", voice: saved.id, parts: ["one"]))
        let traces = [
            "Xanthippe-Q7", "XANTHIPPE-RECORDING", "XANTHIPPE-TRANSCRIPT", "XANTHIPPE-CONSENT", "XANTHIPPE-PREVIEW",
            "XANTHIPPE-LATENTS", saved.id.description,
        ]
        for trace in traces { #expect(try !folder.files(holding: Data(trace.utf8)).isEmpty, "\(trace) was there") }

        try await store.deleteVoice(saved.id, spoken: spoken)

        for trace in traces { #expect(try folder.files(holding: Data(trace.utf8)) == [], "\(trace)") }
        let history = try await store.history(before: nil, limit: 10)
        switch spoken {
        case .keptWithoutVoice:
            #expect(history.map(\.text) == ["said by another", "said by her"])
            #expect(history[1].voice == nil && history[1].voiceName == nil)
            let ended = try await store.job(job.id)
            #expect(ended.state == .failed && ended.voice == nil && ended.failure == "its voice was deleted")
        case .deleted:
            #expect(history.map(\.text) == ["said by another"])
            #expect(try folder.files(holding: Data("HER-SPEECH".utf8)) == [])
            #expect(try await store.jobs(owner: nil, before: nil, limit: 10) == [])
        }
        #expect(history[0].voice == other.id && history[0].voiceName == "Grace")
        #expect(try await store.voices() == [other])
        await #expect(throws: StoreError.notFound(.voice, id: saved.id.description)) {
            try await store.deleteVoice(saved.id, spoken: spoken)
        }
    }

    @Test func travelsAsAFile() async throws {
        let (home, abroad) = (try StoreFolder(), try StoreFolder())
        let (here, there) = (try await home.open(), try await abroad.open())
        var new = voice("Ada \"the first\"")
        new.preview = sound("sample")
        let saved = try await here.addVoice(new)
        try await here.setLatents(Data([0, 1, 255]), of: saved.id, modelDigest: "ab")
        let file = try await here.exportVoice(saved.id)

        let arrived = try await there.importVoice(file, name: nil)
        #expect(arrived.name == saved.name && arrived.transcript == saved.transcript)
        #expect(arrived.consent == saved.consent && arrived.id != saved.id)
        #expect(arrived.reference.sha256 == saved.reference.sha256)
        #expect(arrived.preview?.sha256 == saved.preview?.sha256)
        #expect(
            try await there.latents(of: arrived.id, modelDigest: "ab") == nil,
            "strangers' numbers do not reach the model")
        await #expect(throws: StoreError.nameTaken(saved.name)) { try await there.importVoice(file, name: nil) }
        #expect(try await there.importVoice(file, name: "Ada II").name == "Ada II")

        let entries = try ZipReader(maxEntries: 3, maxBytes: 1 << 20).read(Array(file))
        let sheet = String(decoding: try #require(entries["voice.json"]), as: UTF8.self)
        #expect(entries.keys.sorted() == ["preview.wav", "reference.wav", "voice.json"])
        func packed(_ sheet: String, without: String = "", adding: [String: [UInt8]] = [:]) throws -> Data {
            let zip = try ZipWriter(seconds: 0)
            var changed = entries.merging(adding) { $1 }
            changed["voice.json"] = Array(sheet.utf8)
            changed[without] = nil
            for (name, bytes) in changed { try zip.add(name, bytes) }
            try zip.finish()
            return Data(zip.take())
        }
        let count = abroad.audioFiles.count
        for damaged in [
            Data(), Data("{}".utf8), file.dropLast(30), file.prefix(200), try packed("{}"),
            try packed(sheet.replacingOccurrences(of: "\"version\" : 2", with: "\"version\" : 3")),
            try packed(sheet.replacingOccurrences(of: saved.reference.sha256, with: String(repeating: "0", count: 64))),
            try packed(sheet.replacingOccurrences(of: "\"reference.wav\"", with: "\"../../etc/passwd\"")),
            try packed(sheet, without: "voice.json"), try packed(sheet, without: "reference.wav"),
            try packed(sheet, adding: ["../reference.wav": [1]]), try packed(sheet, adding: ["more.wav": [1]]),
            try packed(sheet, adding: ["preview.wav": [UInt8](repeating: 0, count: 50 << 20)]),
        ] {
            await #expect(throws: StoreError.self) { try await there.importVoice(damaged, name: "X") }
        }
        #expect(try await there.importVoice(try packed(sheet), name: "Ada III").name == "Ada III")
        #expect(abroad.audioFiles.count == count + 2)
    }
}
