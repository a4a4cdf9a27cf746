// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterRuntime
import TheaterValue

/// An actor's whole life: spawn with `init`, one call, stop. The module is warm: compiled, linked and
/// known under these grants.
enum SpawnRows {
    static let rows = [
        Row(name: "Spawn.warm.unrecorded", place: .here) { setting in
            [
                try await life(
                    setting, .unrecorded, extraSize: 0, fiber: false,
                    Figure(
                        name: "Spawn.warm.unrecorded",
                        what: "spawn, init, one call, stop; not recorded",
                        unit: .nanoseconds, peerName: "C: instance, call, drop",
                        target: .ratio(4)))
            ]
        },
        Row(name: "Spawn.warm.recorded", place: .here) { setting in
            [
                try await life(
                    setting, .recorded, extraSize: 0, fiber: false,
                    Figure(
                        name: "Spawn.warm.recorded",
                        what: "spawn, init, one call, stop; chain on disk, async",
                        unit: .nanoseconds, peerName: "C: instance, call, drop",
                        target: .atMost(25_000)))
            ]
        },
        Row(name: "Spawn.warm.fiber", place: .here) { setting in
            [
                try await life(
                    setting, .unrecorded, extraSize: 0, fiber: true,
                    Figure(
                        name: "Spawn.warm.fiber",
                        what: "as unrecorded, beside a C cycle on fibers",
                        unit: .nanoseconds, peerName: "C: the same on fibers"))
            ]
        },
        Row(name: "Spawn.warm.module40K", place: .here) { setting in
            [
                try await life(
                    setting, .unrecorded, extraSize: 40 << 10, fiber: false,
                    Figure(
                        name: "Spawn.warm.module40K",
                        what: "as unrecorded, with a module of 40 KiB",
                        unit: .nanoseconds, peerName: "C: instance, call, drop"))
            ]
        },
    ]

    private static func life(
        _ setting: Setting, _ recording: Recording, extraSize: Int, fiber: Bool, _ figure: Figure
    ) async throws -> Figure {
        let wasm = try Guests.small(extraSize: extraSize)
        let peer = try Peer(wasm)
        let stage = try Stage(recording, folder: "\(setting.folder)/\(figure.name)")
        let request = stage.request(wasm)
        let input = try CGRF.encode(Guests.pose)
        let count = setting.times(400)
        let measured = try await setting.rounds.measure(figure, times: count) {
            try peer.cycle(Guests.place, input, count: count, fiber: fiber)
        } ours: {
            let spent = try await nanoseconds(of: {
                for _ in 0..<count {
                    let id = try await stage.system.spawn(request)
                    consume(try await stage.system.call(id, Guests.place, [Guests.pose]))
                    try await stage.system.stop(id)
                }
            })
            return spent / Double(count)
        }
        try await stage.close()
        return measured
    }
}
