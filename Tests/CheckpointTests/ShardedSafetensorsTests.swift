import Foundation
import Testing

@testable import Checkpoint

struct ShardedSafetensorsTests {
    private static func folder(_ map: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, value) in [("one", Float(1)), ("two", 2)] {
            var writer = SafetensorsWriter()
            writer.add("\(name).weight", shape: [1], floats: [value])
            try writer.write(to: folder.path("\(name).safetensors"))
        }
        try folder.write("index.json", "{\"metadata\":{\"total_size\":8},\"weight_map\":\(map)}")
        return folder
    }

    @Test func combinesFiles() throws {
        let folder = try Self.folder(#"{"one.weight":"one.safetensors","two.weight":"two.safetensors"}"#)
        let source = try ShardedSafetensors(index: folder.path("index.json"))
        #expect(source.tensors.count == 2)
        #expect(try source.floats("one.weight") == [1])
        #expect(try source.floats("two.weight") == [2])
        #expect(throws: TensorError.missing(name: "three", file: source.file)) { try source.floats("three") }
    }

    @Test(arguments: [
        ("[]", ShardIndexError.Fault.noWeightMap), (#"{"one.weight":1}"#, .noWeightMap),
        (#"{"a":"../one.safetensors"}"#, .badShardName("../one.safetensors")),
        (#"{"a":"/etc/passwd"}"#, .badShardName("/etc/passwd")),
        (#"{"a":"sub/one.safetensors"}"#, .badShardName("sub/one.safetensors")),
        (#"{"a":"..\\one.safetensors"}"#, .badShardName("..\\one.safetensors")),
        (#"{"a":"one.safetensors\u0000"}"#, .badShardName("one.safetensors\0")),
        (#"{"a":".safetensors"}"#, .badShardName(".safetensors")),
        (#"{"a":"one.bin"}"#, .badShardName("one.bin")),
        (#"{"a":"three.safetensors"}"#, .missingShard("three.safetensors")),
        (
            #"{"one.weight":"one.safetensors","x":"one.safetensors"}"#,
            .missingTensor(name: "x", shard: "one.safetensors")
        ),
        (
            #"{"one.weight":"two.safetensors","two.weight":"two.safetensors"}"#,
            .missingTensor(name: "one.weight", shard: "two.safetensors")
        ),
        (#"{"x":"one.safetensors"}"#, .unlistedTensor(name: "one.weight", shard: "one.safetensors")),
    ])
    func refuses(map: String, fault: ShardIndexError.Fault) throws {
        let folder = try Self.folder(map)
        let error = #expect(throws: ShardIndexError.self) {
            try ShardedSafetensors(index: folder.path("index.json"))
        }
        #expect(error?.fault == fault)
    }

    @Test func refusesBadJSON() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("index.json", "{\"weight_map\":{\"a\":\"b\",\"a\":\"c\"}}")
        #expect(throws: JSONFileError.self) { try ShardedSafetensors(index: file) }
    }
}
