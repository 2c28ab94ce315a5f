import Foundation

/// Numbers as people read them.
enum Figures {
    /// Seconds with one or two decimals.
    static func seconds(_ value: Double) -> String { String(format: value < 10 ? "%.2f" : "%.1f", value) }

    /// A ratio with three decimals.
    static func ratio(_ value: Double) -> String { String(format: "%.3f", value) }

    /// Bytes in the largest unit that keeps a digit before the point.
    static func bytes(_ count: Int) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) bytes" : String(format: "%.1f %@", value, units[unit])
    }

    /// A whole number with thousands apart.
    static func grouped(_ count: Int) -> String {
        var digits = String(abs(count))
        var groups: [String] = []
        while digits.count > 3 {
            groups.append(String(digits.suffix(3)))
            digits.removeLast(3)
        }
        groups.append(digits)
        return (count < 0 ? "-" : "") + groups.reversed().joined(separator: " ")
    }

    /// Minutes and seconds for what is left to wait.
    static func wait(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e6 else { return "?" }
        let whole = Int(seconds.rounded(.up))
        return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
    }
}
