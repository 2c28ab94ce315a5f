import Foundation

extension String {
    /// A client's word without what could harm who reads it.
    ///
    /// - Parameter limit: Characters that are shown at most; 200 scalars are the most in any case.
    func shown(limit: Int = .max) -> String {
        let plain = String(prefix(limit)).unicodeScalars.filter {
            !CharacterSet.controlCharacters.contains($0) && $0 != "/" && $0 != "\\"
        }
        return String(String.UnicodeScalarView(plain.prefix(200)))
    }
}
