import ArgumentParser

/// `mynah models`: looks after checkpoints.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Download, list, inspect, verify, convert and remove models.",
        discussion: """
            A model is a folder in the official layout: config.json, model.safetensors (or shards with an index, or \
            pytorch_model.bin), audiovae.safetensors (or audiovae.pth), tokenizer.json. Torch archives are read without \
            running anything in them.

            EXAMPLES
              mynah models pull openbmb/VoxCPM1.5
              mynah models list
              mynah models inspect nano
              mynah models verify ./VoxCPM1.5
              mynah models convert ./VoxCPM-0.5B ./VoxCPM-0.5B-f32 --type f32
            """,
        subcommands: [
            ModelsPullCommand.self, ModelsListCommand.self, ModelsInspectCommand.self, ModelsVerifyCommand.self,
            ModelsConvertCommand.self, ModelsRemoveCommand.self,
        ])
}

/// The argument that names a model.
struct ModelArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("A model's folder or name.", valueName: "dir|name"))
    var model: String
}
