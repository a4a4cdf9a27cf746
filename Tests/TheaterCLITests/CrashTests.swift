// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterPlatform
import TheaterTesting
import TheaterValue

@Suite("Crash of a run")
struct CrashTests {
    private static let callCount = 150

    // Goal: what a run has answered under strict durability survives kill -9, and nothing that did not
    // happen is in the chain. Method: an actor is called again and again with rising numbers; the process
    // is killed once a random number of answers is out; the chain must verify, hold at least those
    // answers, and hold no other number.
    @Test("a hundred kills lose no answer and invent none")
    func kills() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        var killed = 0
        for round in 0..<100 {
            let folder = try Folder()
            try folder.put(try TestActors.fixture(), more: "[chain]\ndurability = \"strict\"\n")
            let calls = (0..<Self.callCount).flatMap { ["--call", "echo", "--arg", "\($0)"] }
            let run = try RunningProgram(["run", "--quiet"] + calls, in: folder)
            // One answer at least: before the first there may be no journal yet.
            let wanted = 1 + random.next(below: Self.callCount - 1)
            let watch = Task { await run.status() }
            while Self.answers(run) < wanted, !run.isOver { await Task.yield() }
            run.send(SIGKILL)
            if await watch.value == -SIGKILL { killed += 1 }
            let answered = Self.answers(run)
            let reader = try Journal.openReadOnly(directory: folder.path("data") + "/journal")
            let chain = try #require(reader.actors().first, "seed \(seed), round \(round)")
            #expect(try reader.verify(chain.actor).isValid, "seed \(seed), round \(round)")
            let recorded = try Self.recordedAnswers(reader, chain.actor)
            #expect(recorded.count >= answered, "seed \(seed), round \(round): an answer is lost")
            #expect(
                recorded == (0..<recorded.count).map { Value.s64(Int64($0)) },
                "seed \(seed), round \(round): the chain holds something else")
        }
        #expect(killed > 50, "seed \(seed): too few runs were killed to test anything")
    }

    /// How many whole lines of answers are out.
    private static func answers(_ run: RunningProgram) -> Int {
        run.stdout.utf8.count(where: { $0 == 0x0A })
    }

    private static func recordedAnswers(
        _ reader: JournalReader, _ actor: ActorID
    ) throws -> [Value] {
        var cursor = try reader.events(of: actor)
        var answers: [Value] = []
        while let event = try cursor.next() {
            if case .returned("echo", let output, _, _)? = try event.decodedPayload() {
                answers.append(try CGRF.decode(output))
            }
        }
        return answers
    }
}
