// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// Messages between two actors, beside two Erlang processes.
enum RuntimeRows {
    static let rows = [
        Row(name: "Messages.request.unrecorded", place: .alone(cores: 2)) { setting in
            [
                try await requests(
                    setting, .unrecorded,
                    Figure(
                        name: "Messages.request.unrecorded",
                        what: "an actor asks another, 16 bytes there and back; not recorded",
                        unit: .nanoseconds, target: .atMost(2500)))
            ]
        },
        Row(name: "Messages.request.recorded", place: .alone(cores: 2)) { setting in
            [
                try await requests(
                    setting, .recorded,
                    Figure(
                        name: "Messages.request.recorded",
                        what: "the same; both chains on disk, async",
                        unit: .nanoseconds, target: .atMost(6000)))
            ]
        },
        Row(name: "Messages.flood.unrecorded", place: .alone(cores: 2)) { setting in
            [
                try await floods(
                    setting, .unrecorded,
                    Figure(
                        name: "Messages.flood.unrecorded",
                        what: "one-way messages of 16 bytes, at most 1,000 under way; not recorded",
                        unit: .perSecond, target: .atLeast(1_000_000)))
            ]
        },
        Row(name: "Messages.flood.recorded", place: .alone(cores: 2)) { setting in
            [
                try await floods(
                    setting, .recorded,
                    Figure(
                        name: "Messages.flood.recorded",
                        what: "the same; both chains on disk, async; until everything is on disk",
                        unit: .perSecond, target: .atLeast(300_000)))
            ]
        },
        Row(name: "Messages.senders1000", place: .alone(cores: 2)) { setting in
            [try await FanIn(setting).figure(setting)]
        },
    ]

    private static func requests(
        _ setting: Setting, _ recording: Recording, _ figure: Figure
    ) async throws -> Figure {
        let erlang = try ErlangPeer.start(setting)
        let stage = try Stage(recording, folder: "\(setting.folder)/requests")
        let answerer = try await stage.system.spawn(
            stage.request(try Guests.answerer(), name: "answerer", handlers: ["message-server"]))
        let asker = try await stage.system.spawn(
            stage.request(
                try Guests.asker(answerer), name: "asker", handlers: ["message-server"]))
        let count = setting.times(20_000)
        let theirs = erlang.map { erlang in
            { try erlang.run("request_raw", count)[0] / Double(count) }
        }
        var servers: [Double] = []
        var measured = try await setting.rounds.measure(
            figure, times: count, peer: theirs, peerProcessor: { erlang?.processor ?? 0 },
            afterwards: {
                guard let erlang else { return }
                servers.append(try erlang.run("request_server", count)[0] / Double(count))
            },
            ours: {
                let spent = try await nanoseconds(of: {
                    let argument = Value.u32(UInt32(count))
                    consume(try await stage.system.call(asker, Guests.ask, [argument]))
                })
                return spent / Double(count)
            })
        measured.peerName = erlang.map { "Erlang \($0.version), send and receive:" }
        measured.note = ErlangPeer.note(erlang) { _ in
            guard let server = Distribution(servers) else { return "" }
            return "gen_server:call takes \(Unit.nanoseconds.text(server.median))"
        }
        try await stage.close()
        return measured
    }

    private static let window = 500

    private static func floods(
        _ setting: Setting, _ recording: Recording, _ figure: Figure
    ) async throws -> Figure {
        let erlang = try ErlangPeer.start(setting)
        let stage = try Stage(recording, folder: "\(setting.folder)/floods")
        let sink = try await stage.system.spawn(
            stage.request(
                try Guests.sink("flooder", window: window), name: "sink",
                handlers: ["message-server"]))
        let flooder = try await stage.system.spawn(
            stage.request(
                try Guests.flooder(sink, window: window), name: "flooder",
                handlers: ["message-server", "signal"]))
        let windows = max(4, setting.times(200))
        let count = windows * window
        var memory: [Double] = []
        let theirs = erlang.map { erlang in
            { Double(count) / (try erlang.run("flood", count, window)[0]) * 1e9 }
        }
        var measured = try await setting.rounds.measure(
            figure, times: count, peer: theirs, peerProcessor: { erlang?.processor ?? 0 },
            afterwards: { memory.append(try Machine.residentKibibytes()) },
            ours: {
                let spent = try await nanoseconds(of: {
                    let argument = Value.u32(UInt32(windows))
                    consume(try await stage.system.call(flooder, Guests.flood, [argument]))
                    await Signal.shared.next()
                    if recording == .recorded { try await stage.journal.sync() }
                })
                return Double(count) / spent * 1e9
            })
        let received = try await stage.system.call(sink, Guests.total)
        let sent = UInt32(count * (setting.rounds.count + setting.rounds.warmUp))
        guard received == .u32(sent) else {
            throw BenchError("\(sent) messages were sent, and \(received) arrived")
        }
        measured.peerName = erlang.map { "Erlang \($0.version):" }
        let growth = Machine.growth(memory)
        measured.note =
            try ErlangPeer.note(erlang) { erlang in
                "its memory \(Unit.mebibytes(try erlang.residentKibibytes()))"
            } + "; our memory \(growth); \(sent) messages, all of which arrived"
        try await stage.close()
        return measured
    }
}

extension ErlangPeer {
    /// What a figure's note says of the peer, or of its absence.
    static func note(
        _ erlang: ErlangPeer?, _ about: (ErlangPeer) throws -> String
    ) rethrows -> String {
        guard let erlang else {
            return "NO PEER: erl is missing; install Debian's erlang-base and run again"
        }
        return try about(erlang)
    }
}
