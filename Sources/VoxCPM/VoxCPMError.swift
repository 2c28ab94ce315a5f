public import Foundation

/// What the model can refuse.
public enum VoxCPMError: Error, Equatable, CustomStringConvertible {
    /// The checkpoint lacks a tensor.
    case missingTensor(String, file: URL)
    /// A tensor has a shape or type that the model cannot use.
    case unusableTensor(String, file: URL, reason: String)
    /// Text and prompt together leave no room for speech.
    case inputTooLong(positions: Int, limit: Int)
    /// All slots of an engine are taken.
    case engineFull(sequences: Int)
    /// There is nothing to speak.
    case emptyText
    /// A token id outside the vocabulary.
    case tokenOutOfRange(Int, vocabulary: Int)
    /// A parameter outside its range.
    case invalidParameter(String, value: String, expected: String)
    /// A tensor given to a stage has another shape.
    case shapeMismatch(String, expected: [Int], found: [Int])

    public var description: String {
        switch self {
        case .missingTensor(let name, let file):
            "the tensor '\(name)' is missing in \(file.path); run 'mynah models verify' on its folder for all faults"
        case .unusableTensor(let name, let file, let reason):
            "the tensor '\(name)' in \(file.path) cannot be used: \(reason); run 'mynah models verify' on its folder"
        case .inputTooLong(let positions, let limit):
            "text and prompt take \(positions) positions of the model's \(limit); split the text or shorten the prompt"
        case .engineFull(let sequences):
            "the engine is laid out for \(sequences) sequences and has as many; wait until one has ended"
        case .emptyText: "there is no text to speak; give at least one word"
        case .tokenOutOfRange(let id, let vocabulary):
            "the token id \(id) is outside the model's vocabulary of \(vocabulary); tokenizer.json belongs to another model"
        case .invalidParameter(let name, let value, let expected): "\(name) is \(value), but must be \(expected)"
        case .shapeMismatch(let name, let expected, let found):
            "the tensor '\(name)' has the shape \(found), but \(expected) is needed"
        }
    }
}
