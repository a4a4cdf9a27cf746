// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

@Suite("Crash of a node with durable actors")
struct ResumeCrashTests {
    /// How many kills there are for each durability; `THEATER_RESUME_KILLS` in the environment changes it.
    static let killCount =
        ProcessInfo.processInfo.environment["THEATER_RESUME_KILLS"].flatMap(Int.init) ?? 6

    /// What a chain says.
    private struct Told {
        /// The texts of the messages that its calls handle, in order.
        var handled: [String] = []
        /// The texts of the effects that were given up.
        var givenUp: Set<String> = []
        var resumes = 0
        var callbacks = 0
        var fromSnapshots = 0

        init(_ actor: ActorID, _ reader: JournalReader) throws {
            var intents: [UInt64: String] = [:]
            var cursor = try reader.events(of: actor)
            while let event = try cursor.next() {
                switch try event.decodedPayload() {
                case .called(let function, let parameters, _, _)?:
                    if function.hasSuffix("handle-resumed") { callbacks += 1 }
                    if let text = try TallyGuest.text(handledBy: function, parameters) {
                        handled.append(text)
                    }
                case .intent(_, _, let input, _, _)?:
                    intents[event.sequence] = try CGRF.decode(input).asString
                case .settled(let intent, _, _)?:
                    if let text = intents[intent] { givenUp.insert(text) }
                case .note(.resumed(_, let snapshot))?:
                    resumes += 1
                    if snapshot != nil { fromSnapshots += 1 }
                default: break
                }
            }
        }
    }

    /// The texts in a ledger, without those of `handle-resumed`.
    private static func lines(_ ledger: String) throws -> [String] {
        try String(contentsOfFile: ledger, encoding: .utf8).split(separator: "\n").map {
            String($0.suffix(TallyGuest.bodySize))
        }.filter { $0 != TallyGuest.resumedText }
    }

    // Goal: whatever the instant of the kill, nothing that was acknowledged is lost, nothing is handled
    // twice, no effect is done twice, and the chains are one life that replays. Method: a tree of durable
    // actors under messages is killed again and again on one data directory, and compared with what the
    // worker said outside and with the file that its effects went to.
    @Test(
        "kill -9 loses no acknowledged message, and handles none twice",
        .timeLimit(.minutes(max(5, killCount / 10))),
        arguments: ["async", "strict"])
    func kills(durability: String) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        let folder = try TemporaryFolder()
        let (data, ledger) = (folder.path + "/data", folder.path + "/ledger")
        var acknowledged: Set<String> = []
        var totals: [Substring] = []
        for round in 0...Self.killCount {
            let what = "seed \(seed), \(durability), kill \(round)"
            let isLast = round == Self.killCount
            let said = try await KilledWorker.run(
                "ResumeWorker", [data, ledger, durability, "\(round * 1_000_000)"],
                killedAfter: isLast
                    ? 1 : 1 + random.next(below: durability == "strict" ? 200 : 400),
                spin: isLast ? 0 : random.next(below: 3_000_000))
            for file in [ledger, ledger + ".relay"] { try KilledWorker.cutHalfLine(of: file) }
            try #require(!said.contains { $0.hasPrefix("error") }, "\(what): \(said)")
            let resumed = try #require(said.first { $0.hasPrefix("resumed ") }, "\(what)")
            totals = resumed.split(separator: " ").dropFirst().map { $0 }
            for line in said where line.hasPrefix("ack ") {
                acknowledged.insert(String(line.dropFirst(4)))
            }
        }
        let reader = try Journal.openReadOnly(directory: data + "/journal")
        #expect(try reader.verifyAll().isValid, "seed \(seed)")
        let chains = reader.lifeChains()
        try #require(chains.map(\.name) == ["relay", "relay/store"])
        let (relay, store) = (chains[0].actor, chains[1].actor)
        let (first, second) = (try Told(relay, reader), try Told(store, reader))
        let (passed, kept) = (first.handled, second.handled)
        #expect(Set(passed).count == passed.count, "seed \(seed): handled twice")
        #expect(Set(kept).count == kept.count, "seed \(seed): passed on twice")
        // What the last run acknowledged may wait in the inbox.
        let isBefore = { (text: String) in (Int(text) ?? 0) < Self.killCount * 1_000_000 }
        let before = acknowledged.filter(isBefore)
        let lost = before.subtracting(passed)
        if durability == "strict" {
            #expect(lost.isEmpty, "seed \(seed): \(lost.count) lost, \(lost.min() ?? "")")
        }
        // The totals were asked for when all that was left of the kills before was handled.
        let handledBefore = passed.filter(isBefore)
        let total: Substring = "u64(\(handledBefore.count))"
        #expect(totals == [total, total], "seed \(seed)")
        // The world has each message once: of the relay, which does again what is in doubt, exactly; of the
        // store what was not given up.
        let (booked, done) = (try Self.lines(ledger + ".relay"), try Self.lines(ledger))
        #expect(Set(booked).count == booked.count, "seed \(seed): an effect was done twice")
        #expect(Set(done).count == done.count, "seed \(seed): an effect was done twice")
        #expect(Set(booked.filter(isBefore)) == Set(handledBefore), "seed \(seed)")
        #expect(
            Set(kept.filter(isBefore)).subtracting(done).isSubset(of: second.givenUp),
            "seed \(seed): an effect is missing")
        #expect(first.givenUp.isEmpty, "seed \(seed)")
        for told in [first, second] {
            #expect(told.callbacks <= told.resumes && told.callbacks > 0, "seed \(seed)")
        }
        #expect(first.fromSnapshots + second.fromSnapshots > 0, "seed \(seed): no snapshot")
        try await Self.expectReplays(reader, data, "seed \(seed)")
        print(
            "resume, \(durability): \(Self.killCount) kills, \(acknowledged.count) acknowledged, "
                + "\(before.count) of them before the last run, \(lost.count) of those lost; "
                + "\(passed.count) handled, \(booked.count) booked, \(done.count) done, "
                + "\(second.givenUp.count) given up; \(first.resumes + second.resumes) lives went on, "
                + "\(first.fromSnapshots + second.fromSnapshots) from snapshots")
    }

    private static func expectReplays(
        _ reader: JournalReader, _ data: String, _ what: String
    ) async throws {
        let store = try #require(try ContentStore.openReadOnly(directory: data + "/store"))
        let ours = Node.registry().replayOptions().isSuspending
        let replayer = Replayer(
            engine: try Engine(EngineOptions(guestsMax: 2)),
            library: StoredCode(
                store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            options: ReplayOptions { interface, function in
                interface == "test:ledger/ledger" || ours(interface, function)
            })
        for chain in reader.actors() {
            let verdict = try await replayer.replay(
                ReplayEvents(try reader.events(of: chain.actor)))
            #expect(
                verdict.isFaithful,
                "\(what): \(verdict.divergence.map(String.init(describing:)) ?? "")")
            #expect(verdict.counts.events == chain.count)
        }
    }
}
