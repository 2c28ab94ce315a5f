public import Compute
public import Foundation

/// Packed weights in a mapped file, used where they lie: the kernels' own layout, made once from a checkpoint.
///
/// `docs/decisions/007-pack-cache.md` tells what is checked when.
public final class PackFile: Sendable {
    public let file: URL
    public let identity: PackIdentity
    /// The digest of the whole checkpoint that the weights were packed from.
    public let contentDigest: UInt64
    private let content: FileBytes
    private let entries: [PackHeader.Entry]
    private let byName: [String: Int]

    /// Maps a pack and checks its header and sizes; the panels' own checksums only by ``damagedWeights(team:)``.
    ///
    /// - Throws: ``FileError``, ``PackError``.
    public init(_ file: URL) throws {
        self.file = file
        let content = try FileBytes(file)
        let header: PackHeader
        do throws(PackHeader.Damage) { header = try PackHeader(content.bytes) } catch {
            throw PackError(file: file, fault: .damaged(error.what))
        }
        self.content = content
        identity = header.identity
        contentDigest = header.contentDigest
        entries = header.entries
        byName = Dictionary(header.entries.indices.map { (header.entries[$0].name, $0) }) { first, _ in first }
    }

    /// The names of all weights, in the order of the file.
    public var names: [String] { entries.map(\.name) }
    /// Bytes of the file.
    public var byteCount: Int { content.bytes.count }

    /// Throws unless this pack is what a model needs.
    ///
    /// - Throws: ``PackError``.
    public func check(_ wanted: PackIdentity) throws {
        func fail(_ what: String) -> PackError { PackError(file: file, fault: .stale(what)) }
        if identity.layout != wanted.layout {
            throw fail("their layout is \(identity.layout.quoted), not \(wanted.layout)")
        }
        if identity.precision != wanted.precision {
            throw fail("their precision is \(identity.precision.quoted), not \(wanted.precision)")
        }
        if identity.stamp != wanted.stamp { throw fail("the model's files have changed") }
    }

    /// A weight that uses the mapped panels; nil where the pack has none of this name and form.
    public func weight(_ name: String, form: LinearWeight.Form, bias: [Float]?) -> LinearWeight? {
        guard let index = byName[name], entries[index].form == form else { return nil }
        let panels = UnsafeRawBufferPointer(rebasing: content.bytes[entries[index].range])
        return LinearWeight(form, panels: panels, keeping: content, bias: bias)
    }

    /// Reads the whole file and compares all checksums.
    ///
    /// - Returns: The names of the weights that are damaged.
    public func damagedWeights(team: WorkerTeam) -> [String] {
        let damaged = DamageList()
        team.split(entries.count) { share in
            for index in share {
                let entry = entries[index]
                let panels = UnsafeRawBufferPointer(rebasing: content.bytes[entry.range])
                if Checksum.of(panels) != entry.checksum { damaged.add(entry.name) }
                content.relinquish(entry.range)
            }
        }
        return damaged.names.sorted()
    }
}
