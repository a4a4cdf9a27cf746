// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterValue

@testable import TheaterCLI

@Suite("theater run, as a process", .timeLimit(.minutes(1)))
struct RunTests {
    @Test("calls the actor, prints the answer, shows a verified chain")
    func call() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let run = try await Finished(
            ["run", "--call", "echo", "--arg", "\"hi\"", "--chain"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.hasPrefix("hi\nchain "))
        #expect(run.stdout.contains("'actor': "))
        #expect(run.stdout.contains(", verified\nhead  "))
        #expect(run.stderr.contains(" [actor] fixture: init\n"))
        let verify = try await Finished(["chain", "verify"], in: folder)
        #expect(verify.status == 0)
        #expect(verify.stdout.hasSuffix("1 chain, 7 events, verified\n"), "\(verify.stdout)")
    }

    @Test("shows what the actor did and used")
    func metrics() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let calls = ["run", "--no-record", "-q", "--metrics", "--call", "echo", "--arg", "\"hi\""]
        let run = try await Finished(calls, in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.hasPrefix("hi\ncalls   2 in "), "\(run.stdout)")
        #expect(
            run.stdout.contains(
                "\nmemory  192KiB at most\nhost    theater:simple/runtime 1\nchain   7 events\n"),
            "\(run.stdout)")
        let json = try await Finished(calls + ["--json"], in: folder)
        let lines = try json.stdout.split(separator: "\n").suffix(2).map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [String: Any]])
        }
        let metrics = try #require(lines.first?["metrics"])
        #expect(lines.last?["dead_letters"]?.isEmpty == true)
        #expect(
            Set(metrics.keys) == [
                "actor", "name", "parent", "status", "calls", "errors", "fuel_used", "call_time_ns",
                "busy_time_ns", "slowest_call_ns", "latency", "memory", "memory_peak",
                "mailbox_depth", "oldest_message_age_ns", "running_call_age_ns", "host_calls",
                "chain_length", "restarts", "warnings",
            ], "every name of Documentation/Observability.md")
        #expect(metrics["mailbox_depth"] as? Int == 0 && metrics["parent"] is NSNull)
        #expect(metrics["warnings"] as? [String] == [])
        #expect(metrics["calls"] as? Int == 2 && metrics["errors"] as? Int == 0)
        #expect(metrics["memory_peak"] as? Int == 196_608)
        #expect(metrics["status"] as? String == "stopped")
    }

    @Test("prints answers as people, as text and as JSON want them")
    func formats() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.echo())
        let calls = [
            "--call", "echo.text", "--arg", "two words", "--call", "place", "--arg",
            "{x: 1, y: -2}",
            "--call", "nothing",
        ]
        let plain = try await Finished(["run", "--no-record", "-q"] + calls, in: folder)
        #expect(plain.status == 0, "\(plain.stderr)")
        #expect(plain.stdout == "two words\npoint{x: 1s32, y: -2s32}\n")
        #expect(plain.stderr.isEmpty)
        let text = try await Finished(["run", "--no-record", "--text"] + calls, in: folder)
        #expect(text.stdout == "\"two words\"\npoint{x: 1s32, y: -2s32}\n()\n")
        let json = try await Finished(
            ["run", "--no-record", "--json", "--chain"] + calls, in: folder)
        let lines = json.stdout.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(
            lines.first
                == #"{"call":"test:echo/echo.text","ok":"two words","text":"\"two words\""}"#)
        #expect(lines.dropFirst().first?.contains(#""ok":{"x":1,"y":-2}"#) == true)
        let end = try #require(
            try JSONSerialization.jsonObject(with: Data(lines[3].utf8)) as? [String: [String: Any]])
        #expect(end["end"]?["status"] as? String == "stopped")
        #expect(
            Set(end["end"]?.keys.map { $0 } ?? []) == [
                "actor", "name", "status", "reason", "result",
            ])
        let chain = try #require(
            try JSONSerialization.jsonObject(with: Data(lines[4].utf8)) as? [String: [String: Any]])
        #expect(chain["chain"]?["valid"] as? Bool == true)
        #expect(chain["chain"]?["head"] as? String != nil)
    }

    @Test("feeds standard input as text and as bytes")
    func input() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.echo())
        let text = try await Finished(
            ["run", "--call", "echo.text", "--stdin"], in: folder, input: Array("a\nbé\n".utf8))
        #expect(text.stdout == "a\nbé\n")
        #expect(text.status == 0)
        let bytes = try await Finished(
            ["run", "--call", "data", "--stdin"], in: folder, input: [0xFF, 0xFE])
        #expect(bytes.stdout.hasSuffix("\n"))
        #expect(try ValueText.parse(bytes.stdout) == .bytes([0xFF, 0xFE]))
        let bad = try await Finished(
            ["run", "--call", "echo.text", "--stdin"], in: folder, input: [0x61, 0xFF])
        #expect(bad.status == 2)
        #expect(bad.stdout.isEmpty)
        #expect(bad.stderr.contains("not UTF-8 (byte 1)"))
        let large = try await Finished(
            ["run", "--call", "data", "--stdin"], in: folder,
            input: [UInt8](repeating: 0x61, count: RunPlan.inputSizeMax + 1))
        #expect(large.status == 2)
        #expect(large.stderr.contains("16 MiB"))
    }

    @Test("a wrong call starts nothing")
    func wrongCall() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let unknown = try await Finished(["run", "--call", "ecko"], in: folder)
        #expect(unknown.status == 2)
        #expect(unknown.stderr.contains("echo"))
        #expect(!unknown.stderr.contains("fixture: init"))
        let list = try await Finished(["chain", "list", "--json"], in: folder)
        #expect(list.stdout.isEmpty)
    }

    @Test("an error answer, a trap and an endless loop are status 1, and the chain is whole")
    func failures() async throws {
        let folder = try Folder()
        try folder.put(
            try TestActors.fixture(), more: "[limits]\nfuel_per_call = 1000000\n")
        for (function, word) in [
            ("fail", "fixture says no"), ("trap", "unreachable"), ("spin", "fuel_per_call"),
        ] {
            let run = try await Finished(["run", "--call", function, "--chain"], in: folder)
            #expect(run.status == 1, "\(function): \(run.stderr)")
            #expect(run.stderr.contains(word), "\(run.stderr)")
            #expect(run.stdout.contains("verified"), "\(run.stdout)")
        }
        let json = try await Finished(["run", "--call", "fail", "--json"], in: folder)
        #expect(json.stdout.contains(#""err":"fixture says no""#))
        let last = try #require(json.stderr.split(separator: "\n").last)
        #expect(last.hasPrefix(#"{"error":{"code":"actor.guest-error","message":"#))
    }

    @Test("an actor that ends by itself gives its result")
    func completed() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.quitter(result: Array("farewell".utf8)))
        let check = try await Finished(["check"], in: folder)
        #expect(
            check.stdout.contains(
                "shutdown: func(data: option<list<u8>>) -> result<_, string>"),
            "\(check.stdout)")
        let run = try await Finished(["run"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout == "farewell\n")
        let json = try await Finished(["run", "--json"], in: folder)
        #expect(json.stdout.contains(#""status":"completed","reason":null,"result":"farewell""#))
    }

    @Test("a signal stops a running actor in order", arguments: [SIGTERM, SIGINT])
    func signals(signal: Int32) async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let run = try RunningProgram(["run"], in: folder)
        _ = try await run.line(containing: "is running as")
        run.send(signal)
        #expect(await run.status() == 0, "\(run.stderr)")
        let verify = try await Finished(["chain", "verify"], in: folder)
        #expect(verify.status == 0)
        let show = try await Finished(["chain", "show"], in: folder)
        #expect(show.stdout.contains("exited stopped"))
    }

    @Test("an actor that does not stop is ended after the grace period, status 9")
    func grace() async throws {
        let folder = try Folder()
        try folder.put(
            try TestActors.fixture(),
            more: "[limits]\ncall_timeout = \"1h\"\nfuel_per_call = 4611686018427387904\n")
        let run = try RunningProgram(["run", "--call", "spin", "--grace", "1ms"], in: folder)
        _ = try await run.line(containing: "fixture: init")
        run.send(SIGTERM)
        #expect(await run.status() == 9, "\(run.stderr)")
        let verify = try await Finished(["chain", "verify"], in: folder)
        #expect(verify.status == 0, "\(verify.stdout)")
    }

    @Test("a second signal ends at once, status 9")
    func secondSignal() async throws {
        let folder = try Folder()
        try folder.put(
            try TestActors.fixture(),
            more: "[limits]\ncall_timeout = \"1h\"\nfuel_per_call = 4611686018427387904\n")
        let run = try RunningProgram(["run", "--call", "spin", "--grace", "1h"], in: folder)
        _ = try await run.line(containing: "fixture: init")
        run.send(SIGINT)
        _ = try await run.line(containing: "stopping")
        run.send(SIGINT)
        #expect(await run.status() == 9, "\(run.stderr)")
        #expect(try await Finished(["chain", "verify"], in: folder).status == 0)
    }

    @Test("one process at a time has a data directory; others can read it")
    func locked() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let first = try RunningProgram(["run"], in: folder)
        _ = try await first.line(containing: "is running as")
        let second = try await Finished(["run"], in: folder)
        #expect(second.status == 8)
        #expect(second.stderr.contains("journal.locked"))
        #expect(second.stderr.contains("--data DIR"))
        let reader = try await Finished(["chain", "list"], in: folder)
        #expect(reader.status == 0)
        #expect(reader.stdout.contains("actor"))
        first.send(SIGTERM)
        #expect(await first.status() == 0)
        #expect(
            try await Finished(["run", "--call", "echo", "--arg", "1"], in: folder).status == 0)
    }

    @Test("says when a source is newer than the module")
    func changedSource() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture())
        let before = try await Finished(["run", "--call", "echo", "--arg", "1"], in: folder)
        #expect(!before.stderr.contains("was changed after"))
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "Sources"), withIntermediateDirectories: true)
        try folder.write("// new", to: "Sources/Actor.swift")
        let after = try await Finished(["run", "--call", "echo", "--arg", "1"], in: folder)
        #expect(after.status == 0)
        #expect(after.stderr.contains("was changed after"), "\(after.stderr)")
        #expect(after.stderr.contains("theater build"))
    }

    @Test("a killed process leaves a chain that verifies")
    func killed() async throws {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), more: "[chain]\ndurability = \"strict\"\n")
        let run = try RunningProgram(["run"], in: folder)
        _ = try await run.line(containing: "is running as")
        run.send(SIGKILL)
        #expect(await run.status() == -SIGKILL)
        let verify = try await Finished(["chain", "verify"], in: folder)
        #expect(verify.status == 0, "\(verify.stdout)")
        #expect(
            try await Finished(["run", "--call", "echo", "--arg", "1"], in: folder).status == 0)
    }
}
