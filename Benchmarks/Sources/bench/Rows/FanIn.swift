// SPDX-License-Identifier: Apache-2.0

import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// A thousand actors that send to one, whose mailbox is bounded: who is refused waits and tries again.
///
/// Every message is accounted for: what was accepted arrived, and what was refused was told to its
/// sender and stands among the dead letters.
struct FanIn {
    private static let senders = 1000
    private let stage: Stage
    private let hub: ActorID
    private let pushers: [ActorID]
    /// How many messages each of them gets through in a round.
    private let each: Int

    init(_ setting: Setting) async throws {
        each = setting.times(50)
        stage = try Stage(.unrecorded, folder: setting.folder, guestsMax: Self.senders + 1)
        hub = try await stage.system.spawn(
            stage.request(
                try Guests.sink("nobody", window: 0), name: "hub", handlers: ["message-server"]))
        let wasm = try Guests.pusher(hub)
        var pushers: [ActorID] = []
        for number in 0..<Self.senders {
            pushers.append(
                try await stage.system.spawn(
                    stage.request(wasm, name: "pusher-\(number)", handlers: ["message-server"])))
        }
        self.pushers = pushers
    }

    func figure(_ setting: Setting) async throws -> Figure {
        let erlang = try ErlangPeer.start(setting)
        let count = Self.senders * each
        var received = 0
        var refused = 0
        var memory: [Double] = []
        let theirs = erlang.map { erlang in
            { Double(count) / (try erlang.run("senders", Self.senders, each)[0]) * 1e9 }
        }
        var figure = try await setting.rounds.measure(
            Figure(
                name: "Messages.senders1000",
                what: "messages of 1,000 actors to one, whose mailbox holds 1,024; not recorded",
                unit: .perSecond), times: count,
            peer: theirs, peerProcessor: { erlang?.processor ?? 0 },
            afterwards: { memory.append(try Machine.residentKibibytes()) },
            ours: {
                let spent = try await nanoseconds(of: {
                    refused += try await push()
                    received += count
                    try await arrived(received)
                })
                return Double(count) / spent * 1e9
            })
        let buried = stage.system.deadLetterCounts.values.reduce(0, +)
        guard buried == UInt64(refused) else {
            throw BenchError("\(refused) messages were refused, and \(buried) are dead letters")
        }
        figure.peerName = erlang.map { "Erlang \($0.version), mailbox without bound:" }
        let reach = "\(received) sent and arrived, \(refused) refused, told and sent again"
        figure.note =
            try ErlangPeer.note(erlang) { erlang in
                "its memory \(Unit.mebibytes(try erlang.residentKibibytes()))"
            } + "; our memory \(Machine.growth(memory)); \(reach)"
        try await stage.close()
        return figure
    }

    /// Has every actor send its part.
    ///
    /// - Returns: how often one was refused.
    private func push() async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for pusher in pushers { group.addTask { try await push(pusher) } }
            return try await group.reduce(0, +)
        }
    }

    private func push(_ pusher: ActorID) async throws -> Int {
        var left = UInt32(each)
        var refused = 0
        var pause = Duration.milliseconds(1)
        while left > 0 {
            let answer = try await stage.system.call(pusher, Guests.push, [.u32(left)])
            guard case .u32(let accepted) = answer, accepted <= left else {
                throw BenchError("'push' answered \(answer)")
            }
            left -= accepted
            if left == 0 { break }
            refused += 1
            try await Sleeper.sleep(for: pause)
            // The more often it is refused, the longer it waits.
            pause =
                accepted > 0
                ? max(pause / 2, .milliseconds(1)) : min(pause * 2, .milliseconds(32))
        }
        return refused
    }

    /// Waits until the receiver has so many messages.
    private func arrived(_ count: Int) async throws {
        while true {
            // A full mailbox refuses the question too.
            let answer = try? await stage.system.call(hub, Guests.total)
            if answer == .u32(UInt32(count)) { return }
            if case .u32(let number)? = answer, number > count {
                throw BenchError("\(count) messages were sent, and \(number) arrived")
            }
            try await Sleeper.sleep(for: .milliseconds(1))
        }
    }
}
