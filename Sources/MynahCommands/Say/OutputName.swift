import AudioIO
import Foundation

/// Where speech is written when nobody says where.
enum OutputName {
    /// `mynah-<first words>.<format>` in the current folder, with a number where that name is taken.
    static func unused(for text: String, format: AudioFormat) -> String {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
        var name = "mynah"
        for word in words.prefix(6) {
            // The file system's limit counts bytes.
            guard name.utf8.count + word.utf8.count < 60 else { break }
            name += "-" + word
        }
        if name == "mynah" { name += "-speech" }
        var path = "\(name).\(format.fileExtension)"
        var number = 2
        while FileManager.default.fileExists(atPath: path) {
            path = "\(name)-\(number).\(format.fileExtension)"
            number += 1
        }
        return path
    }
}
