// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A child process with its output on a pipe, and perhaps its input.
struct Child {
    /// Which of the child's outputs is read; the other goes to the null device or stays ours.
    enum Output: Int32 {
        case standardOutput = 1
        case standardError = 2
    }

    let process: pid_t
    private let pipe: Int32
    /// Where its input is written; `nil` when it has none.
    private let questions: Int32?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: the program's path first.
    ///   - output: what is read from it.
    ///   - isQuiet: whether its other output is thrown away.
    ///   - isAsked: whether its input comes from ``ask(_:)``; otherwise it is empty.
    init(
        _ arguments: [String], reading output: Output, isQuiet: Bool = true, isAsked: Bool = false
    ) throws {
        let ends = try Self.pipe()
        let input = isAsked ? try Self.pipe() : nil
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], output.rawValue)
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if isQuiet {
            posix_spawn_file_actions_addopen(
                &actions, 3 - output.rawValue, "/dev/null", O_WRONLY, 0)
        }
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let problem = posix_spawn(&process, arguments[0], &actions, nil, &pointers, environ)
        close(ends[1])
        if let input { close(input[0]) }
        guard problem == 0 else {
            close(ends[0])
            if let input { close(input[1]) }
            throw BenchError("'\(arguments[0])' does not start: errno \(problem)")
        }
        self.process = process
        pipe = ends[0]
        questions = input?[1]
    }

    private static func pipe() throws -> [Int32] {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw BenchError("no pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    /// Writes to its input. A child that no longer reads is noticed by the answer that does not come.
    func ask(_ text: String) {
        var rest = Array(text.utf8)[...]
        while let questions, !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(questions, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads up to the first newline or the end.
    func firstLine() -> String { read { $0.contains(UInt8(ascii: "\n")) } }

    /// Reads up to the end.
    func allOutput() -> String { read { _ in false } }

    private func read(until isEnough: ([UInt8]) -> Bool) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while !isEnough(bytes), bytes.count < 64 << 20 {
            let count = Glibc.read(pipe, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Asks the process to end.
    func terminate() { kill(process, SIGTERM) }

    /// Waits for the end; the exit status, or 128 and the signal's number.
    @discardableResult
    func wait() -> Int32 {
        close(pipe)
        if let questions { close(questions) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR { continue }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// Runs a program in a folder to its end.
    ///
    /// - Throws: its standard error, when it fails.
    static func run(_ arguments: [String], in folder: String) throws {
        let shell = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder]
        let child = try Child(shell + arguments, reading: .standardError)
        let text = child.allOutput()
        let status = child.wait()
        guard status == 0 else {
            throw BenchError("'\(arguments.joined(separator: " "))' ended with \(status): \(text)")
        }
    }
}
