/// The kinds of file that are handed to the decoder, told by their first bytes, never by their name.
enum AudioContainer: String, CaseIterable {
    case wav, flac, ogg, mp3

    /// How many bytes `init(firstBytes:)` looks at.
    static let signatureLength = 12

    init?(firstBytes bytes: [UInt8]) {
        func has(_ text: String, at offset: Int = 0) -> Bool {
            bytes.count >= offset + text.utf8.count
                && zip(bytes[offset...], text.utf8).allSatisfy { $0 == $1 }
        }
        if ["RIFF", "RIFX", "RF64"].contains(where: { has($0) }) && has("WAVE", at: 8) {
            self = .wav
        } else if has("riff") && bytes.count >= 8 && bytes[4] == 0x2E {
            self = .wav  // Sony Wave64 starts with a GUID.
        } else if has("fLaC") {
            self = .flac
        } else if has("OggS") {
            self = .ogg
        } else if has("ID3") || (bytes.count >= 3 && bytes[0] == 0xFF && bytes[1] & 0xE0 == 0xE0) {
            self = .mp3
        } else {
            return nil
        }
    }
}
