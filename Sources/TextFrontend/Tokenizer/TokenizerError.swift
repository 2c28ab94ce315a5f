/// Why a `tokenizer.json` cannot be used. Every case names the file.
public enum TokenizerError: Error, Sendable, Equatable {
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    case malformedJSON(path: String, fault: JSONFault)
    case missing(path: String, field: String)
    case wrongType(path: String, field: String, expected: String)
    case unsupported(path: String, field: String, value: String)
    case badTokenID(path: String, token: String)
    case duplicateID(path: String, id: Int, first: String, second: String)
    case addedTokenMismatch(path: String, token: String, id: Int, vocabularyID: Int)
    case unknownTokenMissing(path: String, token: String)
    case badMerge(path: String, index: Int)
    case mergeOutOfVocabulary(path: String, index: Int, token: String)
}

extension TokenizerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "The tokenizer file \(path) cannot be read (\(reason)); check that the model folder is complete."
        case .tooLarge(let path, let bytes, let limit):
            "The tokenizer file \(path) has \(bytes) bytes, more than the \(limit) allowed; "
                + "fetch the model's own tokenizer.json again."
        case .malformedJSON(let path, let fault):
            "The tokenizer file \(path) is not valid JSON: \(fault); fetch it again."
        case .missing(let path, let field):
            "The tokenizer file \(path) has no \"\(field)\"; it must be a Hugging Face tokenizer.json of type BPE."
        case .wrongType(let path, let field, let expected):
            "In the tokenizer file \(path), \"\(field)\" must be \(expected); fetch the file again."
        case .unsupported(let path, let field, let value):
            "The tokenizer file \(path) sets \"\(field)\" to \(value.prefix(80)), which VoxCPM tokenizers do not use; "
                + "take the tokenizer.json that belongs to the checkpoint."
        case .badTokenID(let path, let token):
            "The tokenizer file \(path) gives the token \"\(token.prefix(60))\" an id that is not "
                + "an integer from 0 to \(TokenVocabulary.idLimit - 1); fetch the file again."
        case .duplicateID(let path, let id, let first, let second):
            "The tokenizer file \(path) gives id \(id) to both \"\(first.prefix(60))\" and \"\(second.prefix(60))\"; "
                + "fetch the file again."
        case .addedTokenMismatch(let path, let token, let id, let vocabularyID):
            "The tokenizer file \(path) adds \"\(token.prefix(60))\" as \(id) although its vocabulary says "
                + "\(vocabularyID); fetch the file again."
        case .unknownTokenMissing(let path, let token):
            "The tokenizer file \(path) names \"\(token.prefix(60))\" for unknown text but does not define it; "
                + "fetch the file again."
        case .badMerge(let path, let index):
            "Merge \(index) in the tokenizer file \(path) is not a pair of tokens; fetch the file again."
        case .mergeOutOfVocabulary(let path, let index, let token):
            "Merge \(index) in the tokenizer file \(path) needs \"\(token.prefix(60))\", "
                + "which the vocabulary lacks; fetch the file again."
        }
    }
}
