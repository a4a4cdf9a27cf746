// SPDX-License-Identifier: Apache-2.0

import TheaterManifest
import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// A supervised actor that crashes and is started again, beside OTP's supervisor.
enum SupervisionRows {
    static let rows = [
        Row(name: "Supervision.restart.unrecorded", place: .alone(cores: 2)) { setting in
            [
                try await restarts(
                    setting, .unrecorded,
                    Figure(
                        name: "Supervision.restart.unrecorded",
                        what: "a supervised actor crashes and is started again; not recorded",
                        unit: .nanoseconds, target: .atMost(60_000)))
            ]
        },
        Row(name: "Supervision.restart.recorded", place: .alone(cores: 2)) { setting in
            [
                try await restarts(
                    setting, .recorded,
                    Figure(
                        name: "Supervision.restart.recorded",
                        what: "the same; chain on disk, async",
                        unit: .nanoseconds, target: .atMost(60_000)))
            ]
        },
    ]

    /// Crashes of one life of OTP's supervisor, which goes through its restarts of the last second at
    /// each.
    private static let lives = 100

    private static func restarts(
        _ setting: Setting, _ recording: Recording, _ figure: Figure
    ) async throws -> Figure {
        let erlang = try ErlangPeer.start(setting)
        let stage = try Stage(recording, folder: "\(setting.folder)/restarts")
        var parent = stage.request(try Guests.small(), name: "parent", handlers: ["signal"])
        parent.manifest.supervision.intensity = 1_000_000
        parent.manifest.supervision.period = .seconds(1)
        var child = stage.request(try Guests.crasher(), name: "crasher", handlers: ["signal"])
        child.parent = try await stage.system.spawn(parent)
        child.childSpec = ChildSpec(restart: .permanent)
        let id = try await stage.system.spawn(child)
        await Signal.shared.next()
        // With the warm-up, 100,000 and more in all.
        let count = setting.times(6000)
        var memory: [Double] = []
        let theirs = erlang.map { erlang in
            { try erlang.run("restart", count, lives)[0] / Double(count) }
        }
        var measured = try await setting.rounds.measure(
            figure, times: count, peer: theirs, peerProcessor: { erlang?.processor ?? 0 },
            afterwards: { memory.append(try Machine.residentKibibytes()) },
            ours: {
                let spent = await nanoseconds(of: {
                    for _ in 0..<count {
                        // The crash answers with an error, and the next life gives the signal.
                        _ = try? await stage.system.call(id, Guests.crash)
                        await Signal.shared.next()
                    }
                })
                return spent / Double(count)
            })
        measured.peerName = erlang.map { "Erlang \($0.version), supervisor and gen_server:" }
        let restarts = stage.system.restarts(of: id)
        measured.note =
            try ErlangPeer.note(erlang) { erlang in
                "its memory \(Unit.mebibytes(try erlang.residentKibibytes()))"
            } + "; our memory \(Machine.growth(memory)); \(restarts) restarts"
        try await stage.close()
        return measured
    }
}
