// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Where secrets lie on this system: environment variables and small files.
public enum SystemSecrets {
    /// The longest secret in a file, in bytes.
    public static let sizeMax = 64 << 10

    /// The value of an environment variable; `nil` when there is none.
    public static func environment(_ name: String) -> String? {
        guard !name.utf8.contains(0), let value = getenv(name) else { return nil }
        return String(cString: value)
    }

    /// The bytes of a file; `nil` when it cannot be read, is no file, or is longer than `sizeMax`.
    public static func file(_ path: String) -> [UInt8]? {
        guard !path.utf8.contains(0) else { return nil }
        // Opening a pipe that nobody writes to would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= sizeMax {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        return nil
    }
}
