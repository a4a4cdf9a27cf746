// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A listening socket that a service manager opened for this process.
public struct PassedSocket: Sendable, Hashable {
    /// Where it listens.
    public enum Place: Sendable, Hashable {
        /// At a path; `isPrivate` is whether only its owner may connect.
        case path(String, isPrivate: Bool)
        /// At a port of this machine alone.
        case loopback(port: Int)
        /// Elsewhere, or it does not listen; with what it is.
        case other(String)
    }

    /// The descriptor, which this process owns.
    public let descriptor: Int32
    /// Where it listens.
    public let place: Place

    /// The most that are taken.
    public static let countMax = 16
    /// Where they begin, as service managers have it.
    private static let first: Int32 = 3

    /// Looks at the sockets that were passed; programs that this process starts do not get them.
    ///
    /// - Parameters:
    ///   - count: what `LISTEN_FDS` says.
    ///   - process: what `LISTEN_PID` says: whom they are for.
    /// - Returns: none when they are for another process.
    public static func all(count: String?, process: String?) -> [PassedSocket] {
        guard let process = process.flatMap({ Int32($0) }), process == ThisProcess.number,
            let count = count.flatMap({ Int($0) }), (1...countMax).contains(count)
        else { return [] }
        return (0..<count).map { index in
            let descriptor = first + Int32(index)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            return PassedSocket(descriptor: descriptor, place: place(of: descriptor))
        }
    }

    private static func place(of descriptor: Int32) -> Place {
        guard option(SO_ACCEPTCONN, of: descriptor) == 1,
            option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue)
        else { return .other("is no stream socket that listens") }
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isKnown else { return .other("has no address") }
        switch Int32(storage.ss_family) {
        case AF_UNIX: return local(storage)
        case AF_INET:
            let address = withUnsafeBytes(of: storage) { $0.load(as: sockaddr_in.self) }
            let port = Int(UInt16(bigEndian: address.sin_port))
            guard UInt32(bigEndian: address.sin_addr.s_addr) >> 24 == 127 else {
                return .other("listens at port \(port) for other machines")
            }
            return .loopback(port: port)
        default: return .other("is neither a Unix socket nor one of IPv4")
        }
    }

    private static func local(_ storage: sockaddr_storage) -> Place {
        let address = withUnsafeBytes(of: storage) { $0.load(as: sockaddr_un.self) }
        let name = withUnsafeBytes(of: address.sun_path) { Array($0.prefix { $0 != 0 }) }
        guard let path = String(validating: name, as: UTF8.self), !path.isEmpty else {
            return .other("has no path")
        }
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFSOCK else {
            return .other("listens at '\(path)', where it is no more")
        }
        // To connect takes the right to write.
        return .path(path, isPrivate: facts.st_mode & (S_IWGRP | S_IWOTH) == 0)
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
}
