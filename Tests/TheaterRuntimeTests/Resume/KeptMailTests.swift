// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: nothing that was acknowledged is missing in the inbox. Method: the journal refuses mail in each way
/// that it can; what was acknowledged is compared with what the inbox has.
@Suite("Mail that cannot be kept", .timeLimit(.minutes(1)))
struct KeptMailTests {
    private struct Post {
        let directory: String
        let disk = BrittleDisk()
        let journal: Journal
        let stage: Stage

        init() throws {
            directory = FileManager.default.temporaryDirectory.path() + "/mail-\(UUID())"
            var options = JournalOptions()
            options.bufferSizeMax = 64 << 10
            options.payloadSizeMax = 16 << 10
            journal = try Journal.open(directory: directory, options: options, disk: disk)
            stage = try Stage(journal: journal, handlers: [MessageServerHandler.self])
        }

        func spawn(_ name: String = "counter") async throws -> ActorID {
            var guest = TallyGuest()
            guest.takesChannels = true
            return try await stage.spawn(
                try guest.made().wat, name: name, grants: ["message-server"]
            ) {
                $0.initialState = .u64(0)
                $0.manifest.chain.durability = .strict
                $0.manifest.chain.isDurable = true
                $0.manifest.limits.mailbox = 10_000
            }
        }

        /// The sizes of the bodies in an inbox.
        func kept(of id: ActorID) throws -> [Int] {
            let reader = try Journal.openReadOnly(directory: directory)
            var cursor = try reader.events(of: id.inbox)
            var sizes: [Int] = []
            while let event = try cursor.next() {
                if case .note(.mail(let mail))? = try event.decodedPayload() {
                    sizes.append(mail.body.count)
                }
            }
            return sizes
        }

        func remove() { try? FileManager.default.removeItem(atPath: directory) }
    }

    private static func code(
        _ work: () async throws -> Void
    ) async -> MessageError.Code? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? MessageError)?.code
        }
    }

    @Test("mail is refused while the journal has no room for it, and taken again when it has")
    func overloaded() async throws {
        let post = try Post()
        defer { post.remove() }
        let (system, id) = (post.stage.system, try await post.spawn())
        post.disk.holdSync()
        try system.send([UInt8](repeating: 0, count: 16), to: id)
        for await _ in post.disk.held.stream { break }
        var (accepted, refused) = ([16], MessageError.Code?.none)
        while accepted.count < 2000, refused == nil {
            let body = [UInt8](repeating: 1, count: 1000)
            refused = await Self.code { try system.send(body, to: id) }
            if refused == nil { accepted.append(body.count) }
        }
        #expect(refused == .notKept)
        post.disk.release()
        try await system.post([UInt8](repeating: 2, count: 17), to: id)
        accepted.append(17)
        #expect(try post.kept(of: id) == accepted)
        #expect(
            try await system.call(id, TallyGuest.total) == .u64(UInt64(accepted.count)),
            "what was accepted is handled, and nothing else")
        await system.shutDown(grace: .seconds(5))
        try await post.journal.close()
    }

    @Test("a message that is too large for the journal is refused, and those after it are kept")
    func tooLarge() async throws {
        let post = try Post()
        defer { post.remove() }
        let (system, id) = (post.stage.system, try await post.spawn())
        let refused = await Self.code {
            try await system.post([UInt8](repeating: 0, count: 20_000), to: id)
        }
        #expect(refused == .tooLarge)
        try await system.post([UInt8](repeating: 0, count: 16), to: id)
        #expect(try post.kept(of: id) == [16])
        #expect(try await system.call(id, TallyGuest.total) == .u64(1))
        await system.shutDown(grace: .seconds(5))
        try await post.journal.close()
    }

    @Test("an actor whose inbox fails refuses its mail, and ends with the reason")
    func failed() async throws {
        let post = try Post()
        defer { post.remove() }
        let (system, id) = (post.stage.system, try await post.spawn())
        let other = try await post.spawn("other")
        post.disk.breakSyncs()
        #expect(await Self.code { try await system.post([1], to: other) } == .notKept)
        let late = await Self.code { try await system.post([2], to: id) }
        #expect(late == .notKept)
        #expect(
            await Self.code { try await system.post([3], to: id) } != nil, "it stays refused")
        guard case .failed(let error) = try await system.awaitEnd(of: id) else {
            Issue.record("the actor goes on")
            return
        }
        #expect(error.code == .journal)
        #expect(error.message.contains("Input/output error"), "\(error)")
        #expect(try post.kept(of: id).isEmpty)
        await system.shutDown(grace: .zero)
        await #expect(throws: JournalError.self) { try await post.journal.close() }
    }

    @Test("a message on a channel is acknowledged when it is on disk, by each way to send one")
    func channels() async throws {
        let post = try Post()
        defer { post.remove() }
        let (system, id) = (post.stage.system, try await post.spawn())
        let channel = try await system.openChannel(to: id)
        try await channel.post([1])
        #expect(try post.kept(of: id) == [1])
        try await system.post([1, 2], on: channel.id)
        #expect(try post.kept(of: id) == [1, 2])
        let reply = try await system.perform(.channelMessage(channel: channel.id, body: [1, 2, 3]))
        guard case .accepted = reply else {
            Issue.record("\(reply)")
            return
        }
        #expect(try post.kept(of: id) == [1, 2, 3])
        #expect(try await system.call(id, TallyGuest.total) == .u64(3))
        post.disk.breakSyncs()
        #expect(await Self.code { try await channel.post([1, 2, 3, 4]) } == .notKept)
        await system.shutDown(grace: .zero)
        await #expect(throws: JournalError.self) { try await post.journal.close() }
    }
}
