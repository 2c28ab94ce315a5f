import Foundation
import Glibc

/// How many threads compute best.
enum ProcessorCount {
    /// Physical cores that this process may use: two threads of one core share its arithmetic units.
    static var physicalCores: Int {
        let allowed = allowedProcessors()
        var cores: Set<String> = []
        for processor in allowed {
            let folder = "/sys/devices/system/cpu/cpu\(processor)/topology"
            let package = try? String(contentsOfFile: "\(folder)/physical_package_id", encoding: .utf8)
            let core = try? String(contentsOfFile: "\(folder)/core_id", encoding: .utf8)
            cores.insert((package ?? "?") + ":" + (core ?? "cpu\(processor)"))
        }
        let count = cores.isEmpty ? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) : cores.count
        return max(1, min(count, quota() ?? count))
    }

    /// The numbers of the processors that the system lets this process run on.
    private static func allowedProcessors() -> [Int] {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed_list:") })
        else { return [] }
        return line.dropFirst("Cpus_allowed_list:".count).split(separator: ",").flatMap { range -> [Int] in
            let ends = range.split(separator: "-").compactMap { Int($0.filter(\.isNumber)) }
            guard let first = ends.first, let last = ends.last, first <= last, last < 100_000 else { return [] }
            return Array(first...last)
        }
    }

    /// The processor time that a container may use, in processors.
    private static func quota() -> Int? {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) else { return nil }
        let fields = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard fields.count == 2, fields[0] > 0, fields[1] > 0 else { return nil }
        return max(1, Int((fields[0] / fields[1]).rounded()))
    }
}
