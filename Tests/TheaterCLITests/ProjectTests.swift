// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterCLI

@Suite("From nothing to a running actor", .timeLimit(.minutes(5)))
struct ProjectTests {
    @Test("a new project says what comes next, and an existing folder is kept")
    func new() async throws {
        let folder = try Folder()
        let made = try await Finished(["new", "hello"], in: folder)
        #expect(made.status == 0, "\(made.stderr)")
        #expect(made.stdout.contains("hello/manifest.toml\n"))
        #expect(made.stderr.contains("cd hello && theater build && theater run"))
        let again = try await Finished(["new", "hello"], in: folder)
        #expect(again.status == 2)
        #expect(again.stderr.contains("build.folder-not-empty"))
        let run = try await Finished(["run", "hello"], in: folder)
        #expect(run.status == 5)
        #expect(run.stderr.contains("run `theater build hello`"), "\(run.stderr)")
        let nothing = try await Finished(["build", "--json"], in: folder)
        #expect(nothing.status == 7)
        #expect(nothing.stderr.hasPrefix(#"{"error":{"code":"build.not-a-project""#))
    }

    @Test("the five-minute path works; a mistake shows as the compiler gives it")
    func path() async throws {
        let folder = try Folder()
        _ = try await Finished(["new", "hello"], in: folder)
        let build = try await Finished(["build", "hello", "--json"], in: folder)
        #expect(build.status == 0, "\(build.stderr)")
        #expect(build.stdout.contains(#""exports":["#))
        let check = try await Finished(["check", "hello"], in: folder)
        #expect(check.status == 0, "\(check.stderr)")
        #expect(check.stdout.hasSuffix("ok\n"))
        let run = try await Finished(
            ["run", "hello", "--call", "greet", "--arg", "Ada"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.contains("Ada"))
        let pact = String(decoding: try folder.read("hello/actor.pact"), as: UTF8.self)
        try folder.write(
            pact.replacingOccurrences(of: "name: string", with: "name: u32"), to: "hello/actor.pact"
        )
        let outdated = try await Finished(["check", "hello"], in: folder)
        #expect(outdated.status == 1)
        #expect(outdated.stderr.contains("check.outdated"))
        try folder.write(pact, to: "hello/actor.pact")
        let source = try folder.read("hello/Sources/Actor.swift")
        try folder.write(
            source + Array("\nlet wrong: Int = \"text\"\n".utf8), to: "hello/Sources/Actor.swift")
        let broken = try await Finished(["build", "hello"], in: folder)
        #expect(broken.status == 7)
        #expect(broken.stderr.contains("hello/Sources/Actor.swift:"), "\(broken.stderr)")
        #expect(broken.stderr.contains("build.compile"))
    }
}
