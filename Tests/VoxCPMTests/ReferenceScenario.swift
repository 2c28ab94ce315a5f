import Checkpoint
import Foundation
import TestSupport
import Testing

/// A whole generation of the fixtures, with its parameters from the manifest.
struct ReferenceScenario: Sendable, CustomTestStringConvertible {
    let family: String
    let name: String
    let seed: UInt64
    let minPatches: Int
    let maxPatches: Int
    let steps: Int
    let cfg: Float
    let retryRatio: Double?

    var testDescription: String { "\(family) \(name)" }

    /// All one-shot scenarios of the families that we implement; empty where the manifest cannot be read, which a test
    /// of its own reports.
    static let all: [ReferenceScenario] = (try? read()) ?? []

    private static func read() throws -> [ReferenceScenario] {
        let manifest = try StrictJSON.parse(
            [UInt8](try Data(contentsOf: Fixtures.folder.appendingPathComponent("manifest.json"))))
        guard let families = manifest.asObject?["families"]?.asObject else { return [] }
        return ["v15", "v05b", "v15_bf16"].flatMap { family -> [ReferenceScenario] in
            guard let scenarios = families[family]?.asObject?["scenarios"]?.asObject else { return [] }
            return scenarios.members.compactMap { name, value in
                guard name.hasPrefix("gen_"), let fields = value.asObject else { return nil }
                return ReferenceScenario(family: family, name: name, fields)
            }
        }
    }

    private init?(family: String, name: String, _ fields: JSONObject) {
        guard let seed = fields["seed"]?.asInt, let minPatches = fields["min_len"]?.asInt,
            let maxPatches = fields["effective_max_len"]?.asInt,
            let steps = fields["inference_timesteps"]?.asInt, let cfg = fields["cfg_value"]?.asDouble
        else { return nil }
        self.family = family
        self.name = name
        self.seed = UInt64(seed)
        self.minPatches = minPatches
        self.maxPatches = maxPatches
        self.steps = steps
        self.cfg = Float(cfg)
        retryRatio = fields["retry_badcase"] == nil ? nil : fields["retry_badcase_ratio_threshold"]?.asDouble
    }
}
