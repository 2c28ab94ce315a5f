import Foundation
import Glibc
import TestSupport
import Testing

@testable import AudioIO

/// Destinations that fail, and what is left behind.
struct AudioWriterFaultTests {
    private static let sound = Sounds.sine(hertz: 440, seconds: 0.2, rateHz: 44_100)

    @Test(arguments: EncoderCatalog.encodable)
    func abandonedWorkLeavesNothing(format: AudioFormat) throws {
        let folder = try ScratchFolder()
        do {
            let writer = try AudioWriter(to: .file(folder.file("a")), format: format, sampleRateHz: 44_100)
            try writer.append(Self.sound)
            writer.abandon()
            #expect(throws: AudioWriteError.closed(destination: folder.file("a").path)) { try writer.finish() }
        }
        do {
            let writer = try AudioWriter(to: .file(folder.file("b")), format: format, sampleRateHz: 44_100)
            try writer.append(Self.sound)
        }
        #expect(try folder.entries.isEmpty)
    }

    @Test func nothingShowsBeforeTheEndAndOldFilesStayWhole() throws {
        let folder = try ScratchFolder()
        let place = try folder.file("a b.wav", holding: [1, 2, 3])
        let writer = try AudioWriter(to: .file(place), format: .wav, sampleRateHz: 44_100)
        try writer.append(Self.sound)
        #expect(try Data(contentsOf: place) == Data([1, 2, 3]))
        try writer.finish()
        #expect(try AudioFile.readMono(place).samples.count == Self.sound.count)
        #expect(try folder.entries == ["a b.wav"])
    }

    @Test func namedSiblingsAreRemovedToo() throws {
        let folder = try ScratchFolder()
        let path = folder.file("a.bin").path
        let given = try AtomicFileSink(path: path, allowsUnnamed: false)
        try given.write([1, 2, 3])
        #expect(try folder.entries.count == 1)
        given.abandon()
        #expect(try folder.entries.isEmpty)
        let kept = try AtomicFileSink(path: path, allowsUnnamed: false)
        try kept.write([1, 2, 3])
        try kept.patch([9], at: 1)
        try kept.finish()
        #expect(try folder.entries == ["a.bin"])
        #expect(try Data(contentsOf: folder.file("a.bin")) == Data([1, 9, 3]))
    }

    @Test func linksAreFollowed() throws {
        let folder = try ScratchFolder()
        let real = try folder.file("real.wav", holding: [0])
        let link = folder.file("link.wav")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
        let writer = try AudioWriter(to: .file(link), format: .wav, sampleRateHz: 44_100)
        try writer.append(Self.sound)
        try writer.finish()
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == real.path)
        #expect(try AudioFile.readMono(real).samples.count == Self.sound.count)
    }

    @Test func foldersAndMissingFoldersAreRefused() throws {
        let folder = try ScratchFolder()
        #expect(throws: AudioWriteError.isFolder(destination: folder.url.path)) {
            try AudioWriter(to: .file(folder.url), format: .wav, sampleRateHz: 44_100)
        }
        let lost = folder.url.appendingPathComponent("none/a.wav")
        #expect(throws: AudioWriteError.noFolder(destination: lost.path)) {
            try AudioWriter(to: .file(lost), format: .wav, sampleRateHz: 44_100)
        }
    }

    @Test(arguments: EncoderCatalog.encodable)
    func fullDiskNamesTheFile(format: AudioFormat) throws {
        let full = URL(fileURLWithPath: "/dev/full")
        #expect(throws: AudioWriteError.diskFull(destination: "/dev/full", bytesWritten: 0)) {
            let writer = try AudioWriter(to: .file(full), format: format, sampleRateHz: 44_100)
            for _ in 0..<20 { try writer.append(Self.sound) }
            try writer.finish()
        }
    }

    @Test(arguments: EncoderCatalog.encodable)
    func readersThatLeaveGiveAnError(format: AudioFormat) throws {
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        #expect(throws: AudioWriteError.readerGone(destination: "pipe", bytesWritten: 0)) {
            let writer = try AudioWriter(
                to: .descriptor(pipe.fileHandleForWriting.fileDescriptor, name: "pipe"), format: format,
                sampleRateHz: 44_100)
            for _ in 0..<20 { try writer.append(Self.sound) }
            try writer.finish()
        }
    }

    @Test(arguments: [Float.nan, .infinity])
    func samplesMustBeNumbers(bad: Float) throws {
        let folder = try ScratchFolder()
        let place = folder.file("a.wav")
        let writer = try AudioWriter(to: .file(place), format: .wav, sampleRateHz: 44_100)
        try writer.append([0, 1])
        #expect(throws: AudioWriteError.notFinite(destination: place.path, atSample: 3)) {
            try writer.append([0, bad])
        }
        #expect(throws: AudioWriteError.closed(destination: place.path)) { try writer.append([0]) }
        #expect(try folder.entries.isEmpty)
    }

    @Test func redirectedFilesGetTrueSizes() throws {
        let folder = try ScratchFolder()
        let place = try folder.file("out.wav", holding: [])
        let handle = try FileHandle(forWritingTo: place)
        let writer = try AudioWriter(
            to: .descriptor(handle.fileDescriptor, name: "standard output"), format: .wav, sampleRateHz: 44_100)
        try writer.append(Self.sound)
        try writer.finish()
        let bytes = [UInt8](try Data(contentsOf: place))
        #expect(WaveBytes(bytes).map { bytes.count - $0.soundStart } == Self.sound.count * 2)
        #expect(Array(bytes[4..<8]) != [0xFF, 0xFF, 0xFF, 0xFF])
    }

    @Test func badRatesAreRefused() {
        for rate in [0, -1, 1_000_000] {
            #expect(throws: AudioWriteError.badRate(rateHz: rate, format: .wav)) {
                try AudioWriter(to: .receiver(name: "memory") { _ in }, format: .wav, sampleRateHz: rate)
            }
        }
        #expect(throws: AudioWriteError.self) {
            try AudioWriter(to: .receiver(name: "memory") { _ in }, format: .flac, sampleRateHz: 700_000)
        }
    }

    @Test func messagesAreOneSentenceThatNamesTheFile() {
        let errors: [AudioWriteError] = [
            .isFolder(destination: "a"), .noFolder(destination: "a"), .cannotCreate(destination: "a", reason: "r"),
            .diskFull(destination: "a", bytesWritten: 5), .readerGone(destination: "a", bytesWritten: 5),
            .writeFailed(destination: "a", reason: "r", bytesWritten: 5), .notFinite(destination: "a", atSample: 3),
            .encoder(destination: "a", format: .mp3, reason: "r"), .closed(destination: "a"),
            .resampling(destination: "a", fault: .soxr(reason: "r")),
        ]
        for error in errors {
            #expect(error.description.contains("a"))
            #expect(error.description.hasSuffix("."))
            #expect(!error.description.contains(". "))
        }
    }
}
