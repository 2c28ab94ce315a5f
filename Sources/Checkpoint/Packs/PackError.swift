public import Foundation

/// A file of packed weights cannot be used; the weights are packed anew then.
public struct PackError: CheckpointProblem, Equatable {
    /// What is wrong.
    public enum Fault: Sendable, Equatable {
        /// Not a file of packed weights, or damaged: what exactly.
        case damaged(String)
        /// Made from other weights, or by another version of the program: what differs.
        case stale(String)
    }

    public let file: URL
    public let fault: Fault

    public var description: String {
        switch fault {
        case .damaged(let what): "the packed weights in \(place) are damaged (\(what)); remove the file"
        case .stale(let what):
            "the packed weights in \(place) are out of date (\(what)); they are made anew when needed"
        }
    }
}
