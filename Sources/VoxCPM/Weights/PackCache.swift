public import Checkpoint
public import Compute
public import Foundation

/// Keeps packed weights in a file, so that only the first start of a model packs them.
///
/// A pack that is missing, stale or damaged is made anew; where it cannot be written, the model runs without.
public struct PackCache: Sendable {
    /// What became of the cache when a model was loaded.
    public enum Outcome: Sendable, Equatable {
        /// Nobody asked for it.
        case off
        /// The model is so small that packing it takes no time.
        case tooSmall
        /// The weights were packed before and are used where they lie in this file.
        case found(URL)
        /// The weights were packed now, and kept in this file.
        case written(URL)
        /// The weights were packed now and could not be kept: why.
        case failed(String)
    }

    public let shelf: PackShelf
    /// Packs smaller than this many bytes are not kept.
    public let minimumByteCount: Int

    /// Packing a model below this size takes some 0.1 s, about as long as checking a file.
    public static let standardMinimumByteCount = 64 << 20

    public init(shelf: PackShelf = .standard, minimumByteCount: Int = standardMinimumByteCount) {
        self.shelf = shelf
        self.minimumByteCount = minimumByteCount
    }

    /// Whether a model's packed weights are large enough to be kept.
    public func isWorthwhile(_ folder: CheckpointFolder, precision: Precision) -> Bool {
        let parameters = [folder.model, folder.audioVAE].flatMap(\.tensors.values).reduce(0) { $0 + $1.count }
        return parameters * precision.bytesPerWeight >= minimumByteCount
    }

    /// Finds the pack of a checkpoint: the first that can be used, or why each cannot. A missing file is no reason.
    public func find(_ folder: CheckpointFolder, precision: Precision) throws -> (pack: PackFile?, faults: [String]) {
        let identity = try Self.identity(folder, precision)
        var faults: [String] = []
        for file in shelf.files(for: folder.folder, precision: precision.rawValue) {
            do {
                let pack = try PackFile(file)
                try pack.check(identity)
                return (pack, faults)
            } catch FileError.system(doing: .open, file: _, code: ENOENT) {
                continue
            } catch {
                faults.append("\(error)")
            }
        }
        return (nil, faults)
    }

    /// Loads the parts of a model, from a pack where there is one; packs them and keeps the pack otherwise.
    func load(
        _ folder: CheckpointFolder, _ source: ModelParts.Source
    ) throws -> (parts: ModelParts, outcome: Outcome) {
        guard isWorthwhile(folder, precision: source.precision) else {
            return (try ModelParts(source, panels: PanelStore(), eager: false), .tooSmall)
        }
        if let pack = try find(folder, precision: source.precision).pack {
            let parts = try ModelParts(source, panels: PanelStore(pack: pack), eager: false)
            // A pack of the right identity that lacks a weight was made by a program that we do not know.
            if parts.panels.packedCount == 0 { return (parts, .found(pack.file)) }
        }
        let packed = try ModelParts(source, panels: PanelStore(), eager: true)
        do {
            let pack = try keep(packed.panels.weights, folder, source)
            // From here on as at the next start: the mapped weights take the place of those in memory.
            return (try ModelParts(source, panels: PanelStore(pack: pack), eager: false), .written(pack.file))
        } catch let error as any CheckpointProblem {
            return (packed, .failed("\(error)"))
        }
    }

    private func keep(
        _ weights: [PanelStore.Named], _ folder: CheckpointFolder, _ source: ModelParts.Source
    ) throws -> PackFile {
        let precision = source.precision
        let file = try shelf.writableFile(for: folder.folder, precision: precision.rawValue)
        let identity = try Self.identity(folder, precision)
        let digest = try folder.contentDigest(team: source.computing.team)
        try PackWriter.write(
            weights.map { ($0.name, $0.weight) }, identity: identity, contentDigest: digest, to: file,
            team: source.computing.team)
        let pack = try PackFile(file)
        // Another process may have written another pack in between.
        try pack.check(identity)
        return pack
    }

    /// Throws unless a pack belongs to a checkpoint as it is now.
    ///
    /// - Throws: ``PackError``, and what reading the checkpoint throws.
    public static func check(_ pack: PackFile, _ folder: CheckpointFolder, _ precision: Precision) throws {
        try pack.check(identity(folder, precision))
    }

    private static func identity(_ folder: CheckpointFolder, _ precision: Precision) throws -> PackIdentity {
        PackIdentity(stamp: try folder.stamp(), layout: LinearWeight.layout, precision: precision.rawValue)
    }
}

extension Precision {
    /// Bytes of a packed weight, scales left out.
    var bytesPerWeight: Int {
        switch self {
        case .f32: 4
        case .bf16: 2
        case .int8: 1
        }
    }
}
