/// Where encoded bytes go.
protocol ByteSink: AnyObject {
    /// What messages call it.
    var name: String { get }
    /// Bytes taken so far.
    var byteCount: Int { get }
    /// Whether bytes already written can be changed.
    var canPatch: Bool { get }

    /// Appends all bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(AudioWriteError)
    /// Overwrites bytes that were written before, from `offset` on. Only where `canPatch`.
    func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(AudioWriteError)
    /// Makes what was written final.
    func finish() throws(AudioWriteError)
    /// Gives up: a file under way disappears. Does nothing after `finish`.
    func abandon()
}

extension ByteSink {
    func write(_ bytes: [UInt8]) throws(AudioWriteError) {
        let fault = bytes.withUnsafeBytes { raw in
            caught { () throws(AudioWriteError) in try write(raw) }
        }
        if let fault { throw fault }
    }

    func patch(_ bytes: [UInt8], at offset: Int) throws(AudioWriteError) {
        let fault = bytes.withUnsafeBytes { raw in
            caught { () throws(AudioWriteError) in try patch(raw, at: offset) }
        }
        if let fault { throw fault }
    }
}

/// The error of `work`, for closures that cannot throw a typed one.
func caught(_ work: () throws(AudioWriteError) -> Void) -> AudioWriteError? {
    do throws(AudioWriteError) {
        try work()
        return nil
    } catch {
        return error
    }
}

/// A sink that hands each piece to a function: bodies of HTTP answers, memory.
final class ReceiverSink: ByteSink {
    let name: String
    let canPatch = false
    private(set) var byteCount = 0
    private let receive: (UnsafeRawBufferPointer) throws -> Void

    init(name: String, receive: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.name = name
        self.receive = receive
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(AudioWriteError) {
        do {
            try receive(bytes)
        } catch {
            throw .writeFailed(destination: name, reason: "\(error)", bytesWritten: byteCount)
        }
        byteCount += bytes.count
    }

    func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int) {}
    func finish() {}
    func abandon() {}
}
