/// Tells text that can be said from text that cannot.
public enum SpeakableText {
    /// Whether there is a letter or a digit of any script.
    public static func isSpeakable(_ text: some StringProtocol) -> Bool {
        text.unicodeScalars.contains { scalar in
            scalar.properties.isAlphabetic || scalar.properties.numericType != nil && !scalar.properties.isEmoji
                || (0x30...0x39).contains(scalar.value)
        }
    }
}
