/// The contents of a `tokenizer.json`, checked.
struct TokenizerDefinition: Sendable {
    var vocabulary = TokenVocabulary()
    var merges = BPEMerges(minimumCapacity: 0)
    var rewrite = TokenizerRewrite()
    /// Cut out of the text as it was typed.
    var verbatimTokens = AddedTokens()
    /// Cut out of the text after the rewriting.
    var rewrittenTokens = AddedTokens()
    var unknownID: Int?
    var fusesUnknown = false
    var byteFallback = false
    var ignoresMerges = false
}

/// Turns the JSON of a `tokenizer.json` into a definition, naming every fault.
struct TokenizerDefinitionReader {
    let path: String
    let document: JSONDocument

    func read() throws(TokenizerError) -> TokenizerDefinition {
        guard case .object = document.root else {
            throw .wrongType(path: path, field: "the whole file", expected: "an object")
        }
        guard let model = document.member("model", of: document.root) else {
            throw .missing(path: path, field: "model")
        }
        guard case .object = model else { throw .wrongType(path: path, field: "model", expected: "an object") }
        try refuse("pre_tokenizer", of: document.root, in: "pre_tokenizer")
        try refuse("continuing_subword_prefix", of: model, in: "model.continuing_subword_prefix")
        try refuse("end_of_word_suffix", of: model, in: "model.end_of_word_suffix")
        try refuse("dropout", of: model, in: "model.dropout")
        if let type = try string("type", of: model, in: "model.type"), type != "BPE" {
            throw .unsupported(path: path, field: "model.type", value: "\"\(type)\"")
        }
        var definition = TokenizerDefinition()
        definition.fusesUnknown = try bool("fuse_unk", of: model, in: "model.fuse_unk")
        definition.byteFallback = try bool("byte_fallback", of: model, in: "model.byte_fallback")
        definition.ignoresMerges = try bool("ignore_merges", of: model, in: "model.ignore_merges")
        try readVocabulary(of: model, into: &definition)
        definition.merges = try readMerges(of: model, vocabulary: definition.vocabulary)
        definition.rewrite.steps = try rewriteSteps(document.member("normalizer", of: document.root) ?? .null)
        try readAddedTokens(into: &definition)
        if let unknown = try string("unk_token", of: model, in: "model.unk_token") {
            definition.unknownID = definition.vocabulary.id(of: Array(unknown.utf8)[...])
            if definition.unknownID == nil { throw .unknownTokenMissing(path: path, token: unknown) }
        }
        return definition
    }

    // MARK: Fields

    private func refuse(_ key: String, of value: JSONValue, in field: String) throws(TokenizerError) {
        switch document.member(key, of: value) {
        case nil, .null: return
        case .string(let range) where range.isEmpty: return
        case .integer(0): return
        case .string(let range): throw .unsupported(path: path, field: field, value: document.string(range))
        case .object(let members):
            let type = members.first { document.string($0.key) == "type" }
            if case .string(let name) = type?.value {
                throw .unsupported(path: path, field: field, value: document.string(name))
            }
            throw .unsupported(path: path, field: field, value: "an object")
        case .real(let real): throw .unsupported(path: path, field: field, value: "\(real)")
        case .integer(let integer): throw .unsupported(path: path, field: field, value: "\(integer)")
        case .bool, .array: throw .unsupported(path: path, field: field, value: "a value")
        }
    }

    private func bool(_ key: String, of value: JSONValue, in field: String) throws(TokenizerError) -> Bool {
        switch document.member(key, of: value) {
        case nil, .null: return false
        case .bool(let flag): return flag
        default: throw .wrongType(path: path, field: field, expected: "true or false")
        }
    }

    private func string(_ key: String, of value: JSONValue, in field: String) throws(TokenizerError) -> String? {
        switch document.member(key, of: value) {
        case nil, .null: return nil
        case .string(let range): return document.string(range)
        default: throw .wrongType(path: path, field: field, expected: "a string")
        }
    }

    // MARK: Parts

    private func readVocabulary(
        of model: JSONValue, into definition: inout TokenizerDefinition
    ) throws(TokenizerError) {
        switch document.member("vocab", of: model) {
        case .object(let members) where !members.isEmpty:
            for member in members {
                let token = document.text[member.key]
                guard case .integer(let id) = member.value else {
                    throw .badTokenID(path: path, token: document.string(member.key))
                }
                try insert(token, id: id, into: &definition.vocabulary)
            }
        case nil: throw .missing(path: path, field: "model.vocab")
        default: throw .wrongType(path: path, field: "model.vocab", expected: "an object of tokens and ids")
        }
    }

    private func insert(
        _ token: ArraySlice<UInt8>, id: Int, into vocabulary: inout TokenVocabulary
    ) throws(TokenizerError) {
        do {
            try vocabulary.insert(token, id: id)
        } catch {
            let name = String(decoding: token, as: UTF8.self)
            switch error {
            case .badID: throw .badTokenID(path: path, token: name)
            case .duplicateID(let id):
                throw .duplicateID(path: path, id: id, first: vocabulary.token(of: id) ?? "", second: name)
            case .duplicateToken(let known):
                throw .addedTokenMismatch(path: path, token: name, id: id, vocabularyID: known)
            }
        }
    }

    private func readMerges(
        of model: JSONValue, vocabulary: TokenVocabulary
    ) throws(TokenizerError) -> BPEMerges {
        guard let value = document.member("merges", of: model) else {
            throw .missing(path: path, field: "model.merges")
        }
        guard case .array(let items) = value else {
            throw .wrongType(path: path, field: "model.merges", expected: "an array")
        }
        var merges = BPEMerges(minimumCapacity: items.count)
        for (index, item) in items.enumerated() {
            guard let (left, right) = pair(item) else { throw .badMerge(path: path, index: index) }
            var ids: [Int] = []
            for token in [left, right, (left + right)[...]] {
                guard let id = vocabulary.id(of: token) else {
                    let name = String(decoding: token, as: UTF8.self)
                    throw .mergeOutOfVocabulary(path: path, index: index, token: name)
                }
                ids.append(id)
            }
            merges.add(left: ids[0], right: ids[1], rule: .init(rank: Int32(index), merged: Int32(ids[2])))
        }
        return merges
    }

    /// A merge in either notation: `"a b"` or `["a", "b"]`.
    private func pair(_ item: JSONValue) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        switch item {
        case .array(let parts):
            guard parts.count == 2, case .string(let left) = parts[0], case .string(let right) = parts[1] else {
                return nil
            }
            return (document.text[left], document.text[right])
        case .string(let range):
            let text = document.text[range]
            guard let gap = text.firstIndex(of: 0x20), text.lastIndex(of: 0x20) == gap else { return nil }
            return (text[..<gap], text[(gap + 1)...])
        default: return nil
        }
    }

    private func rewriteSteps(_ value: JSONValue) throws(TokenizerError) -> [TokenizerRewrite.Step] {
        if case .null = value { return [] }
        guard let type = try string("type", of: value, in: "normalizer.type") else {
            throw .missing(path: path, field: "normalizer.type")
        }
        switch type {
        case "Sequence":
            guard case .array(let items) = document.member("normalizers", of: value) else {
                throw .wrongType(path: path, field: "normalizer.normalizers", expected: "an array")
            }
            var steps: [TokenizerRewrite.Step] = []
            for item in items { steps += try rewriteSteps(item) }
            return steps
        case "Prepend":
            let mark = try string("prepend", of: value, in: "normalizer.prepend")
            guard let mark else { throw .missing(path: path, field: "normalizer.prepend") }
            return [.prepend(Array(mark.utf8))]
        case "Replace":
            let pattern = document.member("pattern", of: value) ?? .null
            guard let content = try string("content", of: value, in: "normalizer.content"),
                let literal = try string("String", of: pattern, in: "normalizer.pattern.String")
            else { throw .unsupported(path: path, field: "normalizer.pattern", value: "something but a string") }
            return [.replace(pattern: Array(literal.utf8), with: Array(content.utf8))]
        default: throw .unsupported(path: path, field: "normalizer.type", value: "\"\(type)\"")
        }
    }

    private func readAddedTokens(into definition: inout TokenizerDefinition) throws(TokenizerError) {
        let items: [JSONValue]
        switch document.member("added_tokens", of: document.root) {
        case nil, .null: return
        case .array(let array): items = array
        default: throw .wrongType(path: path, field: "added_tokens", expected: "an array")
        }
        for item in items {
            guard let content = try string("content", of: item, in: "added_tokens.content") else {
                throw .missing(path: path, field: "added_tokens.content")
            }
            let token = Array(content.utf8)[...]
            guard case .integer(let id) = document.member("id", of: item) else {
                throw .badTokenID(path: path, token: content)
            }
            if definition.vocabulary.id(of: token) != id { try insert(token, id: id, into: &definition.vocabulary) }
            let entry = AddedTokens.Token(
                id: id, isWord: try bool("single_word", of: item, in: "added_tokens.single_word"),
                takesSpaceBefore: try bool("lstrip", of: item, in: "added_tokens.lstrip"),
                takesSpaceAfter: try bool("rstrip", of: item, in: "added_tokens.rstrip"))
            if try bool("normalized", of: item, in: "added_tokens.normalized") {
                definition.rewrittenTokens.add(definition.rewrite(token), entry)
            } else {
                definition.verbatimTokens.add(token, entry)
            }
        }
    }
}
