// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterRuntime
import TheaterValue

/// A guest that calls `log` with 64 bytes in a loop; the line is formed and dropped.
enum HostCallRows {
    static let rows = [
        Row(name: "HostCall.log.recorded", place: .alone(cores: 1)) { setting in
            [
                try await logging(
                    setting, .recorded, rate: true,
                    Figure(
                        name: "HostCall.log.recorded",
                        what: "log of 64 bytes, chain on disk, async; everything on one core",
                        unit: .perSecond, target: .atLeast(300_000)))
            ]
        },
        Row(name: "HostCall.log.unrecorded", place: .here) { setting in
            [
                try await logging(
                    setting, .unrecorded, rate: false,
                    Figure(
                        name: "HostCall.log.unrecorded",
                        what: "log of 64 bytes, not recorded", unit: .nanoseconds,
                        peerName: "C: unchecked host function"))
            ]
        },
    ]

    private static func logging(
        _ setting: Setting, _ recording: Recording, rate: Bool, _ figure: Figure
    ) async throws -> Figure {
        let wasm = try Guests.logger()
        let peer = try Peer(wasm)
        let stage = try Stage(recording, folder: "\(setting.folder)/\(figure.name)")
        let id = try await stage.system.spawn(stage.request(wasm))
        let count = setting.times(20_000)
        let argument = Value.u32(UInt32(count))
        let input = try CGRF.encode(argument)
        let theirs = {
            try peer.hostCalls(Guests.log, input, count: count)
        }
        let measured = try await setting.rounds.measure(
            figure, times: count, peer: rate ? nil : theirs
        ) {
            let spent = try await nanoseconds(of: {
                consume(try await stage.system.call(id, Guests.log, [argument]))
                // Recorded means written too: nothing is left to be done outside of the measurement.
                if rate { try await stage.journal.sync() }
            })
            return rate ? Double(count) / spent * 1e9 : spent / Double(count)
        }
        try await stage.close()
        return measured
    }
}
