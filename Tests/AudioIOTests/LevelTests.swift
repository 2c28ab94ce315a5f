import Foundation
import Testing

@testable import AudioIO

/// Level, loudness, trimming and advice.
struct LevelTests {
    private static let rate = 16_000

    private static func silence(_ seconds: Double) -> [Float] {
        [Float](repeating: 0, count: Int(seconds * Double(rate)))
    }

    /// Something like speech: a tone that swells and pauses.
    private static func speech(_ seconds: Double, amplitude: Float = 0.4) -> [Float] {
        Sounds.sine(hertz: 200, seconds: seconds, rateHz: rate, amplitude: amplitude).enumerated().map { index, value in
            let time = Double(index) / Double(rate)
            return value * Float(max(0, sin(2 * Double.pi * 2 * time)))
        }
    }

    private static func audio(_ samples: [Float]) -> MonoAudio { MonoAudio(samples: samples, sampleRateHz: rate) }

    @Test func peakAndRms() {
        let level = Level(of: [0.5, -1, 0.5, 0])
        #expect(level.peak == 1)
        #expect(abs(level.rms - 0.6124) < 1e-3)
        #expect(level.peakDecibels == 0)
        #expect(Level(of: []).rmsDecibels == -.infinity)
    }

    @Test(arguments: [16_000, 44_100, 48_000])
    func loudnessOfTheStandardsTestTone(rateHz: Int) throws {
        // EBU Tech 3341 by way of BS.1770: 997 Hz at full scale in one channel is -3.01 LUFS.
        let tone = Sounds.sine(hertz: 997, seconds: 3, rateHz: rateHz, amplitude: 1)
        let loudness = try #require(Loudness.integrated(MonoAudio(samples: tone, sampleRateHz: rateHz)))
        #expect(abs(loudness + 3.01) < 0.1)
    }

    @Test func pausesDoNotCountForLoudness() throws {
        let tone = Sounds.sine(hertz: 997, seconds: 3, rateHz: Self.rate, amplitude: 0.1)
        let alone = try #require(Loudness.integrated(Self.audio(tone)))
        let paused = try #require(Loudness.integrated(Self.audio(tone + Self.silence(5))))
        #expect(abs(alone - paused) < 0.5)
        #expect(Loudness.integrated(Self.audio(Self.silence(3))) == nil)
        #expect(Loudness.integrated(Self.audio([0.5])) == nil)
    }

    @Test func silenceIsTrimmedAtBothEnds() {
        let tone = Sounds.sine(hertz: 300, seconds: 1, rateHz: Self.rate)
        let trimmed = SilenceTrimmer(keptSeconds: 0.1).trim(Self.audio(Self.silence(1) + tone + Self.silence(2)))
        #expect(abs(trimmed.durationSeconds - 1.2) < 0.05)
        #expect(SilenceTrimmer().trim(Self.audio(tone)).samples == tone)
        #expect(SilenceTrimmer().trim(Self.audio(Self.silence(1))).samples.isEmpty)
        #expect(SilenceTrimmer().trim(Self.audio([])).samples.isEmpty)
    }

    @Test func goodPromptsGetNoAdvice() {
        #expect(PromptCheck().advice(on: Self.audio(Self.speech(8))).isEmpty)
    }

    @Test func badPromptsGetTheRightAdvice() {
        let check = PromptCheck()
        #expect(check.advice(on: Self.audio(Self.silence(5))) == [.silent])
        #expect(check.advice(on: Self.audio([])) == [.silent])
        #expect(check.advice(on: Self.audio(Self.speech(1))) == [.tooShort(seconds: 1, advisedSeconds: 3)])
        #expect(check.advice(on: Self.audio(Self.speech(40))) == [.tooLong(seconds: 40, advisedSeconds: 30)])
        let clipped = Self.speech(5, amplitude: 4).map { max(-1, min(1, $0)) }
        #expect(check.advice(on: Self.audio(clipped)).contains { if case .clipped = $0 { true } else { false } })
        let quiet = Self.speech(5, amplitude: 0.01)
        #expect(check.advice(on: Self.audio(quiet)).contains { if case .quiet = $0 { true } else { false } })
        let noise = Sounds.noise(count: 5 * Self.rate, seed: 9)
        let noisy = zip(Self.speech(5), noise).map { $0 + 0.4 * $1 }
        #expect(check.advice(on: Self.audio(noisy)).contains { if case .noisy = $0 { true } else { false } })
        let late = check.advice(on: Self.audio(Self.silence(1) + Self.speech(5) + Self.silence(2)))
        #expect(late.contains { if case .silentHead = $0 { true } else { false } })
        #expect(late.contains { if case .silentTail = $0 { true } else { false } })
        let dull = MonoAudio(samples: Self.speech(8), sampleRateHz: 8_000, wasCutShort: true)
        #expect(check.advice(on: dull).contains(.lowRate(hz: 8_000)))
        #expect(check.advice(on: dull).first == .cutShort(seconds: 16))
        for advice in check.advice(on: dull) { #expect(advice.description.hasSuffix(".")) }
    }
}
