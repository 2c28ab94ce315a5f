import Checkpoint
import Foundation
import GPU

/// Finds the device that a command computes on, and says why that one.
///
/// A device that computes wrongly is never used: before its first use every kernel is compared with the processor's, and
/// what came out is remembered for this device, driver and program.
struct DeviceSelector {
    /// The device, open and checked.
    struct Selection {
        /// Nil for the processor.
        let device: (any Device)?
        /// What is known of its kernels; nil for the processor.
        let verdict: KernelVerdict?
        /// Whether its tensor cores are to be used.
        var usesTensorCores: Bool {
            (device?.information.hasTensorCores ?? false) && (verdict?.isGoodOnTensorCores ?? false)
        }
        /// A sentence for people; nil where the choice explains itself.
        let reason: String?
    }

    /// The graphics cards in the order in which they are tried.
    var cards: [DeviceInformation]
    /// Opens a device by its name.
    var open: (String) throws(DeviceError) -> any Device
    /// Why ways to devices lead nowhere.
    var faults: [String]
    /// Where verdicts are kept.
    var shelf: VerdictShelf
    /// Whether verdicts of earlier starts count. After a device has failed they do not.
    var trusts = true
    /// Whether a device that was named and computes wrongly is refused; else it is up to the caller.
    var refusesWrong = true
    /// Compares a device's kernels with the processor's.
    var check: (any Device) throws -> [KernelCheck.Result] = { try KernelCheck.run($0) }
    /// Tells people of what takes a while.
    var note: (String) -> Void = { Console.note("Note: \($0)") }

    /// Looks for a device.
    ///
    /// - Throws: `DeviceError` where a device was named that is not there or cannot be used;
    ///   ``CommandError/deviceComputesWrongly(device:step:count:)``, ``CommandError/noGraphicsCard(reasons:)``.
    func select(_ choice: DeviceChoice) throws -> Selection {
        switch choice {
        case .processor: return Selection(device: nil, verdict: nil, reason: nil)
        case .device(let id):
            let device = try open(id)
            let verdict = try verdict(on: device)
            guard verdict.isGood || !refusesWrong else {
                throw CommandError.deviceComputesWrongly(
                    device: id, step: verdict.wrongSteps.first ?? "nothing was compared",
                    count: verdict.wrongSteps.count)
            }
            return Selection(device: device, verdict: verdict, reason: Self.withoutTensorCores(device, verdict))
        case .automatic, .card:
            var passed: [String] = []
            for card in cards {
                do {
                    let device = try open(card.id)
                    let verdict = try verdict(on: device)
                    if verdict.isGood {
                        let reasons = [
                            reason(card, verdict, passed), Self.withoutTensorCores(device, verdict),
                        ].compactMap(\.self)
                        return Selection(
                            device: device, verdict: verdict, reason: reasons.joined(separator: "; "))
                    }
                    passed.append("\(card.name) (\(card.id)) computes wrongly (\(verdict.wrongSteps.first ?? "all"))")
                } catch {
                    passed.append("\(card.name) (\(card.id)) cannot be used: \(error)")
                }
            }
            let reasons = passed + faults
            if choice == .card { throw CommandError.noGraphicsCard(reasons: reasons) }
            return Selection(
                device: nil, verdict: nil,
                reason: "computing on the processor, since there is no graphics card to use"
                    + (reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))"))
        }
    }

    private func reason(_ card: DeviceInformation, _ verdict: KernelVerdict, _ passed: [String]) -> String {
        let error = verdict.worstError.map { String(format: "%.1e", $0) } ?? "?"
        return "computing on \(card.name) (\(card.id)), the first graphics card that computes as the processor does "
            + "(\(verdict.steps) steps, worst error \(error))"
            + (passed.isEmpty ? "" : "; before it: \(passed.joined(separator: "; "))")
    }

    /// Says that tensor cores are not used; nil where they are, or where there are none.
    private static func withoutTensorCores(_ device: any Device, _ verdict: KernelVerdict) -> String? {
        guard device.information.hasTensorCores, !verdict.isGoodOnTensorCores else { return nil }
        return "the tensor cores of \(device.information.name) are not used, since they compute wrongly "
            + "(\(verdict.faults.first.map { "\($0)" } ?? "all"))"
    }

    /// What is known of a device's kernels; they are compared now where nothing is.
    private func verdict(on device: any Device) throws -> KernelVerdict {
        let subject = KernelVerdict.Subject(device.information, program: Program.version)
        if trusts, let known = shelf.find(subject) { return known }
        shelf.forget(subject)
        note("comparing the kernels of \(subject.name) (\(subject.id)) with the processor's, which is done once.")
        let verdict = KernelVerdict(try check(device), of: subject)
        shelf.keep(verdict)
        return verdict
    }
}

extension DeviceSelector {
    /// Looks at this machine's devices.
    ///
    /// - Parameter trusts: Whether verdicts of earlier starts count.
    static func ofThisMachine(trusts: Bool = true) -> DeviceSelector {
        let devices = Devices()
        return DeviceSelector(
            cards: devices.cards, open: { (id) throws(DeviceError) in try devices.open(id) },
            faults: Devices.Launcher.allCases.compactMap { launcher in
                devices.faults[launcher].map { "\(launcher.name): \($0)" }
            }, shelf: .standard, trusts: trusts)
    }
}

extension VerdictShelf {
    /// Beside the packed weights of models: `$XDG_CACHE_HOME/mynah/devices`, or `~/.cache/mynah/devices`.
    static var standard: VerdictShelf {
        VerdictShelf(
            folder: PackShelf.standard.cacheFolder.deletingLastPathComponent().appendingPathComponent("devices"))
    }
}

extension KernelVerdict {
    /// The steps that have no other kernels.
    var wrongSteps: [String] { faults.filter { !$0.onTensorCores }.map(\.description) }
}
