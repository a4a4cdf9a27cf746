// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// Who is whose child, as `/proc` has it at one time.
struct ProcessTable {
    private var children: [pid_t: [pid_t]] = [:]

    /// Reads the table. Processes that come and go meanwhile may be missing.
    static func read() -> ProcessTable {
        var table = ProcessTable()
        guard let folder = opendir("/proc") else { return table }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = pid_t(name), let parent = parent(of: pid) else { continue }
            table.children[parent, default: []].append(pid)
        }
        return table
    }

    /// The parent of a process; `nil` when there is none of that number.
    static func parent(of pid: pid_t) -> pid_t? {
        let file = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = Glibc.read(file, &bytes, 512)
        guard count > 0 else { return nil }
        // `number (name) state parent …`, where the name may have blanks and brackets.
        guard let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)..<count].split(separator: UInt8(ascii: " "), maxSplits: 2)
        return fields.count > 1 ? pid_t(String(decoding: fields[1], as: UTF8.self)) : nil
    }

    func children(of pid: pid_t) -> [pid_t] { children[pid] ?? [] }

    /// Ends all that descends from a process, which must be the caller.
    ///
    /// Children of its own cannot be mistaken, as only it can reap them. Of others the kernel is asked for
    /// a handle first, and then whether the number still belongs below the caller.
    func killDescendants(of caller: pid_t) {
        var known: Set<pid_t> = [caller]
        var level = children(of: caller)
        for child in level { kill(child, SIGKILL) }
        while !level.isEmpty {
            known.formUnion(level)
            level = level.flatMap { children(of: $0) }
            for pid in level {
                let handle = Kernel.perform(.processDescriptor, Int(pid), 0)
                guard handle >= 0 else { continue }
                if let parent = Self.parent(of: pid), known.contains(parent) {
                    Kernel.perform(.signalProcess, handle, Int(SIGKILL), 0, 0)
                }
                close(Int32(handle))
            }
        }
    }
}
