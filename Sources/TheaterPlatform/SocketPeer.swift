// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Who is at the other end of a Unix socket, as the kernel gives it.
public struct SocketPeer: Sendable, Hashable {
    /// The number of the option that a socket gives it for.
    public static let option = Int32(SO_PEERCRED)

    /// The number of its process.
    public var process: Int32
    /// Its user.
    public var user: UInt32
    /// Its group.
    public var group: UInt32

    /// Whether it is a process of this process's user, or of the administrator, who may do everything anyway.
    public var isTrusted: Bool { user == geteuid() || user == 0 }
}

/// How many descriptors this process may have.
public enum DescriptorLimit {
    /// Raises it as far as the system lets a process.
    ///
    /// - Returns: the limit after that.
    @discardableResult
    public static func raise() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            var wanted = limit
            wanted.rlim_cur = limit.rlim_max
            if setrlimit(resource, &wanted) == 0 { limit = wanted }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
