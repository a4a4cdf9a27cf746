// SPDX-License-Identifier: Apache-2.0

import CPeer
import TheaterLaunch
import TheaterProcess

/// Programs of the operating system, as the handler `process` starts and reads them, beside C programs that
/// do no more than that.
enum ProcessRows {
    static let rows = [
        Row(name: "Process.true", place: .here) { [try await short($0)] },
        Row(name: "Process.cat", place: .here) { [try await cat($0)] },
    ]

    /// The launcher beside the command line tool.
    private static func host(_ setting: Setting) throws -> ProcessHost {
        guard let theater = setting.theater, let slash = theater.lastIndex(of: "/") else {
            throw BenchError("theater is not built, and so its launcher is not there")
        }
        return ProcessHost(launcher: theater[...slash] + "theater-launch")
    }

    private static func peer(_ spent: Int64) throws -> Double {
        guard spent >= 0 else { throw BenchError(String(cString: peer_problem())) }
        return Double(spent)
    }

    /// From the order to start it until nothing is left of a program that does nothing.
    private static func short(_ setting: Setting) async throws -> Figure {
        let host = try host(setting)
        let count = setting.times(200)
        let figure = try await setting.rounds.measure(
            Figure(
                name: "Process.true", what: "`true` started, ended, and nothing of it left",
                unit: .nanoseconds, peerName: "C: posix_spawn + waitpid", target: .ratio(1.3)),
            times: count
        ) {
            try peer(peer_programs("/bin/true", UInt64(count))) / Double(count)
        } ours: {
            let spent = try await nanoseconds(of: {
                for _ in 0..<count {
                    var order = ProgramOrder(try ProgramFile.open("/bin/true"))
                    (order.wantsOutput, order.wantsError) = (false, false)
                    let program = try await host.start(order)
                    while let report = await program.nextReport(), report != .gone {}
                }
            })
            return spent / Double(count)
        }
        await host.close()
        return figure
    }

    private static func cat(_ setting: Setting) async throws -> Figure {
        let host = try host(setting)
        let size = setting.times(256) << 20
        let figure = try await setting.rounds.measure(
            Figure(
                name: "Process.cat", what: "zeros through `cat`, read 64 KiB at a time",
                unit: .gigabytesPerSecond, peerName: "C: read"), times: 1
        ) {
            Double(size) / (try peer(peer_cat(UInt64(size))))
        } ours: {
            let spent = try await nanoseconds(of: {
                let program = try await host.start(
                    ProgramOrder(
                        try ProgramFile.open("/bin/sh"),
                        arguments: ["-c", "head -c \(size) /dev/zero | cat"],
                        environment: ["PATH=/usr/bin:/bin"]))
                var total = 0
                while let bytes = await program.output?.read(65_536) { total += bytes.count }
                guard total == size else { throw BenchError("not all came") }
            })
            return Double(size) / spent
        }
        await host.close()
        return figure
    }
}
