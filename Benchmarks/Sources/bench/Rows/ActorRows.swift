// SPDX-License-Identifier: Apache-2.0

import TheaterChain
import TheaterEngine
import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// Many actors in one process.
enum ActorRows {
    static let rows = [
        Row(name: "Actors.idle10000", place: .alone(cores: nil)) { try await idle($0) },
        Row(name: "Actors.idle10000.peer", place: .alone(cores: nil)) { try await idlePeer($0) },
        Row(name: "Actors.fairness", place: .alone(cores: 2)) { try await fairness($0) },
    ]

    private static let idleCount = 10_000

    /// Resident memory of each idle actor that has run `init`; then what happens past the ceiling.
    private static func idle(_ setting: Setting) async throws -> [Figure] {
        let wasm = try Guests.small()
        let stage = try Stage(.recorded, folder: "\(setting.folder)/idle", guestsMax: nil)
        // One actor warms everything that all share.
        let first = try await stage.system.spawn(stage.request(wasm, name: "first"))
        try await stage.journal.sync()
        let before = try Machine.residentKibibytes()
        let count = min(idleCount, stage.system.engine.guestsMax - 1)
        let start = clockNanoseconds()
        for number in 0..<count {
            _ = try await stage.system.spawn(stage.request(wasm, name: "idle-\(number)"))
        }
        let spent = Double(clockNanoseconds() - start) / Double(count)
        try await stage.journal.sync()
        let each = (try Machine.residentKibibytes() - before) / Double(count)
        var figure = Figure(
            name: "Actors.idle10000", what: "resident memory of each live idle actor",
            unit: .kibibytes, target: .atMost(24))
        figure.ours = Distribution([each])
        figure.note =
            "\(count) actors, \(Unit.nanoseconds.text(spent)) each to start. "
            + (try await pastTheCeiling(stage, wasm, from: count))
        consume(try await stage.system.call(first, Guests.place, [Guests.pose]))
        return [figure]
    }

    private static func pastTheCeiling(
        _ stage: Stage, _ wasm: [UInt8], from count: Int
    ) async throws -> String {
        for number in count...stage.system.engine.guestsMax {
            do throws(ActorError) {
                _ = try await stage.system.spawn(stage.request(wasm, name: "idle-\(number)"))
            } catch {
                return "Actor \(stage.system.engine.guestsLive + 1) was refused, and the others "
                    + "went on: \(error)"
            }
        }
        throw BenchError("more actors were started than the engine has room for")
    }

    private static func idlePeer(_ setting: Setting) async throws -> [Figure] {
        let wasm = try Guests.small()
        let count = min(idleCount, Engine.guestCeiling() - 1)
        let peer = try Peer(wasm, guestsMax: count + 1)
        let input = try CGRF.encode(Guests.pose)
        _ = try peer.hold(Guests.place, input, count: 1)
        let before = try Machine.residentKibibytes()
        let spent = try peer.hold(Guests.place, input, count: count)
        var figure = Figure(
            name: "Actors.idle10000.peer", what: "the C program's live instances after one call",
            unit: .kibibytes)
        figure.ours = Distribution([(try Machine.residentKibibytes() - before) / Double(count)])
        figure.note = "\(count) instances, \(Unit.nanoseconds.text(spent)) each to start"
        return [figure]
    }

    private static let loops = 8

    /// How soon an actor answers while eight others loop for ever on two cores.
    ///
    /// In turns with the peer: while one side is asked, the other has no loops.
    private static func fairness(_ setting: Setting) async throws -> [Figure] {
        let erlang = try ErlangPeer.start(setting)
        let wasm = try Guests.small()
        let stage = try Stage(.unrecorded, folder: setting.folder)
        let pinged = try await stage.system.spawn(stage.request(wasm, name: "pinged"))
        var ours: [Double] = []
        var theirs: [Double] = []
        var cores: [Double] = []
        let count = setting.times(300)
        let turns = min(10, count)
        for _ in 0..<turns {
            if let erlang { theirs += try erlang.run("fairness", loops, count / turns) }
            let start = (clock: clockNanoseconds(), processor: processorNanoseconds())
            ours += try await pings(count / turns, of: pinged, stage, wasm)
            cores.append(
                Double(processorNanoseconds() - start.processor)
                    / Double(clockNanoseconds() - start.clock))
        }
        var figure = Figure(
            name: "Actors.fairness",
            what: "from when a call is due to its answer, 8 other actors looping on 2 cores",
            unit: .nanoseconds, target: .p99(20_000_000))
        figure.ours = Distribution(ours)
        figure.peer = Distribution(theirs)
        figure.peerName = erlang.map { "Erlang \($0.version):" }
        let busy = Unit.digits(Distribution(cores)?.median ?? 0)
        figure.note =
            "the loops kept \(busy) cores busy meanwhile"
            + (erlang == nil ? "; " + ErlangPeer.note(nil) { _ in "" } : "")
        try await stage.close()
        return [figure]
    }

    /// Nanoseconds of each of so many calls while others loop: from 2 ms after the one before, when it
    /// is due, to its answer.
    private static func pings(
        _ count: Int, of pinged: ActorID, _ stage: Stage, _ wasm: [UInt8]
    ) async throws -> [Double] {
        var looping: [ActorID] = []
        for number in 0..<loops {
            looping.append(
                try await stage.system.spawn(stage.request(wasm, name: "loop-\(number)")))
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for loop in looping {
                // Ends with the actor, which is ended below.
                group.addTask { _ = try? await stage.system.call(loop, Guests.spin) }
            }
            var samples: [Double] = []
            for _ in 0..<count {
                let due = clockNanoseconds() + 2_000_000
                try await Sleeper.sleep(for: .milliseconds(2))
                consume(try await stage.system.call(pinged, Guests.place, [Guests.pose]))
                samples.append(Double(clockNanoseconds() - due))
            }
            for loop in looping { try await stage.system.terminate(loop) }
            return samples
        }
    }
}
