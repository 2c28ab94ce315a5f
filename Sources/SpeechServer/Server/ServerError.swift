/// Why the server cannot run.
public enum ServerError: Error, Equatable, CustomStringConvertible {
    /// Another program has the address.
    case addressTaken(host: String, port: Int)
    /// The address is none of this machine's, or may not be used.
    case addressRefused(host: String, port: Int, reason: String)
    /// A part of the program's installation is not there.
    case missingResource(String, searched: [String] = [])

    public var description: String {
        switch self {
        case .addressTaken(let host, let port):
            "port \(port) of \(host) is taken by another program; stop that one, or choose another port with --port"
        case .addressRefused(let host, let port, let reason):
            "the server cannot listen on port \(port) of \(host) (\(reason)); choose another with --host and --port"
        case .missingResource(let name, let searched):
            "the program's file \(name) is missing\(searched.isEmpty ? "" : " from ")\(searched.joined(separator: ", ")); "
                + "build or install it again"
        }
    }
}
