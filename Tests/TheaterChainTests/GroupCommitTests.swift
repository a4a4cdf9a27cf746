// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Group commit")
struct GroupCommitTests {
    /// The state of a journal, whose writer is played by the test.
    private final class Played: Sendable {
        let state: Mutex<JournalState>
        private let slot: Int

        init() throws {
            var state = JournalState(
                options: smallOptions(segment: 1 << 20), heads: HeadTable(),
                end: Position(segment: 1, offset: UInt32(SegmentHeader.size)))
            let record = ChainRecord.make(actor: actor(1), name: nil, time: .now()).bytes
            slot = try record.withUnsafeBytes {
                try state.begin(HeadEntry(actor: actor(1), name: nil), record: $0).slot
            }
            if case .write(let batch) = state.nextStep(expired: true, gathered: false) {
                _ = state.complete(batch, nil)
            }
            _ = state.nextStep(expired: false, gathered: false)
            self.state = Mutex(state)
        }

        /// Appends an event and waits for it; answers what that asked of the writer.
        func commit(_ action: @escaping @Sendable (String) -> Void) async {
            let end = state.withLock { state in
                [UInt8](repeating: 1, count: 200).withUnsafeBytes { bytes in
                    let appended = try? state.append(
                        bytes, PayloadParts(first: bytes), slot: slot, hash: Digest.sha256(of: []),
                        time: 0)
                    return appended?.end ?? 0
                }
            }
            let result = await withUnsafeContinuation { waiter in
                let answer = state.withLock { $0.sync(waiter, target: end) }
                switch answer {
                case .resume(let result): waiter.resume(returning: result)
                case .wait: action("wait")
                case .wake: action("wake")
                }
            }
            #expect((try? result.get()) != nil)
        }

        func step(gathered: Bool = false) -> JournalState.Step {
            state.withLock { $0.nextStep(expired: false, gathered: gathered) }
        }

        /// Writes what is due, and tells who waits for it; answers how many those are.
        func write(gathered: Bool = false) -> Int? {
            guard case .write(let batch) = step(gathered: gathered) else { return nil }
            let told = state.withLock { $0.complete(batch, nil) }
            // With nothing left to write it goes to sleep.
            _ = step()
            for (waiter, result) in told { waiter.resume(returning: result) }
            return told.count
        }
    }

    /// Starts so many commits one after the other; answers what each asked of the writer.
    private static func start(
        _ count: Int, on played: Played, in group: inout TaskGroup<Void>
    ) async -> [String] {
        var asked: [String] = []
        for _ in 0..<count {
            let (stream, continuation) = AsyncStream.makeStream(of: String.self)
            group.addTask { await played.commit { continuation.yield($0) } }
            for await what in stream {
                asked.append(what)
                break
            }
        }
        return asked
    }

    // Goal: those who were served by one write are served by one again, and nobody waits for company that
    // he never had. Method: the writer's steps by hand.
    @Test("waits for as many as came together last, and no longer than it may")
    func gathering() async throws {
        let played = try Played()
        await withTaskGroup { group in
            // Alone.
            #expect(await Self.start(1, on: played, in: &group) == ["wake"])
            #expect(played.write() == 1)
            await group.waitForAll()
            // Three while the writer is on its way: one write.
            #expect(await Self.start(3, on: played, in: &group) == ["wake", "wait", "wait"])
            #expect(played.write() == 3)
            await group.waitForAll()
            // The first of three again: the writer waits, and the third wakes it.
            #expect(await Self.start(1, on: played, in: &group) == ["wake"])
            guard case .gather = played.step() else {
                return #expect(Bool(false), "it did not wait")
            }
            #expect(await Self.start(2, on: played, in: &group) == ["wait", "wake"])
            #expect(played.write() == 3)
            await group.waitForAll()
            // One stays away: the time is over.
            #expect(await Self.start(1, on: played, in: &group) == ["wake"])
            guard case .gather = played.step() else {
                return #expect(Bool(false), "it did not wait")
            }
            #expect(await Self.start(1, on: played, in: &group) == ["wait"])
            #expect(played.write(gathered: true) == 2)
            await group.waitForAll()
            // Two are company enough from now on.
            #expect(await Self.start(2, on: played, in: &group) == ["wake", "wait"])
            #expect(played.write() == 2)
            await group.waitForAll()
        }
    }

    @Test("closing waits for no company")
    func closing() async throws {
        let played = try Played()
        await withTaskGroup { group in
            _ = await Self.start(2, on: played, in: &group)
            #expect(played.write() == 2)
            await group.waitForAll()
            _ = await Self.start(1, on: played, in: &group)
            guard case .gather = played.step() else {
                return #expect(Bool(false), "it did not wait")
            }
            guard case .wake = played.state.withLock({ $0.close(nil) }) else {
                return #expect(Bool(false), "closing did not wake the writer")
            }
            #expect(played.write() == 1)
            await group.waitForAll()
        }
    }
}
