import Checkpoint
import Foundation
import TestSupport

/// A copy of a fixture's checkpoint whose transformers' weights are rounded to 16-bit floats, still stored in 32 bits.
struct RoundedCheckpoint {
    let folder: URL

    init(of family: String) throws {
        let files = FileManager.default
        folder = files.temporaryDirectory.appendingPathComponent("mynah-rounded-\(UUID().uuidString)")
        try files.copyItem(
            at: Fixtures.folder.appendingPathComponent(family).appendingPathComponent("checkpoint"), to: folder)
        let weights = folder.appendingPathComponent("model.safetensors")
        let rounded = try Self.rounded(try SafetensorsFile(weights, mapped: false))
        try rounded.write(to: weights)
    }

    func remove() throws { try FileManager.default.removeItem(at: folder) }

    /// The file of the same tensors, those of the layers rounded.
    private static func rounded(_ source: SafetensorsFile) throws -> Data {
        var entries: [String] = []
        var body = Data()
        for info in source.tensors.values.sorted(by: { $0.name < $1.name }) {
            let start = body.count
            let isRounded = info.type == .f32 && info.name.contains(".layers.") && info.name.contains("_proj")
            try source.withBytes(of: info.name) { bytes in
                guard isRounded else { return body.append(contentsOf: bytes) }
                for index in 0..<info.count {
                    let value = bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
                    withUnsafeBytes(of: Float(Float16(value))) { body.append(contentsOf: $0) }
                }
            }
            let shape = info.shape.map(String.init).joined(separator: ",")
            entries.append(
                """
                "\(info.name)":{"dtype":"\(info.type.rawValue.uppercased())","shape":[\(shape)],\
                "data_offsets":[\(start),\(body.count)]}
                """)
        }
        var header = "{" + entries.joined(separator: ",") + "}"
        header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        var file = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        file.append(contentsOf: header.utf8)
        return file + body
    }
}
