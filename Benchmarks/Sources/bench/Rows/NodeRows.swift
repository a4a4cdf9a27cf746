// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// A node that is served, as its clients meet it: through its socket, on the same cores.
enum NodeRows {
    static let rows = [
        Row(name: "Node.request", place: .alone(cores: 2)) { try await request($0) },
        Row(name: "Node.watch", place: .alone(cores: 2)) { try await watch($0) },
        Row(name: "Node.ps", place: .here) { try await list($0) },
        Row(name: "Node.first", place: .here) { try await first($0) },
    ]

    private static func skipped(_ figure: Figure) -> [Figure] {
        var figure = figure
        figure.note =
            "SKIPPED: there is no release build of theater; make it with: make release, or name it "
            + "with --theater"
        return [figure]
    }

    private static let messages = "[[handler]]\ntype = \"message-server\"\n"

    private static func manifest(_ more: String) -> String {
        "name = \"bench\"\npackage = \"bench.wasm\"\n[[handler]]\ntype = \"runtime\"\n" + more
    }

    // MARK: Asking an actor

    private static func request(_ setting: Setting) async throws -> [Figure] {
        var figure = Figure(
            name: "Node.request",
            what:
                "requests to an actor through HTTP, 32 connections, recorded; the client on the same two cores",
            unit: .perSecond, target: .atLeast(20_000))
        guard let theater = setting.theater else { return skipped(figure) }
        let node = try ServedNode(theater, folder: setting.folder)
        defer { node.end() }
        try node.start(
            try node.keep(try Guests.answerer()), name: "answerer", manifest: manifest(messages))
        let load = HTTPLoad(
            node: node, connections: 32,
            request: ServedNode.request(
                "POST", "/v1/actors/answerer/request", Array("sixteen bytes...".utf8)))
        let count = setting.times(40_000)
        figure = try await Rounds(count: 10, warmUp: 2).measure(figure, times: count) {
            Double(count) / (try load.run(count) / 1e9)
        }
        return [figure]
    }

    // MARK: Watching

    /// The same work, at a pace of 20,000 events in a second, with and without watchers, in turn.
    private static func watch(_ setting: Setting) async throws -> [Figure] {
        let figure = Figure(
            name: "Node.watch",
            what:
                "an event of an actor that makes 20,000 in a second, three clients watching and one that never reads",
            unit: .nanoseconds, peerName: "nobody watching", target: .ratio(1.03))
        guard let theater = setting.theater else { return skipped(figure) }
        let node = try ServedNode(theater, folder: setting.folder)
        defer { node.end() }
        try node.start(
            try node.keep(try Guests.logger()), name: "logger",
            manifest: manifest("[limits]\nfuel_per_call = 10000000000\n"))
        let caller = try node.connect()
        defer { close(caller) }
        // Each call makes its own two events and those of its messages.
        let each = 98
        let calls = setting.times(600)
        let call = ServedNode.request(
            "POST", "/v1/actors/logger/call?function=log", type: "application/json",
            Array("[\(each)]".utf8))
        func round() throws -> Double {
            var chunk = [UInt8](repeating: 0, count: 16_384)
            let start = clockNanoseconds()
            for number in 0..<calls {
                // 100 events every 5 ms; who is late catches up.
                let due = start + Int64(number) * 5_000_000
                let early = due - clockNanoseconds()
                if early > 0 { usleep(UInt32(early / 1000)) }
                try ServedNode.write(caller, call)
                let size = read(caller, &chunk, chunk.count)
                guard size > 12, chunk[9] == UInt8(ascii: "2") else {
                    throw BenchError("a call failed")
                }
            }
            return Double(clockNanoseconds() - start) / Double(calls * (each + 2))
        }
        let heard = Atomic<Int>(0)
        var lost = 0
        var measured = try await Rounds(count: 5, warmUp: 1).measure(figure, times: calls * 100) {
            try round()
        } ours: {
            let watchers = try (0..<4).map { _ in try node.connect() }
            defer { for watcher in watchers { close(watcher) } }
            let text = Array(
                "GET /v1/actors/logger/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            for watcher in watchers { try ServedNode.write(watcher, text) }
            // The fourth never reads.
            let readers = DispatchGroup()
            for watcher in watchers.prefix(3) {
                readers.enter()
                Thread.detachNewThread {
                    defer { readers.leave() }
                    var chunk = [UInt8](repeating: 0, count: 262_144)
                    while true {
                        let count = read(watcher, &chunk, chunk.count)
                        guard count > 0 else { return }
                        heard.add(count, ordering: .relaxed)
                    }
                }
            }
            let spent = try round()
            let list = try node.ask("GET", "/v1/node/subscribers")
            lost =
                list.components(separatedBy: "\"lost\":").dropFirst()
                .compactMap { Int($0.prefix { $0.isNumber }) }.last ?? 0
            for watcher in watchers { shutdown(watcher, Int32(SHUT_RDWR)) }
            readers.wait()
            return spent
        }
        let megabytes = heard.load(ordering: .relaxed) >> 20
        measured.note =
            "\(megabytes) MiB were heard; \(lost) events were passed over in the last round"
        return [measured]
    }

    // MARK: Commands

    private static let rounds = Rounds(count: 20, warmUp: 3)

    private static func list(_ setting: Setting) async throws -> [Figure] {
        let count = setting.times(10_000)
        let figure = Figure(
            name: "Node.ps", what: "theater ps of a node with \(count) actors, to its end",
            unit: .nanoseconds, target: .atMost(40_000_000))
        guard let theater = setting.theater else { return skipped(figure) }
        let node = try ServedNode(theater, folder: setting.folder)
        defer { node.end() }
        let digest = try node.keep(try Guests.small())
        for number in 0..<count {
            try node.start(digest, name: "actor-\(number)", manifest: manifest(""))
        }
        return [
            try await rounds.measure(figure, times: 1) {
                try time([theater, "ps", "--data", node.data], untilFirst: false)
            }
        ]
    }

    private static func first(_ setting: Setting) async throws -> [Figure] {
        var figure = Figure(
            name: "Node.first", what: "the first output of a command, of all the slowest",
            unit: .nanoseconds, target: .atMost(100_000_000))
        guard let theater = setting.theater else { return skipped(figure) }
        let node = try ServedNode(theater, folder: setting.folder)
        defer { node.end() }
        try node.start(
            try node.keep(try Guests.answerer()), name: "answerer", manifest: manifest(messages))
        let commands: [[String]] = [
            ["--help"], ["--version"], ["version"], ["doctor"], ["completion", "bash"], ["ps"],
            ["tree"],
            ["inspect", "answerer"], ["events", "answerer"], ["logs", "answerer"],
            ["request", "answerer", "hello"], ["send", "answerer", "hello"], ["token", "list"],
            ["restart", "answerer"], ["chain", "show"], ["chain", "verify"], ["store", "ls"],
        ]
        var slowest: (name: String, times: [Double]) = ("", [])
        var skipped: [String] = []
        for command in commands {
            let isRemote = !["--help", "--version", "version", "doctor", "completion"].contains(
                command[0])
            let arguments = [theater] + command + (isRemote ? ["--data", node.data] : [])
            var times: [Double] = []
            for _ in 0..<setting.times(10) + 2 {
                guard let spent = try? time(arguments, untilFirst: true) else { break }
                times.append(spent)
            }
            guard times.count > 2 else {
                skipped.append(command[0])
                continue
            }
            times.removeFirst(2)
            let mine = Distribution(times)?.median ?? 0
            if mine > (Distribution(slowest.times)?.median ?? -1) {
                slowest = (command.joined(separator: " "), times)
            }
        }
        figure.ours = Distribution(slowest.times)
        figure.note =
            "the slowest of \(commands.count - skipped.count) is 'theater \(slowest.name)'"
            + (skipped.isEmpty ? "" : "; not measured: \(skipped.joined(separator: ", "))")
        return [figure]
    }

    /// From the start of a process to what it says first, or to its end.
    private static func time(_ arguments: [String], untilFirst: Bool) throws -> Double {
        let start = clockNanoseconds()
        let child = try Child(arguments, reading: .standardOutput)
        let text = untilFirst ? child.firstLine() : child.allOutput()
        let spent = Double(clockNanoseconds() - start)
        if untilFirst { _ = child.allOutput() }
        let status = child.wait()
        guard !text.isEmpty || status == 0 else {
            throw BenchError("'\(arguments.joined(separator: " "))' ended with \(status)")
        }
        return spent
    }
}
