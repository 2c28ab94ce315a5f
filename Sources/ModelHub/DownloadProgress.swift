/// How far a download is.
public struct DownloadProgress: Sendable, Equatable {
    /// The file that is being fetched or checked.
    public let file: String
    /// Bytes that are there, of all files.
    public let bytesDone: Int
    public let bytesTotal: Int
}
