// SPDX-License-Identifier: Apache-2.0

import Foundation
import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// How soon the control plane answers while the node is full.
enum ControlRows {
    static let rows = [
        Row(name: "Control.query", place: .alone(cores: 2)) { try await queries($0) }
    ]

    private static let busy = 1000
    private static let target = Target.p99(1_000_000)

    /// Both kinds of question, in turns with the peer: while one side is asked, the other has no load.
    private static func queries(_ setting: Setting) async throws -> [Figure] {
        let erlang = try ErlangPeer.start(setting)
        let count = setting.times(1200)
        let turns = min(4, count)
        var (memory, disk, theirs) = ([Double](), [Double](), [Double]())
        for turn in 0..<turns {
            if let erlang { theirs += try erlang.run("query", busy, count / turns) }
            let node = try await FullNode(
                folder: "\(setting.folder)/queries-\(turn)", actors: busy)
            for number in 0..<(count / turns) {
                try await Sleeper.sleep(for: .milliseconds(2))
                memory.append(try await node.ask(number))
                // The disk is asked more seldom.
                if number % 4 == 0 { disk.append(try await node.askForEvents(number)) }
            }
            try await node.close()
        }
        let load =
            "1,000 recorded actors loop on 2 cores, a subscriber never reads, an actor ignores its stop"
        var figure = Figure(
            name: "Control.query", what: "a question to the control plane; \(load)",
            unit: .nanoseconds, target: target)
        figure.ours = Distribution(memory)
        figure.peer = Distribution(theirs)
        figure.peerName = erlang.map { "Erlang \($0.version), process_info at high priority:" }
        figure.note = ErlangPeer.note(erlang) { _ in
            "list, manifest, status, children, state, metrics, handle, hashes, subscribe, in turn"
        }
        var events = Figure(
            name: "Control.query.events", what: "ten events of a chain, from disk; \(load)",
            unit: .nanoseconds, target: target)
        events.ours = Distribution(disk)
        return [figure, events]
    }
}

/// A node whose every thread is busy.
private final class FullNode {
    private let stage: Stage
    private let control: ControlPlane
    private let actors: [ActorID]
    private let logger: ActorID
    /// Is never read.
    private let subscription: EventSubscription
    private let loads: Task<Void, Never>
    private let unheededStop = Reply<ExitReason>()

    init(folder: String, actors count: Int) async throws {
        let stage = try Stage(.recorded, folder: folder, guestsMax: count + 2)
        let control = ControlPlane(stage.system)
        let wasm = try Guests.small()
        var actors: [ActorID] = []
        for number in 0..<count {
            actors.append(
                try await stage.system.spawn(stage.request(wasm, name: "loop-\(number)")))
        }
        let deaf = try await stage.system.spawn(stage.request(wasm, name: "deaf"))
        let logger = try await stage.system.spawn(
            stage.request(try Guests.logger(), name: "logger"))
        subscription = try await control.send { .subscribeToActor(logger, from: .now, .init(), $0) }
        let looping = actors + [deaf]
        loads = Task {
            await withTaskGroup(of: Void.self) { group in
                // Each ends with its actor.
                for actor in looping {
                    group.addTask { _ = try? await stage.system.call(actor, Guests.spin) }
                }
                group.addTask {
                    _ = try? await stage.system.call(logger, Guests.log, [.u32(.max)])
                }
            }
        }
        control.submit(.stopActor(deaf, grace: .seconds(600), unheededStop))
        (self.stage, self.control, self.actors, self.logger) = (stage, control, actors, logger)
    }

    /// Nanoseconds from a question to its answer; the question's kind goes with its number.
    ///
    /// An operator's threads are not those that actors run on, so a thread of its own asks.
    func ask(_ number: Int) async throws -> Double {
        let actor = actors[number % actors.count]
        return switch number % 9 {
        case 0: try await time { .getActors($0) }
        case 1: try await time { .getActorManifest(actor, $0) }
        case 2: try await time { .getActorStatus(actor, $0) }
        case 3: try await time { .listChildren(actor, $0) }
        case 4: try await time { .getActorState(actor, $0) }
        case 5: try await time { .getActorMetrics(actor, $0) }
        case 6: try await time { .getActorHandle(actor, $0) }
        case 7: try await time { .getActorExportHashes(actor, $0) }
        default: try await time { .subscribeToActor(actor, from: .now, .init(), $0) }
        }
    }

    /// The same, of events.
    func askForEvents(_ number: Int) async throws -> Double {
        let actor = actors[number % actors.count]
        return try await time { .getActorEvents(actor, EventFilter(limit: 10), $0) }
    }

    private func time<Answer: Sendable>(
        _ command: @escaping @Sendable (Reply<Answer>) -> TheaterCommand
    ) async throws -> Double {
        let control = control
        let (spent, result) = await withCheckedContinuation { continuation in
            let asker = Thread {
                let start = clockNanoseconds()
                control.submit(
                    command(
                        Reply { result in
                            continuation.resume(
                                returning: (Double(clockNanoseconds() - start), result))
                        }))
            }
            asker.start()
        }
        _ = try result.get()
        return spent
    }

    func close() async throws {
        for actor in actors { try await stage.system.terminate(actor) }
        subscription.cancel()
        try await stage.close()
        await loads.value
        await control.close()
    }
}
