// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterReplay
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

@Suite("The census of a resume", .timeLimit(.minutes(1)))
struct CensusTests {
    /// A family on disk: a durable parent, and children that trap over their first message.
    private struct Family {
        let directory = FileManager.default.temporaryDirectory.path() + "/census-\(UUID())"
        let journal: Journal
        let stage: Stage
        let root: ActorID

        init() async throws {
            journal = try Journal.open(directory: directory)
            stage = try Stage(journal: journal, handlers: [MessageServerHandler.self])
            root = try await stage.spawn(
                try TallyGuest().made().wat, name: "root", grants: ["message-server"]
            ) {
                $0.initialState = .u64(0)
                $0.manifest.chain.isDurable = true
            }
        }

        func child(
            _ name: String, isDurable: Bool = true,
            restart: ChildDeclaration.Restart = .temporary
        ) async throws -> ActorID {
            var guest = TallyGuest()
            guest.instructions = "unreachable"
            return try await stage.spawn(
                try guest.made().wat, name: "root/\(name)", grants: ["message-server"]
            ) {
                $0.initialState = .u64(0)
                $0.manifest.chain.isDurable = isDurable
                $0.parent = root
                $0.childSpec.restart = restart
            }
        }

        func fail(_ id: ActorID) async throws {
            try stage.system.send([UInt8](repeating: 0, count: 16), to: id)
            guard case .failed = try await stage.system.awaitEnd(of: id) else {
                Issue.record("\(id) did not fail")
                return
            }
        }

        /// What a node would find that is started on a journal without those who live now.
        func census(_ reader: JournalReader) async -> ResumeCensus {
            await ResumeCensus(reader, options: stage.system.replayOptions, nil) { _ in false }
        }

        func close() async throws {
            await stage.system.shutDown(grace: .seconds(5))
            try await journal.close()
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    // Goal: a resume looks at those who lived when the crash came, and at nobody else, however many there were
    // before. Method: children end in several ways, and are not started again; the census has none of them.
    @Test("children that ended for good are no members", arguments: [true, false])
    func ended(isDurable: Bool) async throws {
        let family = try await Family()
        let live = try await family.child("live")
        for index in 0..<4 {
            try await family.fail(
                try await family.child(
                    "past-\(index)", isDurable: isDurable))
        }
        let stopped = try await family.child("stopped", isDurable: isDurable, restart: .permanent)
        try await family.stage.system.stop(stopped)
        let killed = try await family.child("killed", isDurable: isDurable, restart: .permanent)
        try await family.stage.system.terminate(killed)
        let census = await family.census(try await family.journal.reader())
        #expect(census.members.map(\.point.actor) == [family.root, live])
        #expect(census.unreadable.isEmpty)
        try await family.close()
    }

    // Goal: a child whose supervisor had it started again, and had not yet done so, is a member. Method: the
    // census is taken of the chain as it was at each event around the child's end.
    @Test(
        "a child that its supervisor starts again is a member before, between and after its lives")
    func restarting() async throws {
        let family = try await Family()
        let child = try await family.child("kept", restart: .permanent)
        try await family.fail(child)
        while family.stage.system.restarts(of: child) == 0
            || family.stage.system.status(of: child) != .running
        { await Task.yield() }
        var cursor = try await family.journal.reader().events(of: child)
        var events: [ChainEvent] = []
        while let event = try cursor.next() { events.append(event) }
        let exit = try #require(events.firstIndex { $0.type == EventType.exited.name })
        for count in (exit - 1)...(exit + 3) {
            let directory = family.directory + "-\(count)"
            let journal = try Journal.open(directory: directory)
            for (id, end) in [(family.root, Int.max), (child, count)] {
                for chain in [id, id.inbox] {
                    var cursor = try await family.journal.reader().events(of: chain)
                    let name = try await family.journal.reader().summary(of: chain)?.name
                    let writer = try journal.makeChain(actor: chain, name: name ?? "?")
                    while let event = try cursor.next(),
                        chain != id || event.sequence < UInt64(min(end, 1 << 30))
                    {
                        try writer.append(
                            EventType(event.type), payload: event.payload ?? [], time: event.time)
                    }
                }
            }
            try await journal.sync()
            let census = await family.census(try await journal.reader())
            let members = census.members.map(\.point.actor)
            #expect(members == [family.root, child], "\(count) events, the end is \(exit)")
            // Between the end of the one and the beginning of the other it is one that has ended.
            #expect(census.member(child)?.isFollowed == (count == exit + 1), "\(count)")
            try await journal.close()
            try? FileManager.default.removeItem(atPath: directory)
        }
        try await family.close()
    }
}
