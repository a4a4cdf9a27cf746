// SPDX-License-Identifier: Apache-2.0

import CPeer
import Glibc

/// Another language's side: one long-lived virtual machine that runs a round of a workload when it is told to.
///
/// It says `ready` and what it is. Each line that it is asked names a workload and its numbers; the answer is one line, the
/// nanoseconds of that round first, or `error` and why.
class VirtualPeer {
    /// What the virtual machine says of itself, such as `OTP 25 jit`.
    let version: String
    private let child: Child

    /// Starts it.
    init(_ arguments: [String]) throws {
        // A machine that has died is an answer that does not come, not the end of this process.
        signal(SIGPIPE, SIG_IGN)
        child = try Child(arguments, reading: .standardOutput, isQuiet: false, isAsked: true)
        let greeting = child.firstLine().split(separator: " ").map { $0.filter { $0 != "\n" } }
        guard greeting.first == "ready" else {
            child.terminate()
            throw BenchError("\(arguments) ended with \(child.wait()) instead of starting")
        }
        version = greeting.dropFirst().joined(separator: " ")
    }

    /// Ends with its input.
    deinit { child.wait() }

    /// Runs one round.
    ///
    /// - Returns: what it measured, nanoseconds first.
    func run(_ workload: String, _ numbers: Int...) throws -> [Double] {
        child.ask(([workload] + numbers.map(String.init)).joined(separator: " ") + "\n")
        let answer = child.firstLine()
        let measured = answer.split { $0 == " " || $0 == "\n" }.compactMap { Double($0) }
        guard !measured.isEmpty else {
            throw BenchError("\(version) did not run \(workload): \(answer)")
        }
        return measured
    }

    /// Nanoseconds of processor time that the virtual machine has used.
    var processor: Int64 { peer_processor_of(child.process) }

    /// The resident memory of the virtual machine in KiB.
    func residentKibibytes() throws -> Double {
        try Machine.residentKibibytes(of: "\(child.process)")
    }
}

/// The Erlang side, on two schedulers, as many as the rows' systems have threads.
///
/// Its programs are in `Sources/ErlangPeer`; `run.sh` compiles them.
final class ErlangPeer: VirtualPeer {
    /// The Erlang side of a run; `nil` when it has none.
    static func start(_ setting: Setting) throws -> ErlangPeer? {
        try setting.erlang.map { folder in
            try ErlangPeer([
                "/usr/bin/env", "erl", "-noshell", "+S", "2:2", "-pa", folder, "-s",
                "bench_commands", "main",
            ])
        }
    }
}

/// The side of Node, whose program is in `Sources/NodePeer`.
final class NodePeer: VirtualPeer {
    /// Node's side of a run; `nil` when it has none.
    static func start(_ setting: Setting) throws -> NodePeer? {
        try setting.node.map { try NodePeer(["/usr/bin/env", "node", $0]) }
    }
}
