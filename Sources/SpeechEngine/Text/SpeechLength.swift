/// A guess at how long a text takes to say, from its characters: for progress, and for cutting long texts.
public enum SpeechLength {
    /// Seconds of speech.
    public static func seconds(of text: some StringProtocol) -> Double {
        text.unicodeScalars.reduce(0) { $0 + seconds(of: $1) }
    }

    private static func seconds(of scalar: Unicode.Scalar) -> Double {
        switch scalar.value {
        case 0x30...0x39: 0.3
        case 0x2E80...0x9FFF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0x20000...0x3FFFF: 0.22
        default: 0.068
        }
    }
}
