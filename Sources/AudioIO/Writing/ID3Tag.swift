/// An ID3 tag, version 2.4, in UTF-8, as it stands in front of mp3.
///
/// libsndfile's own hides the true length of a file behind it from readers.
struct ID3Tag {
    let label: AudioLabel

    var bytes: [UInt8] {
        var frames = Self.frame("COMM", Array("eng\0".utf8) + Array(AudioLabel.comment.utf8))
        frames += Self.frame("TSSE", Array(AudioLabel.software.utf8))
        if let title = label.title { frames += Self.frame("TIT2", Array(title.utf8)) }
        return Array("ID3".utf8) + [4, 0, 0] + Self.size(frames.count) + frames
    }

    private static func frame(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let utf8: UInt8 = 3
        return Array(name.utf8) + size(content.count + 1) + [0, 0, utf8] + content
    }

    /// A size in four bytes of seven bits, which no player takes for the start of a frame of sound.
    private static func size(_ count: Int) -> [UInt8] {
        [21, 14, 7, 0].map { UInt8(truncatingIfNeeded: count >> $0 & 0x7F) }
    }
}
