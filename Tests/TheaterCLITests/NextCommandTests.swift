// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterCLI

/// Goal: whoever asks for something that is not there is told what failed, on which thing, and what to type next.
@Suite("Errors name the next command", .timeLimit(.minutes(2)))
struct NextCommandTests {
    @Test("events and logs are read from the data directory when no node serves it")
    func withoutNode() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), name: "greeter")
        func run(
            _ arguments: [String], _ variables: [String: String] = [:]
        ) async -> InProcess {
            await InProcess(
                arguments,
                environment: variables.merging(["THEATER_HOME": folder.path("data")]) { $1 })
        }
        let none = await run(["logs", "greeter"])
        #expect(none.status == .unreachable && none.messages.contains("`theater serve`"))
        let made = await run(["run", folder.path("manifest.toml"), "--call", "echo", "--arg", "1"])
        #expect(made.status == .success, "\(made.messages)")
        let logs = await run(["logs", "greeter"])
        #expect(logs.results.hasSuffix(" fixture: init\n"), "\(logs.messages)")
        let events = await run(["events", "greeter", "--type", "theater.runtime/", "--from", "1"])
        let lines = events.results.split(separator: "\n")
        #expect(lines.count > 2 && !events.results.contains("spawned"), "\(events.results)")
        #expect(!events.results.contains("fixture: init"))
        #expect(await run(["events", "nobody"]).messages.contains("`theater chain list`"))
        #expect(await run(["events", "greeter", "--follow"]).status == .unreachable)
        let other = await run(["logs", "greeter"], ["THEATER_SOCKET": folder.path("none")])
        #expect(other.status == .unreachable)
        #expect(await run(["logs", "greeter", "--socket", "none"]).status == .unreachable)
    }

    @Test("of chains and stores")
    func stored() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), name: "greeter")
        try folder.write("x", to: "file")
        func run(_ arguments: [String]) async -> InProcess {
            await InProcess(arguments, environment: ["THEATER_HOME": folder.path("data")])
        }
        for arguments in [
            ["run", folder.path("manifest.toml"), "--call", "echo", "--arg", "1", "--quiet"],
            ["store", "put", folder.path("file"), "--label", "front", "--store-id", "pages"],
        ] {
            let made = await run(arguments)
            #expect(made.status == .success, "\(made.messages)")
        }
        let expected: [(arguments: [String], status: CommandStatus, says: [String])] = [
            (
                ["store", "get", "back"], .failure,
                ["'back'", "`theater store ls --store-id default`"]
            ),
            (
                ["store", "get", "store://pages/back"], .failure,
                ["'back'", "`theater store ls --store-id pages`"]
            ),
            (
                ["store", "label", "back", "--store-id", "pages", "--remove"], .failure,
                ["'back'", "`theater store ls --store-id pages`"]
            ),
            (
                ["store", "label", "front", "--remove", "--store-id", "pages", "--expect", "none"],
                .failure, ["'front'", "`theater store label LABEL`"]
            ),
            (
                ["chain", "show", "greter"], .usage,
                ["did you mean 'greeter'", "`theater chain list`"]
            ),
            (["chain", "verify", "nobody"], .usage, ["'nobody'", "`theater chain list`"]),
            (["replay", "abc"], .usage, ["'abc'", "needs 4 digits", "`theater chain list`"]),
            (
                ["replay", "greeter", "--until", "99"], .usage,
                ["'greeter'", "no event 99", "the last is 6", "`theater chain show greeter`"]
            ),
            (["step", "greeter@99"], .usage, ["no event 99", "`theater chain show greeter`"]),
            (["fork", "greeter@99"], .usage, ["no event 99", "`theater chain show greeter`"]),
            (["diff", "greeter", "greeter@99"], .usage, ["no event 99"]),
            (
                ["chain", "prove", "greeter", "99"], .usage,
                ["no event 99", "`theater chain list`"]
            ),
            (
                ["chain", "restore", folder.path("data")], .data,
                ["is no finished backup", "`theater chain backup`"]
            ),
            (
                ["chain", "export", "greeter", "-o", folder.path("no/where")], .data,
                ["no/where':", "make the directory"]
            ),
            (["abi", "decode", "zz"], .usage, ["'zz'", "- for standard input"]),
            (
                ["upgrade", folder.path("file"), "--actors", "greeter"], .module,
                ["file' is no WebAssembly module", "`theater build`"]
            ),
            (["ps"], .unreachable, ["`theater serve`", "--data DIR"]),
            (
                ["ps", "--server", "http://127.0.0.1:1"], .unreachable,
                ["'http://127.0.0.1:1'", "--listen", "--server"]
            ),
        ]
        for (arguments, status, says) in expected {
            let refused = await run(arguments)
            #expect(refused.status == status, "\(arguments): \(refused.messages)")
            for words in says {
                #expect(refused.messages.contains(words), "\(arguments): \(refused.messages)")
            }
            #expect(!refused.messages.contains(".part"), "\(arguments): \(refused.messages)")
        }
    }
}
