import ArgumentParser
import Checkpoint
import Foundation

/// `mynah models convert`: the same model as safetensors, in another number format if wished.
struct ModelsConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a model anew as safetensors, in another number format if wished.",
        discussion: """
            Torch archives become safetensors. The AudioVAE keeps its format. The new folder appears complete or not \
            at all; its space on the disk is checked first.

            EXAMPLES
              mynah models convert ./VoxCPM-0.5B ./VoxCPM-0.5B-safetensors
              mynah models convert nano ./nano-f32 --type f32
            """)

    /// The number formats that can be written.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case f32, f16, bf16

        var type: ElementType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            }
        }
    }

    @OptionGroup var model: ModelArgument

    @Argument(help: ArgumentHelp("The folder to write.", valueName: "new-dir"))
    var target: String

    @Option(help: ArgumentHelp("The weights' number format (default: as it is).", valueName: "f32|f16|bf16"))
    var type: Format?

    @Flag(help: "Replace a model that is there already.")
    var force = false

    func run() throws {
        let source = try CheckpointFolder(try ModelShelf.standard.folder(of: model.model))
        let place = URL(fileURLWithPath: target)
        guard try isFree(place, source: source.folder) else {
            return try replace(place) { try convert(source, to: $0) }
        }
        try convert(source, to: place)
        Console.note("\(target): \(Figures.bytes(Self.size(of: place)))")
    }

    private func convert(_ source: CheckpointFolder, to place: URL) throws {
        let line = ProgressLine(expectedSeconds: 0)
        defer { line.clear() }
        try CheckpointConverter.convert(from: source, to: place, type: type?.type) { progress in
            let share = Double(progress.bytesWritten) / Double(max(progress.bytesTotal, 1))
            let left = share > 0 ? Figures.wait(line.elapsed * (1 - share) / share) : "?"
            line.show("\(Figures.bytes(progress.bytesWritten)) of \(Figures.bytes(progress.bytesTotal)), \(left) left")
        }
    }

    /// Whether nothing is in the way; false where a model is and may be replaced.
    private func isFree(_ place: URL, source: URL) throws -> Bool {
        let content = try? FileManager.default.contentsOfDirectory(atPath: place.path)
        guard let content else {
            if FileManager.default.fileExists(atPath: place.path) { throw CommandError.targetExists(path: target) }
            return true
        }
        if content.isEmpty { return true }
        let isItself = place.resolvingSymlinksInPath().path == source.resolvingSymlinksInPath().path
        guard force, content.contains(ModelConfiguration.fileName), !isItself else {
            throw CommandError.targetExists(path: target)
        }
        return false
    }

    /// Writes beside the old folder and takes its place only when all is there.
    private func replace(_ place: URL, _ write: (URL) throws -> Void) throws {
        let parent = place.deletingLastPathComponent()
        let tag = String(UInt64.random(in: 0 ... .max), radix: 36)
        let new = parent.appendingPathComponent(".\(place.lastPathComponent).\(tag).new")
        let old = parent.appendingPathComponent(".\(place.lastPathComponent).\(tag).old")
        try write(new)
        do {
            try FileManager.default.moveItem(at: place, to: old)
            try FileManager.default.moveItem(at: new, to: place)
        } catch {
            if !FileManager.default.fileExists(atPath: place.path) {
                try? FileManager.default.moveItem(at: old, to: place)
            }
            try? FileManager.default.removeItem(at: new)
            throw FileError.system(doing: .rename, file: place, code: EIO)
        }
        try? FileManager.default.removeItem(at: old)
        Console.note("\(target): \(Figures.bytes(Self.size(of: place)))")
    }

    private static func size(of folder: URL) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.reduce(0) { sum, name in
            let file = folder.appendingPathComponent(name).path
            return sum + ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0)
        }
    }
}
