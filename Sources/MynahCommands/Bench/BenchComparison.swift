import Foundation
import VoxCPM

/// One run beside an earlier one, as ratios: below 1 is less time or memory now.
struct BenchComparison {
    let earlier: BenchReport
    let now: BenchReport

    /// What was measured under other circumstances, so that the ratios say little.
    var differences: [String] {
        let facts: [(String, String, String)] = [
            ("model", earlier.model, now.model), ("precision", earlier.precision, now.precision),
            ("threads", "\(earlier.threads)", "\(now.threads)"),
            ("instruction set", earlier.instructionSet, now.instructionSet),
            ("patches", "\(earlier.patches)", "\(now.patches)"), ("steps", "\(earlier.steps)", "\(now.steps)"),
            ("sequences at once", "\(earlier.batch ?? 1)", "\(now.batch ?? 1)"),
            ("cfg", "\(earlier.cfg)", "\(now.cfg)"),
            ("context seconds", "\(earlier.contextSeconds ?? 0)", "\(now.contextSeconds ?? 0)"),
            ("text tokens", "\(earlier.textTokens)", "\(now.textTokens)"),
            ("prompt seconds", "\(earlier.promptSeconds)", "\(now.promptSeconds)"),
        ]
        return facts.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1) then, \($0.2) now" }
    }

    /// A table for people.
    var text: String {
        var table = TextTable(["", "then", "now", "ratio"], rightAligned: [1, 2, 3])
        func add(_ name: String, _ then: Double, _ now: Double, _ show: (Double) -> String) {
            guard then > 0 || now > 0 else { return }
            table.add([name, show(then), show(now), then > 0 ? Figures.ratio(now / then) : ""])
        }
        add("RTF", earlier.rtf, now.rtf, Figures.ratio)
        add("first audio, s", earlier.timeToFirstAudioSeconds, now.timeToFirstAudioSeconds, Figures.ratio)
        add("a patch, ms", earlier.millisecondsPerPatch, now.millisecondsPerPatch, Figures.seconds)
        for stage in StageTimings.Stage.allCases.map(\.rawValue) {
            add("\(stage), s", earlier.stages[stage]?.seconds ?? 0, now.stages[stage]?.seconds ?? 0, Figures.ratio)
        }
        add("loading, s", earlier.loadSeconds, now.loadSeconds, Figures.seconds)
        add("peak memory", Double(earlier.peakRSSBytes), Double(now.peakRSSBytes)) { Figures.bytes(Int($0)) }
        let lines = differences.map { "not the same: \($0)" } + [table.text]
        return lines.joined(separator: "\n")
    }
}

extension BenchReport {
    /// Reads what `--json` wrote.
    ///
    /// - Throws: ``CommandError/badBenchFile(file:reason:)``.
    init(file: String) throws {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: file))
            self = try JSONDecoder().decode(BenchReport.self, from: data)
        } catch let error as DecodingError {
            let reason =
                switch error {
                case .keyNotFound(let key, _): "it has no \(key.stringValue)"
                case .typeMismatch(_, let context), .valueNotFound(_, let context):
                    "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is not what it should be"
                default: "it is not JSON"
                }
            throw CommandError.badBenchFile(file: file, reason: reason)
        } catch {
            throw CommandError.badBenchFile(file: file, reason: "it cannot be read")
        }
    }
}
