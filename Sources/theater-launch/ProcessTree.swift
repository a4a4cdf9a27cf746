// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// Who is whose child, as `/proc` has it.
enum ProcessTree {
    /// The children of a process, those that are over and not reaped included. Some that come and go
    /// meanwhile may be missing.
    static func children(of parent: pid_t) -> [pid_t] {
        let tasks = names(in: "/proc/\(parent)/task")
        var children: [pid_t] = []
        for task in tasks {
            // Each thread has its own.
            guard let text = read("/proc/\(parent)/task/\(task)/children") else {
                // A kernel without these lists says so for every thread of a process that is there.
                return self.parent(of: parent) == nil ? [] : childrenByScan(of: parent)
            }
            children += text.split(separator: UInt8(ascii: " ")).compactMap { number($0) }
        }
        return children
    }

    /// The same by reading of every process of the system whose child it is.
    private static func childrenByScan(of parent: pid_t) -> [pid_t] {
        names(in: "/proc").compactMap { pid_t($0) }.filter { self.parent(of: $0) == parent }
    }

    /// The parent of a process; `nil` when there is none of that number.
    static func parent(of pid: pid_t) -> pid_t? {
        guard let bytes = read("/proc/\(pid)/stat") else { return nil }
        // `number (name) state parent …`, where the name may have blanks and brackets.
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 2)
        return fields.count > 1 ? number(fields[1]) : nil
    }

    /// Ends what descends from a process, which must be the caller: its children, and deeply also theirs.
    ///
    /// Children of its own cannot be mistaken, as only it can reap them. Of others the kernel is asked for
    /// a handle first, and then whether the number still belongs below the caller.
    static func killDescendants(of caller: pid_t, deeply: Bool) {
        var level = children(of: caller)
        for child in level { kill(child, SIGKILL) }
        var known: Set<pid_t> = [caller]
        while deeply, !level.isEmpty {
            known.formUnion(level)
            level = level.flatMap { children(of: $0) }.filter { !known.contains($0) }
            for pid in level {
                let handle = Kernel.perform(.processDescriptor, Int(pid), 0)
                guard handle >= 0 else { continue }
                if let parent = parent(of: pid), known.contains(parent) {
                    Kernel.perform(.signalProcess, handle, Int(SIGKILL), 0, 0)
                }
                close(Int32(handle))
            }
        }
    }

    // MARK: Reading /proc

    private static func number(_ digits: some Collection<UInt8>) -> pid_t? {
        pid_t(String(decoding: digits, as: UTF8.self))
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.utf8.first != UInt8(ascii: ".") { names.append(name) }
        }
        return names
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &bytes, bytes.count)
            guard count >= 0 else { return nil }
            if count == 0 { return all }
            all += bytes[..<count]
        }
    }
}
