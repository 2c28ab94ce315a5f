import ArgumentParser
import Checkpoint
import Compute
import Foundation
import SpeechEngine
import TextFrontend
import VoxCPM

/// `mynah models verify`: all faults of a model.
struct ModelsVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every file and tensor of a model and list all faults.",
        discussion: "Ends with 1 where there is a fault; tensors that nobody uses are only notes.")

    @OptionGroup var model: ModelArgument

    @Flag(
        help: "Also compare the packed weights that are kept for this model, byte by byte; remove what does not hold.")
    var deep = false

    func run() throws {
        let folder = try ModelShelf.standard.folder(of: model.model)
        let checkpoint = try CheckpointFolder(folder)
        var faults: [String] = []
        for fault in checkpoint.faults(depth: .everything) {
            if fault.isWarning { Console.note("Note: \(fault)") } else { faults.append("\(fault)") }
        }
        faults += Self.otherFaults(checkpoint)
        for fault in faults { Console.write(fault) }
        guard faults.isEmpty else {
            let number = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
            Console.note("mynah: the model \(folder.path) has \(number); get files that belong together.")
            throw ExitStatus.failure
        }
        if deep { try verifyPacks(of: checkpoint) }
        let report = CheckpointReport(checkpoint)
        Console.write(
            "\(folder.path) is sound: \(report.total.tensorCount) tensors, "
                + "\(Figures.grouped(report.total.parameterCount)) parameters")
    }

    /// Removes packs that are stale or damaged: they are made anew when they are needed.
    private func verifyPacks(of checkpoint: CheckpointFolder) throws {
        let team = WorkerTeam(count: ProcessorCount.physicalCores)
        var digest: UInt64?
        for precision in Precision.allCases {
            for file in PackShelf.standard.files(for: checkpoint.folder, precision: precision.rawValue) {
                let fault: String?
                do {
                    let pack = try PackFile(file)
                    try PackCache.check(pack, checkpoint, precision)
                    let current = try digest ?? checkpoint.contentDigest(team: team)
                    digest = current
                    let damaged = pack.damagedWeights(team: team)
                    fault =
                        current != pack.contentDigest
                        ? "was made from other weights"
                        : damaged.isEmpty ? nil : "has \(damaged.count) damaged weights, first \(damaged[0])"
                } catch FileError.system(doing: .open, file: _, code: ENOENT) {
                    continue
                } catch let error as PackError {
                    fault = "cannot be used: \(error)"
                }
                if let fault {
                    unlink(file.path)
                    Console.note("Note: \(file.path) \(fault); it was removed and will be made anew.")
                } else {
                    Console.note("\(file.path) holds what it should")
                }
            }
        }
    }

    /// Faults of the tokenizer and of the built-in voices.
    private static func otherFaults(_ checkpoint: CheckpointFolder) -> [String] {
        var faults: [String] = []
        func check(_ body: () throws -> Void) {
            do { try body() } catch { faults.append(Program.sentence(error)) }
        }
        check {
            let tokenizer = try BPETokenizer(contentsOf: checkpoint.tokenizerFile)
            let rows = checkpoint.configuration.languageModel.vocabularySize
            if tokenizer.largestID >= rows {
                faults.append(
                    "\(checkpoint.tokenizerFile.lastPathComponent): its largest id \(tokenizer.largestID) is outside "
                        + "the model's \(rows) tokens")
            }
        }
        check {
            for voice in try GenerationFile.load(from: checkpoint.folder).voices {
                check { _ = try voice.readLatents(for: checkpoint.configuration) }
            }
        }
        return faults
    }
}
