// SPDX-License-Identifier: Apache-2.0

import TheaterRuntime
import TheaterValue

/// Typed calls of an export: a record in, a record out, both checked against their declaration.
enum CallRows {
    static let rows = [
        Row(name: "Call.typed.unrecorded", place: .here) { setting in
            [
                try await calls(
                    setting, .unrecorded, fiber: false,
                    Figure(
                        name: "Call.typed.unrecorded",
                        what: "typed call, record in and out; not recorded",
                        unit: .nanoseconds, peerName: "C: unchecked call", target: .atMost(2000)))
            ]
        },
        Row(name: "Call.typed.fiber", place: .here) { setting in
            [
                try await calls(
                    setting, .unrecorded, fiber: true,
                    Figure(
                        name: "Call.typed.fiber", what: "the same, beside a C call on a fiber",
                        unit: .nanoseconds, peerName: "C: call_async"))
            ]
        },
        Row(name: "Call.typed.recorded", place: .here) { setting in
            [
                try await calls(
                    setting, .recorded, fiber: true,
                    Figure(
                        name: "Call.typed.recorded", what: "the same; chain on disk, async",
                        unit: .nanoseconds, peerName: "C: call_async"))
            ]
        },
    ]

    private static func calls(
        _ setting: Setting, _ recording: Recording, fiber: Bool, _ figure: Figure
    ) async throws -> Figure {
        let wasm = try Guests.small()
        let peer = try Peer(wasm)
        let stage = try Stage(recording, folder: "\(setting.folder)/\(figure.name)")
        let id = try await stage.system.spawn(stage.request(wasm))
        let input = try CGRF.encode(Guests.pose)
        let count = setting.times(4000)
        let measured = try await setting.rounds.measure(figure, times: count) {
            try peer.call(Guests.place, input, count: count, fiber: fiber)
        } ours: {
            let spent = try await nanoseconds(of: {
                for _ in 0..<count {
                    consume(try await stage.system.call(id, Guests.place, [Guests.pose]))
                }
            })
            return spent / Double(count)
        }
        try await stage.close()
        return measured
    }
}
