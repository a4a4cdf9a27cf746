// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The environment that the process was started with.
public enum SystemEnvironment {
    /// How many bytes of it are looked at; the system allows less.
    public static let sizeMax = 8 << 20

    /// The variables by their names. Those that are no UTF-8 are left out; of two with one name the first
    /// counts.
    public static func variables() -> [String: String] {
        let descriptor = open("/proc/self/environ", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [:] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < sizeMax {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return parse(bytes)
    }

    /// Reads `NAME=value` entries, each ended by a zero byte.
    static func parse(_ bytes: [UInt8]) -> [String: String] {
        var variables: [String: String] = [:]
        for entry in bytes.split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")), equals > entry.startIndex,
                let name = String(validating: entry[..<equals], as: UTF8.self),
                let value = String(validating: entry[(equals + 1)...], as: UTF8.self),
                variables[name] == nil
            else { continue }
            variables[name] = value
        }
        return variables
    }
}
