import Foundation
public import GPU
import Synchronization

/// A device in front of another one that counts what is laid out on it, and fails or lies when a test wishes.
///
/// `@unchecked Sendable`: one thread at a time calls a device.
public final class DeviceDouble: Device, @unchecked Sendable {
    public static let failure = DeviceError.callFailed("a launch", code: -36)

    /// What all devices of a test have in common: what they lay out, and when they fail.
    public final class Books: Sendable {
        fileprivate struct State {
            var liveBytes = 0
            var mostBytes = 0
            var opened = 0
            var launches = 0
            var launchesLeft = Int.max
            var lies = false
            var refusesToOpen = false
            var holds = false
            var isHeld = false
        }

        fileprivate let state = Mutex(State())

        public init() {}

        /// Bytes that are laid out now, on all devices together.
        public var liveBytes: Int { state.withLock { $0.liveBytes } }
        /// The most that ever were.
        public var mostBytes: Int { state.withLock { $0.mostBytes } }
        /// How many devices were made.
        public var opened: Int { state.withLock { $0.opened } }
        /// Launches of all devices.
        public var launches: Int { state.withLock { $0.launches } }

        /// Lets a device fail after so many launches more; devices that are opened after that are well.
        public func failAfter(_ launches: Int) { state.withLock { $0.launchesLeft = launches } }
        /// Lets the next launch wait, and returns when one does: whoever it belongs to is in the middle of something.
        public func hold() async throws {
            state.withLock { $0.holds = true }
            while !state.withLock({ $0.isHeld }) { try await Task.sleep(for: .milliseconds(1)) }
        }

        /// Lets the launch that waits fail, and with it its device.
        public func failHeld() {
            state.withLock { state in
                state.launchesLeft = 0
                state.holds = false
            }
        }

        /// Waits while launches are held, on the thread that computes.
        fileprivate func waitWhileHeld() {
            while state.withLock({ state in
                state.isHeld = state.holds
                return state.holds
            }) { usleep(1000) }
        }

        /// Whether results of devices are wrong.
        public func setLies(_ lies: Bool) { state.withLock { $0.lies = lies } }
        /// Whether devices cannot be opened.
        public func setRefusesToOpen(_ refuses: Bool) { state.withLock { $0.refusesToOpen = refuses } }

        fileprivate func count(_ bytes: Int) {
            state.withLock { state in
                state.liveBytes += bytes
                state.mostBytes = max(state.mostBytes, state.liveBytes)
            }
        }
    }

    private final class Buffer: DeviceBuffer {
        let inner: any DeviceBuffer
        private let books: Books
        var byteCount: Int { inner.byteCount }

        init(_ inner: any DeviceBuffer, _ books: Books) {
            self.inner = inner
            self.books = books
            books.count(inner.byteCount)
        }

        deinit { books.count(-inner.byteCount) }
    }

    private let device: any Device
    private let books: Books
    /// Once it has failed it stays so.
    private var isDead = false
    public let information: DeviceInformation

    /// - Parameter memoryBytes: What it says that it has; nil for what the other one has.
    public init(
        _ device: any Device, _ books: Books = Books(), id: String? = nil, isProcessor: Bool = false,
        memoryBytes: Int? = nil
    ) throws(DeviceError) {
        let refuses = books.state.withLock { state in
            if !state.refusesToOpen { state.opened += 1 }
            return state.refusesToOpen
        }
        if refuses { throw .callFailed("opening", code: -2) }
        self.device = device
        self.books = books
        let inner = device.information
        information = DeviceInformation(
            id: id ?? inner.id, name: inner.name, driver: inner.driver, memoryBytes: memoryBytes ?? inner.memoryBytes,
            isProcessor: isProcessor)
    }

    public func allocate(byteCount: Int) throws(DeviceError) -> any DeviceBuffer {
        Buffer(try device.allocate(byteCount: byteCount), books)
    }

    public func write(_ bytes: UnsafeRawBufferPointer, to buffer: any DeviceBuffer, at offset: Int) throws(DeviceError)
    {
        try device.write(bytes, to: Self.inner(buffer), at: offset)
    }

    public func read(
        _ buffer: any DeviceBuffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer
    ) throws(DeviceError) {
        try device.read(Self.inner(buffer), at: offset, into: bytes)
        guard books.state.withLock({ $0.lies }), let first = bytes.bindMemory(to: Float.self).baseAddress else {
            return
        }
        first.pointee += 1
    }

    public func freeMemoryBytes() throws(DeviceError) -> Int? { try device.freeMemoryBytes() }

    public func prepare(_ kernel: Kernel) throws(DeviceError) { try device.prepare(kernel) }

    public func launch(
        _ kernel: Kernel, groups: (x: Int, y: Int), _ arguments: [KernelArgument]
    ) throws(DeviceError) {
        try count(1)
        try device.launch(
            kernel, groups: groups,
            arguments.map { argument in
                if case .buffer(let buffer) = argument { .buffer(buffer.map(Self.inner)) } else { argument }
            })
    }

    public func finish() throws(DeviceError) { try device.finish() }

    public func beginRecording() throws(DeviceError) { try device.beginRecording() }

    public func endRecording() throws(DeviceError) -> any DeviceRecording { try device.endRecording() }

    public func replay(_ recording: any DeviceRecording) throws(DeviceError) {
        try count(recording.launchCount)
        try device.replay(recording)
    }

    private func count(_ launches: Int) throws(DeviceError) {
        books.waitWhileHeld()
        let fails = books.state.withLock { state in
            state.launches += launches
            state.launchesLeft -= launches
            guard state.launchesLeft < 0 else { return false }
            // The next device is another one.
            state.launchesLeft = .max
            return true
        }
        if fails { isDead = true }
        if isDead { throw Self.failure }
    }

    private static func inner(_ buffer: any DeviceBuffer) -> any DeviceBuffer { (buffer as? Buffer)?.inner ?? buffer }
}
