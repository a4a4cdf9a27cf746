// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Datagrams over a connected pair of sockets, with descriptors beside their bytes.
public enum Datagram {
    /// What came of a receipt.
    public enum Received: Sendable {
        /// A datagram with its descriptors, which close at the next `exec`.
        case message([UInt8], [Int32])
        /// The other side is gone.
        case end
        /// Nothing is there yet.
        case empty
        /// The kernel refused, with this `errno`.
        case failed(Int32)
    }

    /// The most descriptors of one datagram.
    public static let descriptorsMax = 8

    /// A pair of connected sockets that close at `exec`; `nil` with `errno` when there is none.
    public static func pair() -> (Int32, Int32)? {
        var sockets: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &sockets) == 0 else { return nil }
        return (sockets[0], sockets[1])
    }

    private static let wordSize = MemoryLayout<Int>.size
    private static var headerSize: Int {
        (MemoryLayout<cmsghdr>.size + wordSize - 1) / wordSize * wordSize
    }
    private static func space(_ count: Int) -> Int {
        headerSize + (count * MemoryLayout<Int32>.size + wordSize - 1) / wordSize * wordSize
    }

    /// Sends a datagram without waiting. Never raises SIGPIPE.
    ///
    /// - Returns: 0, or the `errno`.
    public static func send(
        _ bytes: [UInt8], _ descriptors: [Int32] = [], on socket: Int32
    ) -> Int32 {
        precondition(descriptors.count <= descriptorsMax, "more descriptors than a datagram takes")
        var bytes = bytes
        // Words, so that the header is aligned.
        var control = [Int](repeating: 0, count: space(descriptors.count) / wordSize)
        return bytes.withUnsafeMutableBytes { data in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: data.baseAddress, iov_len: data.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    if let start = control.baseAddress, !descriptors.isEmpty {
                        let header = start.bindMemory(to: cmsghdr.self, capacity: 1)
                        header.pointee.cmsg_len =
                            headerSize + descriptors.count * MemoryLayout<Int32>.size
                        header.pointee.cmsg_level = SOL_SOCKET
                        header.pointee.cmsg_type = Int32(SCM_RIGHTS)
                        for (index, descriptor) in descriptors.enumerated() {
                            (start + headerSize).storeBytes(
                                of: descriptor, toByteOffset: index * 4, as: Int32.self)
                        }
                        message.msg_control = start
                        message.msg_controllen = control.count
                    }
                    while true {
                        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
                        if sendmsg(socket, &message, flags) >= 0 { return 0 }
                        if errno != EINTR { return errno }
                    }
                }
            }
        }
    }

    /// Receives a datagram.
    ///
    /// - Parameters:
    ///   - sizeMax: a longer datagram is a failure, `EMSGSIZE`.
    ///   - waits: whether to wait for one.
    public static func receive(on socket: Int32, sizeMax: Int, waits: Bool) -> Received {
        var control = [Int](repeating: 0, count: space(descriptorsMax) / wordSize)
        var message = msghdr()
        var count = 0
        // Room for a large datagram costs nothing until one comes.
        let bytes = [UInt8](unsafeUninitializedCapacity: sizeMax) { data, size in
            count = control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: data.baseAddress, iov_len: data.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    let flags =
                        Int32(MSG_CMSG_CLOEXEC)
                        | (waits ? 0 : Int32(MSG_DONTWAIT))
                    var resets = 0
                    while true {
                        let count = recvmsg(socket, &message, flags)
                        if count >= 0 { return count }
                        // Said once when the other side left something unread. What it sent before it
                        // went comes after that.
                        if errno == ECONNRESET, resets == 0 {
                            resets = 1
                        } else if errno != EINTR {
                            return count
                        }
                    }
                }
            }
            size = max(count, 0)
        }
        let error = errno
        if count < 0 {
            switch error {
            case EAGAIN: return .empty
            case ECONNRESET: return .end
            default: return .failed(error)
            }
        }
        let descriptors = control.withUnsafeBytes { control in
            read(control.prefix(message.msg_controllen))
        }
        if message.msg_flags & Int32(MSG_TRUNC | MSG_CTRUNC) != 0 {
            for descriptor in descriptors { close(descriptor) }
            return .failed(EMSGSIZE)
        }
        return count == 0 ? .end : .message(bytes, descriptors)
    }

    private static func read(_ control: Slice<UnsafeRawBufferPointer>) -> [Int32] {
        let control = UnsafeRawBufferPointer(rebasing: control)
        guard control.count >= headerSize else { return [] }
        let header = control.load(as: cmsghdr.self)
        guard header.cmsg_level == SOL_SOCKET, header.cmsg_type == Int32(SCM_RIGHTS)
        else { return [] }
        let size = min(Int(header.cmsg_len), control.count) - headerSize
        return (0..<max(size, 0) / 4).map {
            control.load(fromByteOffset: headerSize + $0 * 4, as: Int32.self)
        }
    }
}
