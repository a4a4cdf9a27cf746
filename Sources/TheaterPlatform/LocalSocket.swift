// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Unix sockets by their paths.
public enum LocalSocket {
    /// The longest path of a socket, in bytes.
    public static let pathSizeMax = 107

    /// What is at a path.
    public enum State: Sendable, Hashable {
        /// Nothing.
        case free
        /// A socket at which nobody listens.
        case left
        /// A socket at which somebody listens.
        case inUse
        /// Something else.
        case occupied
    }

    /// Looks at a path.
    public static func state(of path: String) -> State {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return .free }
        guard facts.st_mode & S_IFMT == S_IFSOCK else { return .occupied }
        let isAnswered = withSocket(SOCK_STREAM, path) { descriptor, address, size in
            connect(descriptor, address, size) == 0
        }
        return isAnswered == true ? .inUse : .left
    }

    /// Removes a socket.
    public static func remove(_ path: String) { unlink(path) }

    /// Lets only the owner of a socket connect to it.
    ///
    /// - Returns: whether the system did.
    public static func keepPrivate(_ path: String) -> Bool { chmod(path, 0o600) == 0 }

    /// Lets only the owner of files see those that this process makes from here on.
    public static func keepFilesPrivate() { umask(0o077) }

    /// Sends one datagram.
    ///
    /// - Parameter path: a path, or `@` and a name without one.
    /// - Returns: whether it was taken.
    @discardableResult
    public static func send(_ text: String, to path: String) -> Bool {
        withSocket(SOCK_DGRAM, path) { descriptor, address, size in
            let bytes = Array(text.utf8)
            return sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, size)
                == bytes.count
        } ?? false
    }

    private static func withSocket<Result>(
        _ type: __socket_type, _ path: String,
        _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        let name = Array(path.utf8)
        guard !name.isEmpty, name.count <= pathSizeMax else { return nil }
        let descriptor = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        if name[0] == UInt8(ascii: "@") {
            // A name without a file begins with a zero byte and ends with the address.
            withUnsafeMutableBytes(of: &address.sun_path) { $0[0] = 0 }
            size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(descriptor, $0, size) }
        }
    }
}

/// What the process is and has.
public enum ThisProcess {
    /// Its number.
    public static var number: Int32 { getpid() }

    /// Whether it can open something.
    public static var hasDescriptors: Bool {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
