// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Goal: whoever makes an actor that takes messages from the template gets what its README says. Method: the
/// README's commands, with the built program and a node of its own.
@Suite("The template mailbox, as a process", .timeLimit(.minutes(2)))
struct MailboxTests {
    @Test("works as its README says, alone and in a node")
    func readme() async throws {
        let folder = try Folder()
        #expect(
            try await Finished(["new", "post", "--template", "mailbox"], in: folder).status == 0)
        let readme = String(decoding: try folder.read("post/README.md"), as: UTF8.self)
        #expect(try await Finished(["build", "post"], in: folder).status == 0)
        #expect(try await Finished(["check", "post"], in: folder).status == 0)
        let call = [
            "--call", "post", "--arg", "post", "--arg", "remember the milk", "--call", "letters",
        ]
        #expect(readme.contains("theater run " + call.prefix(5).joined(separator: " ")))
        let alone = try await Finished(["run", "post", "--quiet"] + call, in: folder)
        #expect(alone.status == 0, "\(alone.stderr)")
        #expect(alone.stdout.contains(#"text: "remember the milk""#), "\(alone.stdout)")

        let node = try await RunningNode(in: folder)
        #expect(try await node.run(["run", "--detach", "post"]).status == 0)
        for (arguments, answer) in [
            (["send", "post", "hello from outside"], ""), (["request", "post", "count"], "1"),
            (["call", "post", "letters"], #"sender: none<string>, text: "hello from outside""#),
            (["stop", "post"], "stopped"), (["chain", "show"], "handle-send"),
        ] {
            let words = arguments.map { $0.contains(" ") ? "'\($0)'" : $0 }
            #expect(readme.contains("theater " + words.joined(separator: " ")))
            let ended = try await node.run(arguments)
            #expect(ended.status == 0, "\(arguments): \(ended.stderr)")
            #expect(
                answer.isEmpty || ended.stdout.contains(answer), "\(arguments): \(ended.stdout)")
        }
        #expect(await node.stop() == 0)
        #expect(try await Finished(["replay", "--all"], in: folder).status == 0)
    }
}
