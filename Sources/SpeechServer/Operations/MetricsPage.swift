/// A histogram with fixed bounds.
struct Histogram: Sendable {
    let bounds: [Double]
    private(set) var counts: [Int]
    private(set) var sum = 0.0
    private(set) var count = 0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count)
    }

    mutating func add(_ value: Double) {
        if let index = bounds.firstIndex(where: { value <= $0 }) { counts[index] += 1 }
        sum += value
        count += 1
    }
}

/// Writes the text format of Prometheus.
struct MetricsPage {
    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    mutating func counter(_ name: String, _ help: String, _ values: [(Labels, Double)]) {
        head(name, help, "counter")
        for line in values.map({ "\(name)\(Self.braces($0.0)) \(Self.number($0.1))\n" }).sorted() { text += line }
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        head(name, help, "gauge")
        text += "\(name) \(Self.number(value))\n"
    }

    mutating func histogram(_ name: String, _ help: String, _ values: Histogram) {
        head(name, help, "histogram")
        var below = 0
        for (bound, count) in zip(values.bounds, values.counts) {
            below += count
            text += "\(name)_bucket{le=\"\(Self.number(bound))\"} \(below)\n"
        }
        text += "\(name)_bucket{le=\"+Inf\"} \(values.count)\n"
        text += "\(name)_sum \(Self.number(values.sum))\n\(name)_count \(values.count)\n"
    }

    private mutating func head(_ name: String, _ help: String, _ type: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func braces(_ labels: Labels) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            let value = label.value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
                "\n", with: " ")
            return "\(label.name)=\"\(value)\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }
}
