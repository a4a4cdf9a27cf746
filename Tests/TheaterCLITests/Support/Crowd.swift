// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// Many connections at once, read by one thread.
final class Crowd: Sendable {
    private let descriptors: [Int32]

    /// Connects and says something on each connection.
    init(_ path: String, count: Int, request: (Int) -> String) throws {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #expect(getrlimit(resource, &limit) == 0)
        limit.rlim_cur = limit.rlim_max
        #expect(setrlimit(resource, &limit) == 0)
        descriptors = try (0..<count).map { index in
            let descriptor = try RawSocket.connect(path)
            let bytes = Array(request(index).utf8)
            #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
            return descriptor
        }
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    /// Says more on each connection.
    func say(_ text: String) {
        let bytes = Array(text.utf8)
        for descriptor in descriptors {
            #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        }
    }

    /// Says so many zeros on each connection.
    ///
    /// - Returns: whether they were taken.
    func fill(_ size: Int) async -> Bool {
        let descriptors = descriptors
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let zeros = [UInt8](repeating: 0, count: 1 << 16)
                let isTaken = descriptors.allSatisfy { descriptor in
                    var left = size
                    while left > 0 {
                        let count = send(
                            descriptor, zeros, min(left, zeros.count), Int32(MSG_NOSIGNAL))
                        guard count > 0 else { return false }
                        left -= count
                    }
                    return true
                }
                continuation.resume(returning: isTaken)
            }
        }
    }

    /// Goes away without a word.
    func leave() { for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) } }

    /// Reads on each connection until a text has come.
    ///
    /// - Returns: what came on each.
    func hear(_ text: String) async -> [String] {
        let descriptors = descriptors
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let all = descriptors.map { descriptor in
                    var bytes: [UInt8] = []
                    var chunk = [UInt8](repeating: 0, count: 4096)
                    let wanted = Array(text.utf8)
                    while bytes.firstRange(of: wanted) == nil {
                        let count = read(descriptor, &chunk, chunk.count)
                        guard count > 0 else { break }
                        bytes += chunk[..<count]
                    }
                    return String(decoding: bytes, as: UTF8.self)
                }
                continuation.resume(returning: all)
            }
        }
    }
}

/// A client that says what it says one byte after the other, for as long as it is listened to.
enum Dripping {
    /// Sends a text, and then bytes without an end, each when nothing was heard for a tenth of a second.
    ///
    /// - Returns: what was heard until the other side closed the connection; `nil` when it did not within the time that
    ///   so many bytes take.
    static func drip(_ path: String, _ text: String, bytesMax: Int = 300) async throws -> String? {
        let descriptor = try RawSocket.connect(path)
        let bytes = Array(text.utf8)
        #expect(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var heard: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 4096)
                var sent = 0
                var isOver = false
                while sent < bytesMax, !isOver {
                    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    if poll(&poller, 1, 100) == 1 {
                        let count = read(descriptor, &chunk, chunk.count)
                        isOver = count <= 0
                        if count > 0 { heard += chunk[..<count] }
                    } else {
                        isOver = send(descriptor, "x", 1, Int32(MSG_NOSIGNAL)) != 1
                        sent += 1
                    }
                }
                close(descriptor)
                continuation.resume(
                    returning: isOver ? String(decoding: heard, as: UTF8.self) : nil)
            }
        }
    }
}
