// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import Testing

/// A `theater` process that is given sockets as a service manager gives them.
final class PassedProgram: Sendable {
    private let process: pid_t
    private let lines: AsyncStream<String>
    private let said = Mutex("")

    /// Starts it; the sockets are closed here.
    ///
    /// - Parameter before: what the shell does first.
    init(
        _ arguments: [String], in folder: Folder, sockets: [Int32], before: String = ":"
    ) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw RawSocket.Failed() }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // First out of the way of the places where they shall be.
        let high = sockets.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        for (index, descriptor) in high.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
        }
        // What other tests have open at this moment is not the program's; a number that is not open is no error.
        for number in Int32(3 + high.count)..<1024 {
            posix_spawn_file_actions_addclose(&actions, number)
        }
        // The shell knows the number that the process will have.
        let words =
            ["/bin/sh", "-c", "\(before); LISTEN_PID=$$ exec \"$@\"", "sh", try Program.path()]
            + arguments
        let environment = [
            "PATH=/usr/bin:/bin", "LISTEN_FDS=\(sockets.count)", "HOME=\(folder.path("home"))",
        ]
        var pid = pid_t()
        let status = Self.withStrings(words) { words in
            Self.withStrings(environment) { environment in
                posix_spawn(&pid, "/bin/sh", &actions, nil, words, environment)
            }
        }
        for descriptor in high + sockets + [ends[1]] { close(descriptor) }
        guard status == 0 else { throw RawSocket.Failed() }
        process = pid
        let (lines, writer) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        let messages = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        Thread.detachNewThread { [weak self] in
            var line: [UInt8] = []
            while case let data = messages.availableData, !data.isEmpty {
                self?.said.withLock { $0 += String(decoding: data, as: UTF8.self) }
                for byte in data where byte != 0x0A { line.append(byte) }
                if data.last == 0x0A {
                    writer.yield(String(decoding: line, as: UTF8.self))
                    line = []
                }
            }
            writer.finish()
        }
    }

    /// What it said so far.
    var stderr: String { said.withLock { $0 } }

    /// Waits until it says a text.
    func line(containing text: String) async throws {
        for await line in lines where line.contains(text) { return }
        Issue.record("nothing contains '\(text)':\n\(stderr)")
        throw Program.Missing()
    }

    /// Ends it in order.
    func end() async -> Int32 {
        kill(process, SIGTERM)
        return await status()
    }

    /// Waits until it has said everything, and for its end.
    func status() async -> Int32 {
        for await _ in lines {}
        let process = process
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var status: Int32 = 0
                waitpid(process, &status, 0)
                continuation.resume(returning: (status >> 8) & 0xFF)
            }
        }
    }

    private static func withStrings<Result>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
