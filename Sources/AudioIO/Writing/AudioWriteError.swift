/// Why sound could not be written. `destination` is the file's path, or a name such as "standard output".
public enum AudioWriteError: Error, Equatable, Sendable {
    case unknownFormat(name: String, available: [AudioFormat])
    case badRate(rateHz: Int, format: AudioFormat)
    case isFolder(destination: String)
    case noFolder(destination: String)
    case cannotCreate(destination: String, reason: String)
    case diskFull(destination: String, bytesWritten: Int)
    case readerGone(destination: String, bytesWritten: Int)
    case writeFailed(destination: String, reason: String, bytesWritten: Int)
    case notFinite(destination: String, atSample: Int)
    case encoder(destination: String, format: AudioFormat, reason: String)
    case resampling(destination: String, fault: ResampleError)
    case closed(destination: String)
}

extension AudioWriteError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownFormat(let name, let available):
            let names = available.map(\.rawValue).joined(separator: ", ")
            return "The audio format \"\(name)\" cannot be encoded on this machine: choose one of \(names)."
        case .badRate(let rateHz, let format):
            return "\(format.rawValue) cannot hold sound of \(rateHz) Hz: choose wav."
        case .isFolder(let destination):
            return "\(destination) is a folder: name a file in it."
        case .noFolder(let destination):
            return "\(destination) cannot be created because its folder does not exist: make the folder first."
        case .cannotCreate(let destination, let reason):
            return "\(destination) cannot be created (\(reason)): choose a place that you may write to."
        case .diskFull(let destination, let bytesWritten):
            return "The disk is full after \(bytesWritten) bytes of \(destination): free some space and try again."
        case .readerGone(let destination, let bytesWritten):
            return "Whoever read \(destination) went away after \(bytesWritten) bytes: start the reader again."
        case .writeFailed(let destination, let reason, let bytesWritten):
            return "Writing \(destination) failed after \(bytesWritten) bytes (\(reason)): try another place."
        case .notFinite(let destination, let atSample):
            return
                "Sample \(atSample) for \(destination) is not a number: the model computed nonsense, "
                + "try --precision f32 and verify the checkpoint."
        case .encoder(let destination, let format, let reason):
            return "Encoding \(format.rawValue) for \(destination) failed (\(reason)): choose wav."
        case .resampling(let destination, let fault):
            return "Sound for \(destination) cannot be brought to the format's rate: \(fault.clause)."
        case .closed(let destination):
            return "\(destination) is already closed: open a new writer for more sound."
        }
    }
}
