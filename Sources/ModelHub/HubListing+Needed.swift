extension HubListing {
    /// The files that the engine reads: of several with the same part those that it prefers.
    ///
    /// - Throws: ``HubError/notAModel(repository:missing:)``, and ``HubError/badListing(host:reason:)`` where a file that
    ///   is needed has no size or no digest.
    func needed(of repository: HubRepository) throws(HubError) -> [HubFile] {
        let byPath = Dictionary(files.map { ($0.path, $0) }) { first, _ in first }
        func pick(_ what: String, _ names: String...) throws(HubError) -> ListedFile {
            guard let found = names.lazy.compactMap({ byPath[$0] }).first else {
                throw .notAModel(repository: repository.description, missing: "\(what) (\(names[0]))")
            }
            return found
        }
        var chosen = [try pick("configuration", "config.json"), try pick("tokenizer", "tokenizer.json")]
        let weights = try pick(
            "weights", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
        chosen.append(weights)
        if weights.path.hasSuffix(".index.json") { chosen += files.filter { Self.isShard($0.path) } }
        chosen.append(try pick("AudioVAE", "audiovae.safetensors", "audiovae.pth"))
        chosen += ["generation.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json"]
            .compactMap { byPath[$0] }
        // Built-in voices, where the model has some.
        if byPath["generation.json"] != nil { chosen += files.filter { $0.path.hasPrefix("voices/") } }
        // What is small comes first: a model that is not what it seems shows it early.
        return try checked(chosen).sorted { ($0.size, $0.path) < ($1.size, $1.path) }
    }

    /// No file of a model is larger than this (16 TiB), and sums of sizes stay numbers.
    private static let sizeLimit = 1 << 44

    private func checked(_ listed: [ListedFile]) throws(HubError) -> [HubFile] {
        var files: [HubFile] = []
        for file in listed {
            guard let size = file.size, (0...Self.sizeLimit).contains(size), let digest = file.digest else {
                throw .badListing(host: host, reason: "\(file.path.debugDescription) has no size or no digest")
            }
            files.append(HubFile(path: file.path, size: size, digest: digest))
        }
        return files
    }

    /// `model-00001-of-00004.safetensors`
    private static func isShard(_ path: String) -> Bool {
        path.hasPrefix("model-") && path.hasSuffix(".safetensors") && !path.contains("/")
    }
}
