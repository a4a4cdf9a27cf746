// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterPlatform
import TheaterValue

@testable import TheaterCLI

@Suite("theater chain doubts and resolve, as a process", .timeLimit(.minutes(1)))
struct DoubtTests {
    private static let mailer = ActorID(high: 0xA1, low: 1)
    private static let robot = ActorID(high: 0xB2, low: 2)

    /// A data directory as a crash leaves it: chains of `mailer`, policy `ask`, and `robot`, `fail`.
    private func crashed() async throws -> Folder {
        let folder = try Folder()
        try SystemDisk().makeDirectory(folder.path("whole"))
        try SystemDisk().makeDirectory(folder.path("data"))
        try SystemDisk().makeDirectory(folder.path("data") + "/journal")
        let journal = try Journal.open(directory: folder.path("whole") + "/journal")
        for (id, name, policy) in [
            (Self.mailer, "mailer", DoubtPolicy.ask), (Self.robot, "robot", .fail),
        ] {
            let chain = try journal.makeChain(actor: id, name: name)
            try chain.append(
                .called(function: "f", parameters: [], fuel: nil, deadlineNanoseconds: nil))
            try chain.append(
                .intent(
                    interface: "test:mail/mail", function: "send",
                    input: try CGRF.encode(.string("dear Ada")), effect: .once, policy: policy))
        }
        try await journal.sync()
        // What is on disk now, without the index of an orderly end.
        let segment = try folder.read("whole/journal/000001.journal")
        try folder.write(segment, to: "data/journal/000001.journal")
        try await journal.close()
        return folder
    }

    @Test("list what is in doubt, and settle it once")
    func settle() async throws {
        let folder = try await crashed()
        let all = try await Finished(["chain", "doubts"], in: folder)
        #expect(all.status == 0, "\(all.stderr)")
        #expect(all.stdout.contains("\(Self.mailer) 1"))
        #expect(all.stdout.contains("test:mail/mail.send \"dear Ada\""))
        #expect(all.stdout.contains("in_doubt = ask"))
        #expect(all.stdout.contains("2 in doubt"))
        let json = try await Finished(["chain", "doubts", "--json", "mailer"], in: folder)
        let lines = json.stdout.split(separator: "\n")
        #expect(lines.count == 1)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8))
                as? [String: Any])
        #expect(object["effect_id"] as? String == "\(Self.mailer):1")
        #expect((object["input"] as? [String: Any])?["text"] as? String == "\"dear Ada\"")
        #expect(object["effect"] as? String == "once")

        let settled = try await Finished(
            ["chain", "resolve", "mailer", "1", "--outcome", "done", "--note", "she has it"],
            in: folder)
        #expect(settled.status == 0, "\(settled.stderr)")
        #expect(settled.stdout == "settled \(Self.mailer):1 as done\n")
        let shown = try await Finished(["chain", "show", "mailer"], in: folder)
        #expect(shown.stdout.contains("settled 1 as done: she has it"))
        let left = try await Finished(["chain", "doubts"], in: folder)
        #expect(left.stdout.contains("1 in doubt") && !left.stdout.contains("mailer"))
        #expect(try await Finished(["chain", "verify"], in: folder).status == 0)
    }

    @Test(
        "refuse what is not in doubt",
        arguments: [
            ["mailer", "0"], ["mailer", "7"], ["nobody", "1"], ["mailer", "1", "--outcome"],
        ])
    func refused(arguments: [String]) async throws {
        let folder = try await crashed()
        let outcome = arguments.last == "--outcome" ? ["perhaps"] : ["--outcome", "done"]
        let run = try await Finished(["chain", "resolve"] + arguments + outcome, in: folder)
        #expect(run.status == 2, "\(run.stderr)")
        let doubts = try await Finished(["chain", "doubts"], in: folder)
        #expect(doubts.stdout.contains("2 in doubt"))
    }

    @Test("the next run says what the crash left, and settles what may count as failed")
    func nextRun() async throws {
        let folder = try await crashed()
        try folder.put(try TestActors.fixture())
        let run = try await Finished(["run", "--call", "echo", "--arg", "1"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stderr.contains("theater chain resolve \(Self.mailer) 1"))
        #expect(run.stderr.contains("'robot' waited for 'test:mail/mail.send'"))
        #expect(run.stderr.contains("it counts as failed"))
        let doubts = try await Finished(["chain", "doubts"], in: folder)
        #expect(doubts.stdout.contains("1 in doubt") && doubts.stdout.contains("mailer"))
        let shown = try await Finished(["chain", "show", "robot"], in: folder)
        #expect(shown.stdout.contains("settled 1 as failed"))
        #expect(try await Finished(["chain", "verify"], in: folder).status == 0)
    }
}
