// SPDX-License-Identifier: Apache-2.0

import CPeer
import Foundation
import Glibc

/// Facts about the machine that figures depend on.
struct Machine: Codable, Sendable {
    var processor: String
    var cores: Int
    var load: [Double]
    var kernel: String
    var memoryGiB: Int
    var mappingsMax: Int

    /// Asks the system.
    static func now() -> Machine {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        var load = [0.0, 0.0, 0.0]
        getloadavg(&load, 3)
        let model = field("model name", of: "/proc/cpuinfo") ?? "unknown"
        let memory = field("MemTotal", of: "/proc/meminfo")?.prefix { $0.isNumber } ?? "0"
        return Machine(
            processor: model, cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)), load: load,
            kernel: release, memoryGiB: ((Int(memory) ?? 0) + (1 << 19)) >> 20,
            mappingsMax: Int(number("/proc/sys/vm/max_map_count") ?? 0))
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func number(_ path: String) -> Int? {
        text(path).flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// The value of the first line that begins with a key.
    private static func field(_ key: String, of path: String) -> String? {
        let line = text(path)?.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(separator: ":", maxSplits: 1).last.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }

    /// The resident memory of a process in KiB, of this one unless told.
    static func residentKibibytes(of process: String = "self") throws -> Double {
        guard let value = field("VmRSS", of: "/proc/\(process)/status"),
            let number = Double(value.prefix { $0.isNumber })
        else { throw BenchError("/proc/\(process)/status has no VmRSS") }
        return number
    }

    /// How resident memory changed from the first measured round to the last, for people.
    static func growth(_ kibibytes: [Double]) -> String {
        guard let first = kibibytes.first, let last = kibibytes.last else { return "unknown" }
        let change = last - first
        return
            "\(Unit.mebibytes(last)), \(change < 0 ? "-" : "+")\(Unit.mebibytes(abs(change))) since "
            + "the first round"
    }

    /// Keeps this process, and every thread it starts from now on, on its first cores.
    static func use(cores: Int) {
        peer_use_cores(Int32(cores))
    }
}

/// Nanoseconds on a clock that never goes backwards.
func clockNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Nanoseconds of processor time that this process has used.
func processorNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// How many nanoseconds something takes.
func nanoseconds(of body: () async throws -> Void) async rethrows -> Double {
    let start = clockNanoseconds()
    try await body()
    return Double(clockNanoseconds() - start)
}
