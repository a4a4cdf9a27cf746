// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("A full disk", .timeLimit(.minutes(1)))
struct FullDiskTests {
    // Goal: when the room is gone, every actor that has something to record ends and says why, and what was
    // answered before is there. Method: several actors are called at once until the disk is full, another
    // one is left in peace until then; then the journal is read as another process would.
    @Test(
        "ends every actor with its reason, and loses nothing that was answered",
        arguments: [ChainSettings.Durability.strict, .async], [1_000, 30_000, 300_000])
    func full(durability: ChainSettings.Durability, room: Int) async throws {
        let directory = FileManager.default.temporaryDirectory.path() + "/full-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let disk = BrittleDisk()
        let journal = try Journal.open(directory: directory, disk: disk)
        let stage = try Stage(journal: journal)
        var actors: [ActorID] = []
        for index in 0..<6 {
            actors.append(
                try await stage.spawn(FixtureActor.wat, name: "caller-\(index)") {
                    $0.manifest.chain.durability = durability
                })
        }
        let idle = try await stage.spawn(FixtureActor.wat, name: "idle") {
            $0.manifest.chain.durability = durability
        }
        try await journal.sync()
        disk.fill(leaving: room)
        let system = stage.system
        let answered = await withTaskGroup(
            of: (ActorID, Int, ActorError?).self, returning: [ActorID: Int].self
        ) { group in
            for actor in actors {
                group.addTask {
                    var count = 0
                    while true {
                        do throws(ActorError) {
                            _ = try await system.call(actor, "echo", [.s64(Int64(count))])
                            count += 1
                            await Task.yield()
                        } catch {
                            return (actor, count, error)
                        }
                    }
                }
            }
            var answered: [ActorID: Int] = [:]
            for await (actor, count, error) in group {
                answered[actor] = count
                #expect(error?.code == .journal, "\(actor): \(String(describing: error))")
                #expect(error?.message.contains("No space left") == true, "\(error!)")
                #expect(error?.message.contains(directory) == true, "\(error!)")
            }
            return answered
        }
        for actor in actors {
            guard case .failed(let error) = try await system.awaitEnd(of: actor) else {
                Issue.record("\(actor) did not fail")
                continue
            }
            #expect(error.code == .journal)
        }
        // Who has nothing to record goes on until it has.
        #expect(system.status(of: idle) == .running)
        let late = try await stage.failure(idle, "echo", [.s64(1)])
        #expect(late.code == .journal)
        await system.shutDown(grace: .zero)
        await #expect(throws: JournalError.self) { try await journal.close() }

        let reader = try Journal.openReadOnly(directory: directory)
        #expect(try reader.verifyAll().isValid)
        for actor in actors {
            var cursor = try reader.events(of: actor)
            var recorded = 0
            while let event = try cursor.next() {
                guard case .returned("echo", let output, _, _)? = try event.decodedPayload() else {
                    continue
                }
                #expect(try CGRF.decode(output) == .s64(Int64(recorded)))
                recorded += 1
            }
            if durability == .strict {
                #expect(recorded >= answered[actor] ?? 0, "an answer of \(actor) is lost")
            }
        }
        // When there is room again, the journal takes more.
        disk.fill(leaving: .max)
        let again = try Journal.open(directory: directory, disk: disk)
        #expect(again.actors().count == actors.count + 1)
        try await again.close()
    }
}
