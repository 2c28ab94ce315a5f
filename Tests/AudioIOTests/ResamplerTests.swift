import Foundation
import TestSupport
import Testing

@testable import AudioIO

/// Both resamplers against torchaudio, librosa and plain sine waves.
struct ResamplerTests {
    @Test func sincEqualsTorchaudio() throws {
        let reference = try ReferenceTensors(family: "resample.safetensors")
        let inputs = reference.names.filter { $0.hasSuffix(".in") }
        #expect(inputs.count >= 7)
        for name in inputs {
            let rates = try #require(Self.rates(of: name))
            let expected = try reference[name.replacingOccurrences(of: ".in", with: ".out")].values
            let actual = try SincResampler(fromHz: rates.from, toHz: rates.to).resample(reference[name].values)
            #expect(Self.difference(actual, expected) < 1e-5, "\(name)")
        }
    }

    @Test func soxrEqualsLibrosa() throws {
        let reference = try ReferenceTensors(family: "resample.safetensors")
        let outputs = reference.names.filter { $0.hasSuffix(".out_librosa") }
        #expect(outputs.count >= 4)
        for name in outputs {
            let input = name.replacingOccurrences(of: ".out_librosa", with: ".in")
            let rates = try #require(Self.rates(of: name))
            let actual = try SoxrResampler.resample(
                reference[input].values, fromHz: rates.from, toHz: rates.to, quality: .high)
            #expect(Self.difference(actual, try reference[name].values) < 1e-4, "\(name)")
        }
    }

    @Test(arguments: [(44_100, 48_000), (48_000, 44_100), (16_000, 44_100), (44_099, 16_000), (4_000, 384_000)])
    func sineSurvives(from: Int, to: Int) throws {
        let input = Sounds.sine(hertz: 440, seconds: 0.25, rateHz: from)
        let expected = Sounds.sine(hertz: 440, seconds: 0.25, rateHz: to)
        for method in [ResamplingMethod.reference, .soxrHigh, .soxrVeryHigh] {
            let output = try method.resample(input, fromHz: from, toHz: to)
            #expect(output.count == Int((Double(input.count) * Double(to) / Double(from)).rounded(.up)))
            // The ends are filtered against silence.
            let inner = output.count / 4..<min(output.count, expected.count) * 3 / 4
            // The reference's filter is short: it ripples by some thousandths.
            let tolerance: Float = method == .reference ? 1e-2 : 1e-4
            #expect(Self.difference(Array(output[inner]), Array(expected[inner])) < tolerance, "\(method)")
        }
    }

    @Test func streamedSoxrEqualsOneShot() throws {
        let input = Sounds.noise(count: 20_000, seed: 3)
        let whole = try SoxrResampler.resample(input, fromHz: 44_100, toHz: 48_000)
        let stream = try SoxrResampler(fromHz: 44_100, toHz: 48_000)
        var pieces: [Float] = []
        var start = 0
        for size in [1, 0, 7, 500, 12_000, 7_492] {
            pieces += try stream.process(Array(input[start..<start + size]))
            start += size
        }
        pieces += try stream.finish()
        #expect(start == input.count)
        let common = min(pieces.count, whole.count)
        #expect(abs(pieces.count - whole.count) <= 1)
        #expect(Self.difference(Array(pieces[..<common]), Array(whole[..<common])) < 1e-6)
    }

    @Test func smallInputs() throws {
        for method in [ResamplingMethod.reference, .soxrHigh, .soxrVeryHigh] {
            #expect(try method.resample([], fromHz: 8_000, toHz: 44_100).isEmpty)
            #expect(try method.resample([0.5], fromHz: 8_000, toHz: 16_000).count == 2)
            #expect(try method.resample([0.5, 1], fromHz: 16_000, toHz: 16_000) == [0.5, 1])
        }
    }

    @Test func badRatesAreRefused() {
        #expect(throws: ResampleError.badRates(fromHz: 0, toHz: 16_000)) {
            try ResamplingMethod.reference.resample([1], fromHz: 0, toHz: 16_000)
        }
        #expect(throws: ResampleError.badRates(fromHz: 2_000_000, toHz: 16_000)) {
            try SincResampler(fromHz: 2_000_000, toHz: 16_000)
        }
        #expect(throws: ResampleError.badRates(fromHz: 16_000, toHz: -5)) {
            try SoxrResampler(fromHz: 16_000, toHz: -5)
        }
    }

    private static func difference(_ left: [Float], _ right: [Float]) -> Float {
        guard left.count == right.count else { return .infinity }
        return zip(left, right).map { abs($0 - $1) }.max() ?? 0
    }

    /// The rates in a name such as `resample.24000_44100.in`.
    private static func rates(of name: String) -> (from: Int, to: Int)? {
        let numbers = name.split(separator: ".")[1].split(separator: "_").compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
}
