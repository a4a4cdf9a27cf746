// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that actor.pact exports. The types are generated from it.
enum Actor: Exports {
    /// Starts a program, gives it its input, and returns: what it says comes later.
    static func initialize(_ argument: Argument) throws(Failure) -> State {
        let pid = try Process.osSpawn(
            ProcessConfig(
                program: "sort", args: ["-n"], cwd: nil, env: [], bufferSize: 0,
                stdoutMode: .lineByLine, stderrMode: .lineByLine, chunkSize: nil,
                executionTimeout: 10))
        _ = try Process.osWriteStdin(pid, data: Array("30\n4\n100\n".utf8))
        try ProcessControl.osCloseStdin(pid)
        return State(lines: 0)
    }

    /// Hears one line of the program's output.
    static func handleStdout(_ state: inout State, pid: UInt64, data: [UInt8]) throws(Failure) {
        state.lines += 1
        Runtime.log("line \(state.lines): \(String(decoding: data, as: UTF8.self))")
    }

    /// Hears one line of the program's complaints.
    static func handleStderr(_ state: inout State, pid: UInt64, data: [UInt8]) throws(Failure) {
        Runtime.log("complaint: \(String(decoding: data, as: UTF8.self))")
    }

    /// Hears that the program is over; all of its output came before. Below zero, a signal ended it.
    static func handleExit(_ state: inout State, pid: UInt64, code: Int32) throws(Failure) {
        Runtime.log("process \(pid) ended with \(code) after \(state.lines) lines")
        try Runtime.shutdown(nil)
    }
}
