import Foundation
import Testing

@testable import AudioIO

/// Files with flipped, dropped and doubled bytes: any answer is right but a crash or a standstill.
///
/// About a second by default; `MYNAH_FUZZ_SECONDS` sets another length.
struct AudioFuzzTests {
    private static var seconds: Double {
        ProcessInfo.processInfo.environment["MYNAH_FUZZ_SECONDS"].flatMap(Double.init) ?? 1
    }

    @Test func mutatedFilesDoNotCrash() throws {
        var seeds: [[UInt8]] = [
            Sounds.wave(frames: (0..<400).map { [Int16($0), Int16(-$0)] }, channels: 2, rateHz: 22_050)
        ]
        let sound = Sounds.sine(hertz: 330, seconds: 0.1, rateHz: 16_000)
        for format in EncoderCatalog.encodable where format != .pcm {
            seeds.append(try Sounds.encodedFile(sound, as: format, rateHz: 16_000))
        }
        var random = SplitMix(state: 20_26)
        var slowest = 0.0
        var accepted = 0
        let end = Date(timeIntervalSinceNow: Self.seconds)
        repeat {
            for seed in seeds {
                let bytes = Self.mutated(seed, with: &random)
                let start = Date()
                let limits = DecodeLimits(maxSeconds: 5)
                if (try? AudioFile.readMono(bytes: bytes, named: "fuzz", sampleRateHz: nil, limits: limits)) != nil {
                    accepted += 1
                }
                slowest = max(slowest, Date().timeIntervalSince(start))
            }
        } while Date() < end
        #expect(accepted > 0)
        #expect(slowest < 5)
    }

    private static func mutated(_ seed: [UInt8], with random: inout SplitMix) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            guard !bytes.isEmpty else { return bytes }
            // Half of the changes hit the header.
            let reach = Bool.random(using: &random) ? min(64, bytes.count) : bytes.count
            let place = Int.random(in: 0..<reach, using: &random)
            let length = min(Int.random(in: 1...16, using: &random), bytes.count - place)
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes[place] = Bool.random(using: &random) ? 0xFF : 0
            case 3: bytes.removeSubrange(place..<place + length)
            case 4: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
            case 5: bytes.removeLast(bytes.count - place)
            default: for index in place..<place + length { bytes[index] = 0xFF }
            }
        }
        return bytes
    }
}
