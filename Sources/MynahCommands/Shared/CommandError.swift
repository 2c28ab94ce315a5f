import AudioIO

/// What a command can refuse by itself; the rooms have their own errors.
enum CommandError: Error, Equatable, CustomStringConvertible {
    case modelNotFound(name: String, searched: [String])
    case emptyText(source: String)
    case textUnreadable(source: String, reason: String)
    case textTooLong(source: String, limitBytes: Int)
    case promptIncomplete(given: String, missing: String)
    case promptSilent(file: String)
    case voiceAndPrompt
    case lexiconUnused(model: String)
    case outOfRange(option: String, value: String, allowed: String)
    case conflict(first: String, second: String, advice: String)
    case badRequest(file: String, place: String, reason: String)
    case targetExists(path: String)
    case ambiguousKey(name: String, count: Int)
    case badBenchFile(file: String, reason: String)
    case noGraphicsCard(reasons: [String])
    case deviceComputesWrongly(device: String, step: String, count: Int)

    var description: String {
        switch self {
        case .modelNotFound(let name, let searched):
            "the model '\(name)' was found neither as a folder nor in \(searched.joined(separator: ", ")); "
                + "give --model the folder that holds its config.json, or see 'mynah models list'"
        case .emptyText(let source):
            "there is nothing to speak in \(source); give at least one word"
        case .textUnreadable(let source, let reason):
            "the text cannot be read from \(source) (\(reason)); give it in UTF-8"
        case .textTooLong(let source, let limitBytes):
            "the text from \(source) has more than \(limitBytes) bytes; speak it in several calls"
        case .promptIncomplete(let given, let missing):
            "\(given) was given without \(missing); a voice to continue needs its recording and what is said in it"
        case .promptSilent(let file):
            "nothing can be heard in the prompt \(file); record it again"
        case .voiceAndPrompt:
            "--voice and --prompt-audio both choose a voice; give one of them"
        case .lexiconUnused(let model):
            "the model \(model) reads text itself and knows no lexicon; leave --lexicon out or add --text-mode arpabet"
        case .outOfRange(let option, let value, let allowed):
            "\(option) is \(value), but must be \(allowed)"
        case .conflict(let first, let second, let advice):
            "\(first) does not go with \(second); \(advice)"
        case .badRequest(let file, let place, let reason):
            "the request \(file) cannot be run: \(place) \(reason); docs/PORTING.md describes the format"
        case .badBenchFile(let file, let reason):
            "\(file) is no saved benchmark (\(reason)); save one with 'mynah bench --json > FILE'"
        case .ambiguousKey(let name, let count):
            "\(count) keys are called '\(name)'; name one by its id, see 'mynah keys list'"
        case .noGraphicsCard(let reasons):
            "there is no graphics card to compute on"
                + (reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))")
                + "; install the driver of the card, or use --device auto or cpu; 'mynah doctor' lists what there is"
        case .deviceComputesWrongly(let device, let step, let count):
            "\(device) computes wrongly (\(step)\(count > 1 ? ", and \(count - 1) more" : "")), so it is not used; "
                + "use --device cpu, and see 'mynah doctor --device \(device)'"
        case .targetExists(let path):
            "\(path) already exists; choose another name or add --force"
        }
    }
}
