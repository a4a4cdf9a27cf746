// SPDX-License-Identifier: Apache-2.0

import CPeer
import TheaterLaunch
import TheaterManifest
import TheaterPlatform
import TheaterProcess
import TheaterRuntime
import TheaterValue

/// Programs of the operating system, as the handler `process` starts and reads them, beside C programs that
/// do no more than that.
enum ProcessRows {
    static let rows = [
        Row(name: "Process.true", place: .here) { [try await short($0)] },
        Row(name: "Process.cat", place: .here) { [try await cat($0)] },
        Row(name: "Process.raw", place: .here) { [try await raw($0)] },
        Row(name: "Process.lines", place: .here) { [try await lines($0)] },
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
        let others = try Others(setting, "short", count)
        var figure = try await setting.rounds.measure(
            Figure(
                name: "Process.true", what: "`true` started, ended, and nothing of it left",
                unit: .nanoseconds, peerName: "C: posix_spawn + waitpid", target: .ratio(1.3)),
            times: count
        ) {
            try peer(peer_programs("/bin/true", UInt64(count))) / Double(count)
        } afterwards: {
            try others.round()
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
        figure.note = others.note { Unit.nanoseconds.text($0 / Double(count)) }
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

    // MARK: Into an actor

    private static func stage(_ host: ProcessHost, _ setting: Setting) throws -> Stage {
        try Stage(.unrecorded, folder: "\(setting.folder)/programs", programs: host)
    }

    private static func actor(_ stage: Stage, _ wasm: [UInt8]) async throws -> ActorID {
        var request = stage.request(wasm, name: "hearer", handlers: ["signal"])
        request.manifest.handlers.append(
            HandlerGrant(
                type: "process", configuration: ["allowed_programs": .array([.string("*")])]))
        return try await stage.system.spawn(request)
    }

    /// One round: a program, heard to its end.
    private static func hear(_ stage: Stage, _ id: ActorID) async throws -> Double {
        try await nanoseconds(of: {
            consume(try await stage.system.call(id, Guests.start))
            // An actor that ended gives no signal.
            let watch = Task {
                let reason = try? await stage.system.awaitEnd(of: id)
                if !Task.isCancelled, reason != nil { Signal.shared.give() }
            }
            await Signal.shared.next()
            watch.cancel()
        })
    }

    /// What goes through `cat` as it is, in pieces of 64 KiB at the most, each a callback of its own.
    private static func raw(_ setting: Setting) async throws -> Figure {
        let host = try host(setting)
        let stage = try stage(host, setting)
        let size = setting.times(1024) << 20
        let id = try await actor(
            stage,
            try Guests.hearer("/bin/sh", ["-c", "head -c \(size) /dev/zero | cat"], .raw))
        let node = try NodePeer.start(setting)
        let before = try Machine.residentKibibytes()
        var figure = try await setting.rounds.measure(
            Figure(
                name: "Process.raw",
                what: "\(size >> 20) MiB through `cat`, raw, into callbacks of an actor",
                unit: .nanoseconds, target: .ratio(1)), times: 1,
            peer: node.map { node in { try node.run("raw", size)[0] } },
            peerProcessor: { node?.processor ?? 0 },
            ours: {
                let spent = try await hear(stage, id)
                // What stands around the bytes of each call is heard with them.
                guard case .u32(let heard) = try await stage.system.call(id, Guests.heard),
                    Int(heard) >= size, Int(heard) < size + size / 8
                else { throw BenchError("\(size) bytes were written, and others heard") }
                return spent
            })
        let growth = try Machine.residentKibibytes() - before
        figure.peerName = node.map { "\($0.version):" }
        figure.note =
            "\(Unit.mebibytes(growth)) more resident than before"
            + (node == nil ? "; NO PEER: node is missing" : "")
        try await stage.close()
        await host.close()
        return figure
    }

    /// Many short lines, each of which is a callback of its own.
    private static func lines(_ setting: Setting) async throws -> Figure {
        let host = try host(setting)
        let stage = try stage(host, setting)
        let count = setting.times(100_000)
        let id = try await actor(stage, try Guests.hearer("/usr/bin/seq", ["\(count)"], .lines))
        let node = try NodePeer.start(setting)
        let erlang = try Others(setting, "lines", count, node: false)
        var figure = try await setting.rounds.measure(
            Figure(
                name: "Process.lines", what: "\(count) lines of `seq`, a callback each",
                unit: .perSecond, target: .atLeast(200_000)), times: count,
            peer: node.map { node in { Double(count) / (try node.run("lines", count)[0]) * 1e9 } },
            peerProcessor: { node?.processor ?? 0 }, afterwards: { try erlang.round() },
            ours: { Double(count) / (try await hear(stage, id)) * 1e9 })
        let heard = try await stage.system.call(id, Guests.heard)
        guard heard == .u32(UInt32(count)) else {
            throw BenchError("\(count) lines were written, and \(heard) heard")
        }
        figure.peerName = node.map { "\($0.version):" }
        figure.note = erlang.note { Unit.perSecond.text(Double(count) / $0 * 1e9) }
        try await stage.close()
        await host.close()
        return figure
    }

    /// Other virtual machines, measured after each round beside the peer.
    private final class Others {
        private let peers: [(peer: VirtualPeer, name: String)]
        private let workload: String
        private let number: Int
        private var times: [[Double]]

        init(_ setting: Setting, _ workload: String, _ number: Int, node: Bool = true) throws {
            var peers: [(VirtualPeer, String)] = []
            if node, let peer = try NodePeer.start(setting) { peers.append((peer, peer.version)) }
            if let peer = try ErlangPeer.start(setting) { peers.append((peer, peer.version)) }
            self.peers = peers
            self.workload = workload
            self.number = number
            times = peers.map { _ in [] }
        }

        func round() throws {
            for index in peers.indices {
                times[index].append(try peers[index].peer.run(workload, number)[0])
            }
        }

        /// What they took, in the row's own words.
        func note(_ text: (Double) -> String) -> String {
            guard !peers.isEmpty else { return "NO OTHER PEER: node and erl are missing" }
            return peers.indices.compactMap { index in
                Distribution(times[index]).map { "\(peers[index].name) \(text($0.median))" }
            }.joined(separator: ", ")
        }
    }
}
