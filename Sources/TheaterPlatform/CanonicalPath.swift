// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Paths as the system understands them.
public enum CanonicalPath {
    /// The absolute path that a path leads to, with its symbolic links followed.
    ///
    /// What does not exist is kept behind the part that does, with `.` and `..` worked out in the text.
    /// The answer holds for now: whoever opens a file below a folder must check what it opened.
    public static func resolve(_ path: String) -> String {
        var rest: [Substring] = []
        var parts = path.split(separator: "/")
        let start = path.hasPrefix("/") ? "/" : "./"
        while true {
            if let found = real(start + parts.joined(separator: "/")) {
                return append(rest.reversed(), to: found)
            }
            guard let last = parts.popLast() else { return path }
            rest.append(last)
        }
    }

    private static func append(_ parts: [Substring], to path: String) -> String {
        var components = path.split(separator: "/")
        for part in parts where part != "." {
            if part == ".." {
                _ = components.popLast()
            } else {
                components.append(part)
            }
        }
        return "/" + components.joined(separator: "/")
    }

    private static func real(_ path: String) -> String? {
        guard !path.utf8.contains(0), let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
