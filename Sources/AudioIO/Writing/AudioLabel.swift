import CSndFile

/// What a file of sound says of itself to programs: that a machine spoke, and no more unless it is asked for.
///
/// wav keeps it in a `LIST` chunk, flac, ogg and opus in Vorbis comments, mp3 in an ID3 tag; bare samples have no place.
public struct AudioLabel: Sendable, Equatable {
    /// The comment of every speech: plain words, and the term of the IPTC's list that programs look for.
    public static let comment =
        "AI-generated speech; digital source type: http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    /// The program that made it.
    public static let software = "Mynah"
    /// The longest title in bytes of UTF-8.
    public static let longestTitle = 500

    /// Words of the person's own; nil for none.
    public let title: String?

    /// - Parameter title: Words of the person's own; control characters become blanks.
    /// - Returns: nil where the title is longer than ``longestTitle``.
    public init?(title: String) {
        let plain = String(String.UnicodeScalarView(title.unicodeScalars.map { $0.isControl ? " " : $0 }))
        guard plain.utf8.count <= Self.longestTitle else { return nil }
        self.title = plain.allSatisfy(\.isWhitespace) ? nil : plain
    }

    /// Only that a machine spoke.
    public init() { title = nil }

    /// The strings by libsndfile's numbers.
    var strings: [(kind: Int, text: String)] {
        [(SF_STR_COMMENT, Self.comment), (SF_STR_SOFTWARE, Self.software)]
            + (title.map { [(SF_STR_TITLE, $0)] } ?? [])
    }

    /// The entries of a RIFF file's `INFO` list.
    var entries: [(name: String, text: String)] {
        [("ICMT", Self.comment), ("ISFT", Self.software)] + (title.map { [("INAM", $0)] } ?? [])
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { properties.generalCategory == .control }
}
