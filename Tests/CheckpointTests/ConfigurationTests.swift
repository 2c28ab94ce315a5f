import Foundation
import TestSupport
import Testing

@testable import Checkpoint

struct ConfigurationTests {
    /// A checkpoint folder of the fixtures.
    private static func folder(_ family: String) -> URL {
        Fixtures.folder.appendingPathComponent("\(family)/checkpoint")
    }

    private static func json(_ family: String = "v15") throws -> String {
        try String(contentsOf: folder(family).appendingPathComponent("config.json"), encoding: .utf8)
    }

    private static func read(_ text: String) throws -> ModelConfiguration {
        try ModelConfiguration(try StrictJSON.parse(Array(text.utf8)), file: URL(fileURLWithPath: "/x/config.json"))
    }

    @Test func readsVersion15() throws {
        let model = try ModelConfiguration.load(from: Self.folder("v15"))
        #expect(model.languageModel.hiddenSize == 64)
        #expect(model.languageModel.headSize == 16)
        #expect(model.languageModel.keyValueHeadCount == 2)
        #expect(model.languageModel.layerCount == 3)
        #expect(!model.languageModel.usesMuP)
        #expect(model.languageModel.residualScale == 1)
        #expect(model.languageModel.ropeFactors == model.languageModel.shortFactors)
        #expect(model.languageModel.ropeMagnitude == 1)
        #expect(model.residualLanguageModel.layerCount == 2)
        #expect(model.residualLanguageModel.vocabularySize == 0)
        #expect(model.localEncoder.hiddenSize == 32)
        #expect(model.localDiT.hiddenSize == 96)
        #expect(model.localDiT.ropeTheta == 10_000)
        #expect(model.flowMatching.sigmaMin == 1e-6)
        #expect(model.patchSize == 4)
        #expect(model.audioVAE.encoderRates == [2, 3, 6, 7, 7])
        #expect(model.audioVAE.depthwise)
        #expect(model.audioVAE.samplesPerLatent == 1764)
        #expect(model.samplesPerPatch == 7056)
        #expect(model.audioVAE.sampleRateHz == 44_100)
        #expect(model.maxLength == 256)
    }

    @Test func readsVersion05BWithDefaults() throws {
        let model = try ModelConfiguration.load(from: Self.folder("v05b"))
        #expect(model.languageModel.usesMuP)
        #expect(model.languageModel.tokenScale == 12)
        #expect(model.languageModel.ropeFactors == model.languageModel.longFactors)
        #expect(abs(model.languageModel.ropeMagnitude - 1.0954451150103321) < 1e-12)
        #expect(model.audioVAE.encoderRates == [2, 5, 8, 8])
        #expect(model.audioVAE.decoderRates == [8, 8, 5, 2])
        #expect(model.audioVAE.sampleRateHz == 16_000)
        #expect(model.quantizerSize == 12)
    }

    @Test func anAbsentVAESectionMeansItsDefaults() throws {
        var text = try Self.json("v05b").replacingOccurrences(of: "\"feat_dim\": 8", with: "\"feat_dim\": 64")
        text = text.replacingOccurrences(of: "\"audio_vae_config\"", with: "\"unknown_key\"")
        let vae = try Self.read(text).audioVAE
        #expect(vae.encoderChannels == 128)
        #expect(vae.latentSize == 64)
        #expect(vae.decoderChannels == 1536)
        #expect(vae.depthwise)
    }

    @Test func publishedModelsHaveTheirSizes() {
        let model = ModelConfiguration.voxCPM15
        #expect(model.samplesPerPatch == 7056)
        #expect(model.languageModel.ropeFactors.count == model.languageModel.headSize / 2)
        #expect(ExpectedTensor.model(for: model).reduce(0) { $0 + $1.count } > 700_000_000)
        #expect(ModelConfiguration.voxCPM05B.samplesPerPatch == 1280)
    }

    @Test func channelsPerHeadNeedNotDivideTheHiddenSize() throws {
        let text = try Self.json().replacingOccurrences(
            of: "\"num_heads\": 2,", with: "\"num_heads\": 6, \"kv_channels\": 16,")
        let part = try Self.read(text).localEncoder
        #expect(part.headSize == 16)
        #expect(part.headCount == 6)
    }

    @Test(
        arguments: [
            ("\"patch_size\": 4", "\"patch_size\": 0", "patch_size is 0, allowed is 1 to 64"),
            ("\"patch_size\": 4", "\"patch_size\": \"4\"", "patch_size must be an integer, not a string"),
            ("\"patch_size\": 4", "\"patch_size\": 4.5", "patch_size must be an integer, not a number"),
            ("\"vocab_size\": 822,", "", "lm_config.vocab_size is missing"),
            (
                "\"vocab_size\": 822", "\"vocab_size\": 9000000000000000000",
                "lm_config.vocab_size is 9000000000000000000"
            ),
            ("\"hidden_size\": 64", "\"hidden_size\": -64", "lm_config.hidden_size is -64"),
            (
                "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
                "must be a multiple of num_key_value_heads (3)"
            ),
            ("\"num_attention_heads\": 4", "\"num_attention_heads\": 64", "is 1, allowed is 2 to 4096"),
            ("\"num_heads\": 2,", "\"num_heads\": 4,", "short_factor for encoder_config has 8 numbers"),
            ("\"use_mup\": false", "\"use_mup\": false, \"kv_channels\": 7", "kv_channels (7) must be even"),
            ("\"feat_dim\": 16", "\"feat_dim\": 8", "feat_dim (8) must equal audio_vae_config.latent_dim (16)"),
            ("\"sample_rate\": 44100", "\"use_noise_block\": true", "noise blocks in the decoder are not supported"),
            ("\"max_length\": 256", "\"dit_mean_mode\": true", "mean-velocity models are not supported"),
            ("\"architecture\": \"voxcpm\"", "\"architecture\": \"voxcpm2\"", "VoxCPM2 is not supported yet"),
            ("\"architecture\": \"voxcpm\"", "\"architecture\": \"llama\"", "\"llama\" is unknown"),
            ("\"decoder_dim\": 64", "\"decoder_dim\": 16", "audio_vae_config.decoder_dim is 16"),
            ("\"encoder_dim\": 2", "\"encoder_dim\": 65536", "encoder_dim is 2097152 after all rates"),
            ("\"cfm_config\"", "\"cfm\"", "dit_config.cfm_config is missing"),
            ("\"lm_config\"", "\"lm\"", "lm_config is missing"),
            ("\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": true", "rms_norm_eps must be a number, not true or false"),
            ("\"original_max_position_embeddings\": 4096", "\"original_max_position_embeddings\": 1", "allowed is 2"),
        ])
    func refusesNonsense(old: String, new: String, expected: String) throws {
        let text = try Self.json()
        #expect(text.contains(old))
        let error = #expect(throws: ConfigurationError.self) {
            try Self.read(text.replacingOccurrences(of: old, with: new))
        }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("/x/config.json cannot be used: ") == true)
    }

    @Test func listsAllFaultsAtOnce() throws {
        let text = try Self.json().replacingOccurrences(of: "\"patch_size\": 4", with: "\"patch_size\": 0")
            .replacingOccurrences(of: "\"num_hidden_layers\": 3", with: "\"num_hidden_layers\": 0")
            .replacingOccurrences(of: "\"vocab_size\": 822,", with: "")
        let error = #expect(throws: ConfigurationError.self) { try Self.read(text) }
        #expect(
            Set(error?.faults.map(\.path) ?? [])
                == ["patch_size", "lm_config.num_hidden_layers", "lm_config.vocab_size"])
    }

    @Test func absurdSizesAreRefusedBeforeAnythingIsAllocated() throws {
        var text = try Self.json()
        for (old, new) in [
            ("\"hidden_size\": 64", "\"hidden_size\": 65536"),
            ("\"intermediate_size\": 128", "\"intermediate_size\": 262144"),
            ("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 512"),
            ("\"use_mup\": false", "\"use_mup\": false, \"kv_channels\": 16"),
        ] { text = text.replacingOccurrences(of: old, with: new) }
        let error = #expect(throws: ConfigurationError.self) { try Self.read(text) }
        #expect(error?.faults.map(\.path) == ["the model's size"])
    }

    @Test(arguments: ["v15", "v15_bf16", "v05b"])
    func expectedTensorsAreExactlyThoseOfTheFixtures(family: String) throws {
        let model = try ModelConfiguration.load(from: Self.folder(family))
        let stored =
            family == "v05b"
            ? Fixtures.folder.appendingPathComponent("v05b/alt_safetensors/model.safetensors")
            : Self.folder(family).appendingPathComponent("model.safetensors")
        let file = try SafetensorsFile(stored)
        let expected = ExpectedTensor.model(for: model)
        #expect(Set(expected.map(\.name)) == Set(file.tensors.keys))
        #expect(expected.count == file.tensors.count)
        for tensor in expected { #expect(file.tensors[tensor.name]?.shape == tensor.shape, "\(tensor.name)") }
    }

    @Test func expectedVAETensorsAreExactlyThoseOfTheFixture() throws {
        let model = try ModelConfiguration.load(from: Self.folder("v15"))
        let file = try SafetensorsFile(
            Fixtures.folder.appendingPathComponent("v15/alt_safetensors/audiovae.safetensors"))
        let expected = ExpectedTensor.audioVAE(for: model.audioVAE)
        #expect(Set(expected.map(\.name)) == Set(file.tensors.keys))
        for tensor in expected { #expect(file.tensors[tensor.name]?.shape == tensor.shape, "\(tensor.name)") }
    }
}
