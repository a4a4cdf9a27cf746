// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The processes of the system, for tests that look at what is left.
///
/// Reads `/proc` with the system's own calls: Foundation keeps some memory for each file that it finds empty,
/// which is what measurements of memory would show.
public enum SystemProcesses {
    /// The processes other than this one whose command line contains a text.
    public static func withCommandLine(containing text: String) -> [Int32] {
        all.filter { pid in
            guard pid != getpid(), let line = read("/proc/\(pid)/cmdline") else { return false }
            return String(decoding: line, as: UTF8.self).contains(text)
        }
    }

    /// The parent of a process; `nil` when there is none of that number.
    public static func parent(of pid: Int32) -> Int32? {
        fields(of: pid)?.dropFirst().first.flatMap { Int32($0) }
    }

    /// Whether a process is over and not reaped.
    public static func isZombie(_ pid: Int32) -> Bool { fields(of: pid)?.first == "Z" }

    /// The children of a process, those that are not reaped included.
    public static func children(of parent: Int32) -> [Int32] {
        all.filter { self.parent(of: $0) == parent }
    }

    /// The children of this process that are over and not reaped, of programs whose names begin so.
    public static func zombies(of prefix: String) -> Set<Int32> {
        Set(
            children(of: getpid()).filter { pid in
                let name = read("/proc/\(pid)/comm").map { String(decoding: $0, as: UTF8.self) }
                return isZombie(pid) && name?.hasPrefix(prefix) == true
            })
    }

    /// How many KiB of this process are in memory.
    public static var residentKibibytes: Int {
        let text = String(decoding: read("/proc/self/statm") ?? [], as: UTF8.self)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize()) / 1024
    }

    /// How many descriptors this process has open.
    public static var openDescriptors: Int { names(in: "/proc/self/fd").count }

    /// The fields of `stat` that follow the name.
    private static func fields(of pid: Int32) -> [Substring]? {
        guard let bytes = read("/proc/\(pid)/stat") else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: ")").last?
            .split(separator: " ")
    }

    private static var all: [Int32] { names(in: "/proc").compactMap { Int32($0) } }

    private static func names(in path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            names.append(name)
        }
        return names
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Glibc.read(file, &bytes, bytes.count)
            guard count >= 0 else { return nil }
            if count == 0 { return all }
            all += bytes[..<count]
        }
    }
}
