import ArgumentParser
import Checkpoint
import Foundation
import TextFrontend

/// `mynah models verify`: all faults of a model.
struct ModelsVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every file and tensor of a model and list all faults.",
        discussion: "Ends with 1 where there is a fault; tensors that nobody uses are only notes.")

    @OptionGroup var model: ModelArgument

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
        let report = CheckpointReport(checkpoint)
        Console.write(
            "\(folder.path) is sound: \(report.total.tensorCount) tensors, "
                + "\(Figures.grouped(report.total.parameterCount)) parameters")
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
