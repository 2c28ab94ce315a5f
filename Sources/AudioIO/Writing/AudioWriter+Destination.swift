import Foundation
import Glibc

extension AudioWriter {
    /// The sink of a destination: an ordinary file is replaced whole, all else is written to directly.
    static func sink(for destination: Destination) throws(AudioWriteError) -> any ByteSink {
        switch destination {
        case .standardOutput:
            return DescriptorSink(STDOUT_FILENO, name: "standard output", closesDescriptor: false)
        case .descriptor(let descriptor, let name):
            return DescriptorSink(descriptor, name: name, closesDescriptor: false)
        case .receiver(let name, let receive):
            return ReceiverSink(name: name, receive: receive)
        case .memory(let audio):
            return MemorySink(audio)
        case .file(let url):
            return try fileSink(path: url.path)
        }
    }

    private static func fileSink(path: String) throws(AudioWriteError) -> any ByteSink {
        var status = stat()
        guard stat(path, &status) == 0 else { return try AtomicFileSink(path: path) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            throw .isFolder(destination: path)
        case S_IFREG:
            guard access(path, W_OK) == 0 else {
                throw .cannotCreate(destination: path, reason: reason(errno))
            }
            return try AtomicFileSink(path: resolved(path))
        default:
            let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw .cannotCreate(destination: path, reason: reason(errno)) }
            return DescriptorSink(descriptor, name: path, closesDescriptor: true)
        }
    }

    /// The file that a symbolic link leads to, so that the link itself survives.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
