import Compute
import Foundation
import GPU
import TestSupport
import Testing

@testable import MynahCommands

/// Which device a command computes on, and why.
@Suite(.serialized, .enabled(if: TestDevices.areThere, "no OpenCL device; install pocl-opencl-icd"))
struct DeviceSelectorTests {
    /// Two cards that are doubles of the first device, the first of which may lie or not open.
    private struct Machine {
        let folder: TemporaryFolder
        let first = DeviceDouble.Books()
        let second = DeviceDouble.Books()

        init() throws { folder = try TemporaryFolder() }

        /// Two steps instead of a thousand.
        private static func check(_ device: any Device) throws -> [KernelCheck.Result] {
            try ["add", "add again"].map { name in
                let gpu = GPUBackend(device)
                let x = Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
                gpu.add(x, x, into: x)
                let error = zip(x.values(), [2, 4, 6, 8, 10, 12]).map { Double(abs($0 - $1)) }.max() ?? 0
                if let failure = gpu.failure { throw failure }
                return KernelCheck.Result(name: name, error: error)
            }
        }

        func selector(trusts: Bool = true, faults: [String] = []) throws -> DeviceSelector {
            let books = ["cuda:0": first, "opencl:0": second]
            let cards = books.keys.sorted().map {
                DeviceInformation(id: $0, name: "a card", driver: "1", memoryBytes: 1 << 30, isProcessor: false)
            }
            return DeviceSelector(
                cards: cards,
                open: { (id) throws(DeviceError) in
                    guard let books = books[id] else { throw .noSuchDevice(id, choices: books.keys.sorted()) }
                    return try DeviceDouble(TestDevices.firstOpened(), books, id: id)
                }, faults: faults, shelf: VerdictShelf(folder: folder.url), trusts: trusts, check: Self.check,
                note: { _ in })
        }
    }

    @Test func theFirstCardIsTakenAndItsVerdictRemembered() throws {
        let machine = try Machine()
        let first = try machine.selector().select(.automatic)
        #expect(first.device?.information.id == "cuda:0" && first.verdict?.isGood == true)
        #expect(first.reason?.contains("cuda:0") == true)
        let launches = machine.first.launches
        #expect(launches > 0 && machine.second.opened == 0)
        // Nothing is compared again, whichever way it is asked for.
        for choice in [DeviceChoice.automatic, .card, .device("cuda:0")] {
            #expect(try machine.selector().select(choice).device?.information.id == "cuda:0")
        }
        #expect(machine.first.launches == launches)
        // After a failure it is.
        _ = try machine.selector(trusts: false).select(.card)
        #expect(machine.first.launches > launches)
    }

    @Test func aCardThatLiesIsPassedOver() throws {
        let machine = try Machine()
        machine.first.setLies(true)
        let selection = try machine.selector().select(.card)
        #expect(selection.device?.information.id == "opencl:0")
        #expect(selection.reason?.contains("computes wrongly") == true, "\(selection.reason ?? "")")
        // It is refused where it is named, now without a launch.
        let launches = machine.first.launches
        let error = #expect(throws: CommandError.self) { try machine.selector().select(.device("cuda:0")) }
        guard case .deviceComputesWrongly("cuda:0", _, let count)? = error else {
            throw DeviceError.unsupported("that")
        }
        #expect(count > 1 && machine.first.launches == launches)
        // A new driver may be better.
        machine.first.setLies(false)
        #expect(try machine.selector(trusts: false).select(.device("cuda:0")).device != nil)
    }

    @Test func aCardThatDoesNotOpenIsPassedOverAndSaid() throws {
        let machine = try Machine()
        machine.first.setRefusesToOpen(true)
        #expect(try machine.selector().select(.automatic).device?.information.id == "opencl:0")
        machine.second.setRefusesToOpen(true)
        let processor = try machine.selector(faults: ["CUDA: not there"]).select(.automatic)
        #expect(processor.device == nil && processor.reason?.contains("CUDA: not there") == true)
        let error = #expect(throws: CommandError.self) { try machine.selector().select(.card) }
        guard case .noGraphicsCard(let reasons)? = error else { throw DeviceError.unsupported("that") }
        #expect(reasons.count == 2)
    }

    @Test func aCardThatDiesWhileItIsComparedIsNotJudged() throws {
        let machine = try Machine()
        machine.first.failAfter(1)
        #expect(try machine.selector().select(.automatic).device?.information.id == "opencl:0")
        #expect(try machine.selector().select(.automatic).device?.information.id == "cuda:0")
    }

    @Test func theProcessorNeedsNoDevice() throws {
        let machine = try Machine()
        let selection = try machine.selector().select(.processor)
        #expect(selection.device == nil && selection.reason == nil && machine.first.opened == 0)
    }

    @Test func verdictsHoldForOneDeviceDriverAndProgram() throws {
        let folder = try TemporaryFolder()
        let shelf = VerdictShelf(folder: folder.url.appendingPathComponent("not/there/yet"))
        let card = DeviceInformation(id: "cuda:0", name: "a card", driver: "1", memoryBytes: 1, isProcessor: false)
        let subject = KernelVerdict.Subject(card, program: "1")
        #expect(shelf.find(subject) == nil)
        let verdict = KernelVerdict([], of: subject, at: Date(timeIntervalSince1970: 1))
        #expect(!verdict.isGood, "nothing was compared")
        #expect(shelf.keep(verdict) && shelf.find(subject) == verdict)
        let other = DeviceInformation(id: "cuda:0", name: "a card", driver: "2", memoryBytes: 1, isProcessor: false)
        #expect(shelf.find(KernelVerdict.Subject(other, program: "1")) == nil)
        #expect(shelf.find(KernelVerdict.Subject(card, program: "2")) == nil)
        shelf.forget(subject)
        #expect(shelf.find(subject) == nil)
    }

    @Test(arguments: [
        ("auto", DeviceChoice.automatic), ("gpu", .card), ("cpu", .processor), ("cuda:1", .device("cuda:1")),
        ("opencl:0", .device("opencl:0")),
    ]) func choicesAreRead(words: String, choice: DeviceChoice) {
        #expect(DeviceChoice(argument: words) == choice && choice.description == words)
    }

    @Test(arguments: ["", "cuda", "cuda:", "cuda:x", "metal:0", "opencl:0:1", "GPU"])
    func otherChoicesAreNone(words: String) { #expect(DeviceChoice(argument: words) == nil) }

    @Test(arguments: [
        ("6GiB", 6 << 30), ("6G", 6 << 30), ("1.5GiB", 3 << 29), ("512MiB", 512 << 20), ("2GB", 2_000_000_000),
        ("100", 100), ("8k", 8192),
    ]) func bytesAreRead(words: String, bytes: Int) { #expect(ByteCount(argument: words)?.bytes == bytes) }

    @Test(arguments: ["", "GiB", "-1", "6 GiB", "0", "6X", "1e30", "nan"])
    func otherBytesAreNone(words: String) { #expect(ByteCount(argument: words) == nil) }
}

extension TestDevices {
    /// The first device, or why it cannot be opened.
    fileprivate static func firstOpened() throws(DeviceError) -> any Device {
        do { return try first() } catch let error as DeviceError { throw error } catch {
            throw .unsupported("\(error)")
        }
    }
}
