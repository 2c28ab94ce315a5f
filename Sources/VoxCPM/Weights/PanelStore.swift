import Checkpoint
import Compute
import Synchronization

/// Hands out packed weights by name: from a pack where there is one, else packed on the spot.
///
/// It remembers the weights by name, so that they can be written into a pack, or compared layer by layer.
final class PanelStore: Sendable {
    /// A weight and what it is called in a pack: the names of its tensors.
    struct Named: Sendable {
        let name: String
        let weight: LinearWeight
    }

    private struct State {
        var weights: [Named] = []
        var packed = 0
    }

    /// Whether weights get no content, only their form: for plans.
    private let hasFormsOnly: Bool
    /// The pack that weights are taken from.
    let pack: PackFile?
    private let state = Mutex(State())

    init(pack: PackFile? = nil, formsOnly: Bool = false) {
        self.pack = pack
        hasFormsOnly = formsOnly
    }

    /// All weights handed out so far.
    var weights: [Named] { state.withLock { $0.weights } }
    /// How many of them the pack did not have.
    var packedCount: Int { state.withLock { $0.packed } }

    /// The weight of this name.
    ///
    /// - Parameters:
    ///   - isDelicate: Whether no backend may round it further.
    ///   - make: Packs it; must give a weight of the same form and bias.
    func weight(
        _ name: String, _ form: LinearWeight.Form, bias: [Float]?, isDelicate: Bool = false,
        make: () throws -> LinearWeight
    ) rethrows -> LinearWeight {
        if let packed = pack?.weight(name, form: form, bias: bias) {
            let weight = isDelicate ? packed.delicate : packed
            state.withLock { $0.weights.append(Named(name: name, weight: weight)) }
            return weight
        }
        let made = hasFormsOnly ? LinearWeight(zeros: form, bias: bias) : try make()
        let weight = isDelicate ? made.delicate : made
        state.withLock {
            $0.weights.append(Named(name: name, weight: weight))
            $0.packed += 1
        }
        return weight
    }
}
