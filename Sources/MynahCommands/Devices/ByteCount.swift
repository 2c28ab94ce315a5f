import ArgumentParser

/// A number of bytes as people write it: `6GiB`, `6G`, `512MiB`, `2GB`, `1000000000`.
struct ByteCount: ExpressibleByArgument, Equatable {
    let bytes: Int

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = argument.dropFirst(digits.count).lowercased()
        let factors: [String: Double] = [
            "": 1, "b": 1, "k": 1024, "kib": 1024, "kb": 1e3, "m": 1_048_576, "mib": 1_048_576, "mb": 1e6,
            "g": 1_073_741_824, "gib": 1_073_741_824, "gb": 1e9,
        ]
        guard let number = Double(digits), let factor = factors[unit], number > 0, number * factor < 1e15 else {
            return nil
        }
        bytes = Int(number * factor)
    }
}
