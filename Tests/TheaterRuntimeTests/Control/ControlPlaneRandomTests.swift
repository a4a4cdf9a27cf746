// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("Control plane under random commands")
struct ControlPlaneRandomTests {
    /// Counts the answers of every command of a run.
    private final class Answers: Sendable {
        private let counts = Mutex<[Int]>([])

        func reply<Success: Sendable>() -> Reply<Success> {
            let index = counts.withLock { counts in
                counts.append(0)
                return counts.count - 1
            }
            return Reply { _ in self.counts.withLock { $0[index] += 1 } }
        }

        var all: [Int] { counts.withLock { $0 } }
    }

    /// The identities that random commands are about; one of them is nobody's.
    private final class Known: Sendable {
        private let ids = Mutex<[ActorID]>([.random()])

        func add(_ new: [ActorID]) { ids.withLock { $0 += new } }

        func one(_ random: inout SplitMix) -> ActorID {
            let ids = ids.withLock { $0 }
            return ids[random.next(below: ids.count)]
        }
    }

    @Test(
        "each of many random commands is answered exactly once, closed in between or not",
        arguments: 1...6)
    func exactlyOnce(seed: UInt64) async throws {
        let stage = try Stage(guestsMax: 64, yieldInterval: 100_000)
        let control = ControlPlane(
            stage.system,
            options: ControlOptions(
                runningMax: 2, waitingMax: 4,
                deadline: seed % 2 == 0 ? .microseconds(50) : .seconds(60)))
        let answers = Answers()
        let request = try Stage.request(FixtureActor.wat)
        let ids = Known()
        for index in 0..<4 {
            let id = try await stage.spawn(FixtureActor.wat, name: "first-\(index)")
            ids.add([id])
        }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var random = SplitMix(seed: seed &* 1000 &+ UInt64(task))
                    for step in 0..<150 {
                        let id = ids.one(&random)
                        self.submitOne(
                            random.next(below: 24), id, request, "a\(task)-\(step)", control,
                            answers, ids)
                        if random.next(below: 8) == 0 { await Task.yield() }
                    }
                }
            }
            if seed > 3 {
                group.addTask {
                    for _ in 0..<seed * 20 { await Task.yield() }
                    await control.close()
                }
            }
        }
        await control.close()
        let counts = answers.all
        #expect(counts.count == 600, "seed \(seed)")
        #expect(counts.allSatisfy { $0 == 1 }, "seed \(seed): \(counts.filter { $0 != 1 })")
        await stage.system.shutDown()
        #expect(stage.system.actors().isEmpty && stage.system.engine.guestsLive == 0)
    }

    private func submitOne(
        _ kind: Int, _ id: ActorID, _ request: SpawnRequest, _ name: String,
        _ control: ControlPlane, _ answers: Answers, _ ids: Known
    ) {
        switch kind {
        case 0, 1:
            var request = request
            request.name = name
            control.submit(.spawnActor(request, answers.reply()))
            ids.add(control.system.actors().map(\.id).suffix(4))
        case 2: control.submit(.resumeActor(.reference("x"), wasm: nil, answers.reply()))
        case 3: control.submit(.stopActor(id, grace: .milliseconds(1), answers.reply()))
        case 4: control.submit(.terminateActor(id, answers.reply()))
        case 5: control.submit(.restartActor(id, answers.reply()))
        case 6: control.submit(.shuttingDown(id, data: nil, answers.reply()))
        case 7: control.submit(.actorShutdownComplete(id, answers.reply()))
        case 8: control.submit(.newEvent(id, sequence: 1, answers.reply()))
        case 9: control.submit(.actorError(id, ActorError(.crashed, "x"), answers.reply()))
        case 10: control.submit(.actorRuntimeError(ActorError(.crashed, "x"), answers.reply()))
        case 11: control.submit(.getActors(answers.reply()))
        case 12: control.submit(.getActorManifest(id, answers.reply()))
        case 13: control.submit(.getActorStatus(id, answers.reply()))
        case 14: control.submit(.listChildren(id, answers.reply()))
        case 15: control.submit(.getActorState(id, answers.reply()))
        case 16, 17: control.submit(.getActorEvents(id, EventFilter(), answers.reply()))
        case 18: control.submit(.getActorMetrics(id, answers.reply()))
        case 19:
            control.submit(
                .subscribeToActor(id, from: .sequence(0), FeedOptions(), answers.reply()))
        case 20: control.submit(.newStore(answers.reply()))
        case 21: control.submit(.getActorHandle(id, answers.reply()))
        default: control.submit(.getActorExportHashes(id, answers.reply()))
        }
    }
}
