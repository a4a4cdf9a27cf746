// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

@testable import TheaterNode

/// Goal: nothing in a snapshot is believed. A snapshot that is not as it was written costs time, and never
/// a state that the chain does not say.
@Suite("Damaged snapshots", .timeLimit(.minutes(3)))
struct SnapshotDamageTests {
    /// An actor that was killed while its mail waited, with a snapshot in which mail is handled.
    private static func stage() async throws -> (ResumeStage, ActorID) {
        let stage = try ResumeStage()
        let id = try await SnapshotTests.counting(stage, every: 40)
        try await SnapshotTests.send(stage, 1...60, to: id)
        _ = try await SnapshotTests.kept(stage, of: id, atLeast: 150)
        return (stage, id)
    }

    /// The newest snapshot's label and text.
    private static func newest(_ stage: ResumeStage) throws -> (StoreLabel, [UInt8]) {
        let newest = try #require(try stage.node.store.labels(of: .snapshots).last)
        return (newest.label, try stage.node.store.get(newest.id, in: .snapshots))
    }

    /// The lines of a text without its digest, which can be sealed again.
    private static func lines(_ text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).dropLast().map(String.init)
    }

    /// Lines that cannot be, each with why.
    static let wrong: [(Int, String, String)] = [
        (3, String(repeating: "0", count: 64), "the head is of another chain"),
        (5, String(repeating: "0", count: 64), "the manifest is not there"),
        (15, "0 4294967295", "the host's pages are outside of the memory"),
        (19, "4294967296", "the memory is larger than the actor's may be"),
        (19, "65537", "that is no size of a memory"),
        (20, "70000 x", "a page is none"),
        (4, "x", "the module is no digest"), (8, "99999999", "the birth is after the event"),
        (11, "x", "the handled mail is no number"), (12, "2", "registered is neither"),
        (13, "x", "the placement is not hexadecimal"), (13, "-", "there is no placement"),
        (7, "zz", "the parent is no actor"), (14, "9 1", "the buffer ends before it begins"),
        (16, "1 2 x", "a global is no number"), (0, "theater.snapshot 9", "no such format"),
    ]

    @Test("a field that is wrong makes the snapshot one that is not used")
    func fields() async throws {
        let (stage, id) = try await Self.stage()
        for (line, text, why) in Self.wrong {
            try await stage.crash()
            let (_, old) = try Self.newest(stage)
            var lines = Self.lines(old)
            lines[line] = text
            for (label, _) in try stage.node.store.labels(of: .snapshots) {
                try stage.node.store.put(
                    SnapshotText.sealed(lines), in: .snapshots, label: label)
            }
            try await stage.expectResume(of: [id], what: why)
            #expect(try await stage.total(id) == .u64(60), "\(why)")
            #expect(try await SnapshotTests.usedSnapshot(stage, id) == nil, "\(why)")
            // For the next one there is one again.
            _ = try await SnapshotTests.kept(
                stage, of: id, atLeast: UInt64(try await stage.events(of: id).count))
        }
        try await stage.close()
    }

    // Method: bytes of the text are changed, left out and put in at random; the actor is the same as without
    // any snapshot.
    @Test("random changes of a snapshot leave the actor as its chain says")
    func mutations() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        let (stage, id) = try await Self.stage()
        var image = GuestImage?.none
        for round in 0..<40 {
            try await stage.crash()
            let (label, text) = try Self.newest(stage)
            let mutated = round == 0 ? [] : Self.mutated(text, &random)
            try stage.node.store.put(mutated, in: .snapshots, label: label)
            let report = try await stage.node.resume()
            let what = "seed \(seed), round \(round)"
            try #require(report.resumed == [id], "\(what): \(report.problems)")
            #expect(try stage.node.system.state(of: id) == .u64(60), "\(what)")
            let found = try #require(await stage.node.system.image(of: id))
            if let image {
                #expect(found.globals == image.globals, "\(what)")
                #expect(Self.count(found) == Self.count(image), "\(what)")
            }
            image = found
            #expect(try await stage.total(id) == .u64(60), "\(what)")
            // The one that was changed is not there for the next round.
            _ = try await SnapshotTests.kept(
                stage, of: id, atLeast: UInt64(try await stage.events(of: id).count))
        }
        try await stage.close()
    }

    /// What an actor's memory says of how often it was called.
    private static func count(_ image: GuestImage) -> [UInt8] {
        let count = (try? TallyGuest().made().count) ?? 0
        return Array(image.memory[count..<(count + 8)])
    }

    static func mutated(_ text: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = text
        for _ in 0...random.next(below: 3) where bytes.count > 2 {
            let place = random.next(below: bytes.count)
            switch random.next(below: 6) {
            case 0: bytes[place] ^= 1 << UInt8(random.next(below: 8))
            case 1: bytes[place] = UInt8(random.next(below: 256))
            case 2: bytes.removeLast(random.next(below: bytes.count - 1))
            case 3: bytes.remove(at: place)
            case 4: bytes.insert(UInt8(random.next(below: 256)), at: place)
            default:
                // Another digit, so that a number is another number.
                if (0x30...0x39).contains(bytes[place]) {
                    bytes[place] = 0x30 + UInt8(random.next(below: 10))
                } else {
                    bytes[place] = 0x0A
                }
            }
        }
        return bytes == text ? bytes + [0x0A] : bytes
    }

    // Method: the text alone, a great many times: nothing of what is changed is read, and what is changed and
    // sealed again, as no accident does, ends in an answer too.
    @Test("no text is trusted, and none stops the process")
    func texts() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        let (stage, _) = try await Self.stage()
        let (_, text) = try Self.newest(stage)
        let lines = Self.lines(text)
        #expect(SnapshotText.sealed(lines) == text)
        _ = try SnapshotText.read(text)
        var readCount = 0
        for round in 0..<20_000 {
            #expect(throws: SnapshotProblem.self, "seed \(seed), round \(round)") {
                _ = try SnapshotText.read(Self.mutated(text, &random))
            }
            let body = Self.mutated(Array(lines.joined(separator: "\n").utf8), &random)
            let again = SnapshotText.sealed([String(decoding: body, as: UTF8.self)])
            guard let parts = try? SnapshotText.read(again) else { continue }
            readCount += 1
            #expect(parts.snapshot.birth < parts.snapshot.life.sequence)
            #expect(parts.pages.allSatisfy { ($0.0 + 1) * 65536 <= parts.memorySize })
        }
        #expect(readCount > 0, "seed \(seed)")
        try await stage.close()
    }

    // Goal: after a backup was restored, snapshots of events that the chain does not have are still in the
    // store; they must not keep the new ones from being kept.
    @Test("a snapshot of a history that is no more makes room for those of the present one")
    func stale() async throws {
        let (stage, id) = try await Self.stage()
        try await stage.crash()
        let (label, text) = try Self.newest(stage)
        let number = try #require(UInt64(label.text.suffix(20)))
        for ahead: UInt64 in [100_000, 200_000] {
            var lines = Self.lines(text)
            lines[2] = "\(number + ahead)"
            let digits = String(number + ahead)
            let name =
                String(label.text.dropLast(20)) + String(repeating: "0", count: 20 - digits.count)
                + digits
            try stage.node.store.put(
                SnapshotText.sealed(lines), in: .snapshots, label: StoreLabel(name))
        }
        try await stage.expectResume(of: [id])
        func newest() throws -> UInt64 {
            try stage.snapshots().filter { $0 < 100_000 }.max() ?? 0
        }
        for _ in 0..<1000 where try newest() <= number {
            _ = try await stage.total(id)
            await Task.yield()
        }
        #expect(try newest() > number)
        try await stage.crashAndResume([id])
        #expect(try await SnapshotTests.usedSnapshot(stage, id).map { $0 > number } ?? false)
        #expect(try await stage.total(id) == .u64(60))
        try await stage.close()
    }

    @Test("snapshots of actors that are over go at the next resume", arguments: [true, false])
    func over(wasRecorded: Bool) async throws {
        let stage = try ResumeStage()
        let root = try await stage.node.system.spawn(try stage.request("root"))
        var request = try stage.request("root/child", parent: root)
        request.manifest.chain.snapshotEvery = 40
        let id = try await stage.node.system.spawn(request)
        try await SnapshotTests.send(stage, 1...20, to: id)
        _ = try await SnapshotTests.kept(stage, of: id)
        try await stage.crash { path in
            let journal = try Journal.open(directory: path + "/journal")
            let chain = try journal.resumeChain(actor: id)
            if wasRecorded {
                // The crash came when the end was recorded.
                try chain.append(.exited(kind: "stopped", reason: "stopped in order", result: nil))
            } else {
                // It came when the end was on its way: the resume records it.
                try chain.append(
                    .failed(function: "f", kind: "actor.crashed", message: "it trapped"))
            }
            try await journal.close()
        }
        try await stage.expectResume(of: [root])
        #expect(stage.node.system.status(of: id) != .running)
        #expect(try stage.node.store.labels(of: .snapshots).isEmpty)
        try await stage.node.close()
    }
}
