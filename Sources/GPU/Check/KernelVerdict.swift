public import Foundation

/// What a check of a device's kernels found, and which device, driver and program it holds for.
///
/// A check takes seconds, the first one of a driver longer: so its verdict is kept, see ``VerdictShelf``.
public struct KernelVerdict: Codable, Sendable, Equatable {
    /// What it holds for. Another driver compiles the kernels anew, and another edition of them is another program.
    public struct Subject: Codable, Sendable, Equatable {
        public let id: String
        public let name: String
        public let driver: String
        /// The program's version, and its kernels' ``Kernel/edition``.
        public let program: String
        public let kernels: String

        public init(_ device: DeviceInformation, program: String) {
            id = device.id
            name = device.name
            driver = device.driver
            self.program = program
            kernels = Kernel.edition
        }
    }

    public let subject: Subject
    /// When it was found out.
    public let checked: Date
    /// Steps compared with the processor's.
    public let steps: Int
    /// The largest error of any step; nil where one gave what is no number.
    public let worstError: Double?
    /// A step whose error is too large.
    public struct Fault: Codable, Sendable, Equatable, CustomStringConvertible {
        public let step: String
        /// Nil where a value is no number.
        public let error: Double?
        public let onTensorCores: Bool

        public var description: String { "\(step): \(error.map { "\($0)" } ?? "no number")" }
    }

    public let faults: [Fault]

    /// Whether the device computes as the processor does, on its tensor cores or without them.
    public var isGood: Bool { faults.allSatisfy(\.onTensorCores) && steps > 0 }
    /// Whether what goes to tensor cores is right, too. Where it is not, the same steps have other kernels.
    public var isGoodOnTensorCores: Bool { faults.isEmpty && steps > 0 }

    /// Sums a check up.
    public init(_ results: [KernelCheck.Result], of subject: Subject, at date: Date = Date()) {
        self.subject = subject
        checked = date
        steps = results.count
        let worst = results.map(\.error).max() ?? 0
        worstError = worst.isFinite ? worst : nil
        faults = results.filter { !$0.isGood }.map { result in
            Fault(
                step: result.name, error: result.error.isFinite ? result.error : nil,
                onTensorCores: result.onTensorCores)
        }
    }
}

/// Keeps verdicts in a folder, one file for each device. A file that cannot be read is no verdict; one that cannot be
/// written is made again at the next start.
public struct VerdictShelf: Sendable {
    public let folder: URL

    public init(folder: URL) { self.folder = folder }

    /// What was found out about exactly this device, driver and program; nil where nothing was.
    public func find(_ subject: KernelVerdict.Subject) -> KernelVerdict? {
        guard let data = try? Data(contentsOf: file(of: subject)) else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let verdict = try? decoder.decode(KernelVerdict.self, from: data)
        return verdict?.subject == subject ? verdict : nil
    }

    /// Keeps a verdict in the place of an earlier one of the same device.
    ///
    /// - Returns: Whether it could be written.
    @discardableResult public func keep(_ verdict: KernelVerdict) -> Bool {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // In one go: two programs may start at the same time.
            try encoder.encode(verdict).write(to: file(of: verdict.subject), options: .atomic)
            return true
        } catch {
            return false
        }
    }

    /// Forgets what was found out about a device.
    public func forget(_ subject: KernelVerdict.Subject) {
        try? FileManager.default.removeItem(at: file(of: subject))
    }

    private func file(of subject: KernelVerdict.Subject) -> URL {
        let name = "\(subject.id) \(subject.name)".map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return folder.appendingPathComponent("\(String(name.prefix(80))).json")
    }
}
