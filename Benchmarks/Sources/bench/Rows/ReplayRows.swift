// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterEngine
import TheaterReplay
import TheaterRuntime
import TheaterValue

/// A chain on disk of host calls with 64 bytes, read again: verified, and run again.
enum ReplayRows {
    static let rows = [
        Row(name: "Replay", place: .alone(cores: 1)) { setting in
            let stage = try Stage(.recorded, folder: "\(setting.folder)/replay")
            let wasm = try Guests.logger()
            let id = try await stage.system.spawn(stage.request(wasm))
            let count = setting.times(20_000)
            for _ in 0..<5 {
                consume(try await stage.system.call(id, Guests.log, [.u32(UInt32(count))]))
            }
            try await stage.system.stop(id)
            try await stage.journal.sync()
            let reader = try await stage.journal.reader()
            let events = Int(reader.summary(of: id)?.count ?? 0)
            let verified = try await setting.rounds.measure(
                Figure(
                    name: "Replay.verify",
                    what: "a chain of host calls with 64 bytes on disk, verified; on one core",
                    unit: .perSecond, target: .atLeast(1_000_000)), times: events
            ) {
                let spent = try await nanoseconds(of: {
                    guard try reader.verify(id).isValid else { throw BenchError("not valid") }
                })
                return Double(events) / spent * 1e9
            }
            let replayer = Replayer(
                engine: stage.system.engine, library: OneCode(ReplayCode(wasm: wasm)))
            let replayed = try await setting.rounds.measure(
                Figure(
                    name: "Replay.reexecute",
                    what: "the same chain run again and compared; on one core",
                    unit: .perSecond, target: .atLeast(300_000)), times: events
            ) {
                let spent = try await nanoseconds(of: {
                    let verdict = try await replayer.replay(ReplayEvents(reader.events(of: id)))
                    guard verdict.isFaithful else { throw BenchError("not faithful") }
                })
                return Double(events) / spent * 1e9
            }
            try await stage.close()
            return [verified, replayed]
        }
    ]
}
