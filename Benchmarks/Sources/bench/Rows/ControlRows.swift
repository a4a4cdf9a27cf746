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
            let answers = await node.ask(count / turns)
            try await node.close()
            memory += try answers.memory.get()
            disk += try answers.disk.get()
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

    /// Nanoseconds from each question to its answer: of the questions about what is in memory, in turn, and
    /// of every fourth time one for events.
    ///
    /// An operator's threads are not those that actors run on, so a thread of its own asks.
    func ask(
        _ count: Int
    ) async -> (memory: Result<[Double], any Error>, disk: Result<[Double], any Error>) {
        let (control, actors) = (control, actors)
        return await withCheckedContinuation { continuation in
            let asker = Thread {
                var (memory, disk) = ([Double](), [Double]())
                do {
                    for number in 0..<count {
                        usleep(2000)
                        let actor = actors[number % actors.count]
                        memory.append(try Self.ask(number, actor, control))
                        guard number % 4 == 0 else { continue }
                        disk.append(
                            try Self.time(control) {
                                .getActorEvents(actor, EventFilter(limit: 10), $0)
                            })
                    }
                    continuation.resume(returning: (.success(memory), .success(disk)))
                } catch {
                    continuation.resume(returning: (.failure(error), .failure(error)))
                }
            }
            asker.start()
        }
    }

    private static func ask(
        _ number: Int, _ actor: ActorID, _ control: ControlPlane
    ) throws -> Double {
        switch number % 9 {
        case 0: try time(control) { .getActors($0) }
        case 1: try time(control) { .getActorManifest(actor, $0) }
        case 2: try time(control) { .getActorStatus(actor, $0) }
        case 3: try time(control) { .listChildren(actor, $0) }
        case 4: try time(control) { .getActorState(actor, $0) }
        case 5: try time(control) { .getActorMetrics(actor, $0) }
        case 6: try time(control) { .getActorHandle(actor, $0) }
        case 7: try time(control) { .getActorExportHashes(actor, $0) }
        default: try time(control) { .subscribeToActor(actor, from: .now, .init(), $0) }
        }
    }

    private static func time<Answer: Sendable>(
        _ control: ControlPlane, _ command: (Reply<Answer>) -> TheaterCommand
    ) throws -> Double {
        let isAnswered = DispatchSemaphore(value: 0)
        let reply = Reply<Answer> { _ in isAnswered.signal() }
        let start = clockNanoseconds()
        control.submit(command(reply))
        isAnswered.wait()
        let spent = Double(clockNanoseconds() - start)
        _ = try reply.result?.get()
        return spent
    }

    func close() async throws {
        subscription.cancel()
        try await stage.close()
        await loads.value
        await control.close()
    }
}
