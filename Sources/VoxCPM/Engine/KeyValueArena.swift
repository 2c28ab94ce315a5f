import Compute

/// The key-value caches of all sequences of an engine: one slab of positions for each, laid out once.
///
/// A slab that a sequence leaves goes to the next one as it is: a row sees positions of its own sequence only, and
/// those were all written by that sequence.
final class KeyValueArena {
    let semantic: KeyValueCache
    let residual: KeyValueCache
    /// Positions of a slab.
    let positions: Int
    /// Free slabs, the next one last.
    private var free: [Int]

    init(_ model: VoxCPMModel, _ capacity: EngineCapacity, from supply: inout MatrixSupply) {
        let slots = capacity.sequences * capacity.positions
        positions = capacity.positions
        semantic = model.semanticLM.language.transformer.makeCache(slots: slots, from: &supply)
        residual = model.residualLM.language.transformer.makeCache(slots: slots, from: &supply)
        free = (0..<capacity.sequences).reversed()
    }

    /// The first row of a slab in both caches.
    func base(_ slab: Int) -> Int { slab * positions }

    /// Slabs that nobody has.
    var freeCount: Int { free.count }

    /// Takes a free slab; nil where there is none.
    func take() -> Int? { free.popLast() }

    /// Gives a slab back.
    func giveBack(_ slab: Int) {
        assert(!free.contains(slab), "slab \(slab) was free already")
        free.append(slab)
    }
}
