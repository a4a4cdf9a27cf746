// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterCLI

@Suite("Checking a tree")
struct TreeCheckTests {
    private func child(_ name: String, _ manifest: String) -> String {
        "[[children]]\nname = \"\(name)\"\nmanifest = \"\(manifest)\"\nrestart = \"transient\"\n"
    }

    private func put(
        _ name: String, in folder: Folder, handlers: [String] = ["runtime"], more: String = ""
    ) throws {
        try folder.write(TestActors.echo(), to: "\(name)/\(name).wasm")
        try folder.write(
            TestActors.manifest(name, handlers: handlers, more: more), to: "\(name)/manifest.toml")
    }

    private func check(_ folder: Folder, _ more: String...) async -> InProcess {
        await InProcess(["check", folder.path("team")] + more)
    }

    @Test("the grants of every actor are shown before anything runs")
    func tree() async throws {
        let folder = try Folder()
        try put("leaf", in: folder, handlers: [])
        try put("worker", in: folder, more: child("leaf", "../leaf/manifest.toml"))
        try put(
            "team", in: folder,
            more: "[supervision]\nstrategy = \"rest-for-one\"\n"
                + child("first", "../worker/manifest.toml")
                + child("second", "store://workers/second"))
        let run = await check(folder)
        #expect(run.status == .success, "\(run.messages)")
        let lines = run.results.split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex { $0.hasPrefix("grants") })
        #expect(
            Array(lines[start..<(start + 8)]) == [
                "grants   team  (children rest-for-one, 3 restarts in 5s)",
                "             runtime",
                "           first  (transient; children one-for-one, 3 restarts in 5s)",
                "               runtime",
                "             leaf  (transient)",
                "                 may do nothing outside itself",
                "           second  (transient)",
                "               is in the store of a node, which is not here",
            ], "\(run.results)")
        let json = await check(folder, "--json")
        #expect(
            json.results.contains(
                #""grants":{"name":"team","manifest":"\#(folder.path("team/manifest.toml"))","#))
        #expect(
            json.results.contains(
                #""handlers":[{"type":"runtime","verdict":"granted","keys":[]}]"#))
        #expect(json.results.contains(#""warnings":[]"#))
    }

    @Test("what is in the store is checked and run like what is in files")
    func store() async throws {
        let folder = try Folder()
        let data = ["--data", folder.path("data")]
        func store(_ path: String, _ label: String) async {
            let put = await InProcess(
                ["store", "put", folder.path(path), "--label", label, "--store-id", "workers"]
                    + data)
            #expect(put.status == .success, "\(put.messages)")
        }
        try put("leaf", in: folder, more: child("deep", "near"))
        try put("near", in: folder)
        await store("leaf/leaf.wasm", "leaf.wasm")
        await store("leaf/manifest.toml", "leaf")
        await store("near/near.wasm", "near.wasm")
        await store("near/manifest.toml", "near")
        try put("team", in: folder, more: child("first", "store://workers/leaf"))
        for target in [folder.path("team"), "store://workers/leaf"] {
            let check = await InProcess(["check", target] + data)
            #expect(check.status == .success, "\(check.messages)")
            #expect(check.results.contains("deep  (transient)"), "\(check.results)")
            let run = await InProcess(
                ["run", target, "--call", "echo.text", "--arg", "hi"] + data)
            #expect(run.status == .success, "\(run.messages)")
            #expect(run.results == "hi\n")
        }
        try put("team", in: folder, more: child("first", "store://workers/nothing"))
        let missing = await check(folder, "--data", folder.path("data"))
        #expect(missing.status == .manifest)
        #expect(missing.messages.contains("[check.missing-child]"), "\(missing.messages)")
        let elsewhere = await InProcess(["run", "store://workers/leaf", "--no-record"])
        #expect(elsewhere.messages.contains("[cli.no-store]"), "\(elsewhere.messages)")
    }

    @Test("a child that asks for what its parent lacks is found, with both sides")
    func exceeds() async throws {
        let folder = try Folder()
        try put("worker", in: folder)
        try put("team", in: folder, handlers: [], more: child("w", "../worker/manifest.toml"))
        let run = await check(folder)
        #expect(run.status == .manifest)
        #expect(
            run.messages.contains(
                "'team/w': the manifest asks for handler 'runtime', which the parent does not hold")
        )
        #expect(run.messages.contains("[actor.grant-exceeds-parent]"))
        #expect(run.results.contains("runtime  refused"))
        let json = await check(folder, "--json")
        #expect(json.results.contains(#"{"type":"runtime","verdict":"refused","keys":[]}"#))
    }

    @Test("bounds of time, chance and variables are compared and shown")
    func small() async throws {
        let folder = try Folder()
        let worker = """
            [[handler]]
            type = "random"
            max_bytes = "1MiB"
            [[handler]]
            type = "timer"
            [[handler]]
            type = "environment"
            allowed_vars = ["*"]
            denied_vars = ["APP_TOKEN"]

            """
        let team = """
            [[handler]]
            type = "random"
            max_bytes = "64KiB"
            seed = 7
            [[handler]]
            type = "timer"
            min_interval_ms = 100
            interval_ms = 200
            [[handler]]
            type = "environment"
            allowed_vars = ["APP_*"]
            denied_vars = ["APP_KEY"]

            """
        try put("worker", in: folder, more: worker)
        try put("team", in: folder, more: team + child("w", "../worker/manifest.toml"))
        let run = await check(folder)
        #expect(run.status == .success, "\(run.messages)")
        for line in [
            "max_bytes: at most 64KiB; asked for at most 1MiB",
            "min_interval_ms: at least 100; asked for at least 10",
            "allowed_vars: APP_*; asked for *",
            "denied_vars: all but APP_KEY, APP_TOKEN; asked for all but APP_TOKEN",
        ] {
            #expect(run.results.contains(line), "\(line) | \(run.results)")
        }
        try put("team", in: folder, more: "[[handler]]\ntype = \"timer\"\ninterval_ms = 5\n")
        let short = await check(folder)
        #expect(short.status == .manifest)
        #expect(short.messages.contains("'interval_ms' is 5"))
    }

    @Test("a missing, a wrong and a circular child are found")
    func broken() async throws {
        let folder = try Folder()
        try folder.write("name = \"x\"\npackage = 5", to: "wrong/manifest.toml")
        try put(
            "team", in: folder,
            more: child("missing", "../gone/manifest.toml")
                + child("wrong", "../wrong/manifest.toml")
                + child("circle", "./../team/manifest.toml"))
        let run = await check(folder)
        #expect(run.status == .manifest)
        #expect(run.messages.contains("'team/missing': its manifest"))
        #expect(run.messages.contains("[check.missing-child]"))
        #expect(run.messages.contains("wrong/manifest.toml:2:11: 'package' must be"))
        #expect(run.messages.contains("'team/circle': its manifest"))
        #expect(run.messages.contains("[check.cycle]"))
        let json = await check(folder, "--json")
        #expect(json.results.contains(#""class":"manifest","code":"check.cycle""#))
    }

    @Test("a child's missing module and refused import are found, each with its class")
    func modules() async throws {
        let folder = try Folder()
        try folder.write(TestActors.manifest("empty"), to: "empty/manifest.toml")
        try folder.write(TestActors.stranger(), to: "odd/odd.wasm")
        try folder.write(TestActors.manifest("odd"), to: "odd/manifest.toml")
        try put("team", in: folder, more: child("odd", "../odd/manifest.toml"))
        let odd = await check(folder)
        #expect(odd.status == .importRefused)
        #expect(odd.messages.contains("'team/odd'"))
        try put("team", in: folder, more: child("empty", "../empty/manifest.toml"))
        let empty = await check(folder)
        #expect(empty.status == .module)
        #expect(empty.messages.contains("'team/empty'"))
    }

    @Test("a tree is followed sixteen levels deep, and through at most 1024 actors")
    func bounds() async throws {
        let folder = try Folder()
        for level in 0..<20 {
            try put(
                "a\(level)", in: folder, more: child("next", "../a\(level + 1)/manifest.toml"))
        }
        try put("team", in: folder, more: child("a0", "../a0/manifest.toml"))
        let deep = await check(folder)
        #expect(deep.messages.contains("[check.too-deep]"))
        let many = { (manifest: String) in
            (0..<60).map { self.child("c\($0)", manifest) }.joined()
        }
        try put("leaf", in: folder)
        try put("middle", in: folder, more: many("../leaf/manifest.toml"))
        try put("team", in: folder, more: many("../middle/manifest.toml"))
        let wide = await check(folder)
        #expect(wide.messages.contains("[check.too-large]"))
    }

    @Test("a tree with a child that asks for what its parent lacks does not run either")
    func exceedsInRun() async throws {
        let folder = try Folder()
        try put("worker", in: folder)
        try put("team", in: folder, handlers: [], more: child("w", "../worker/manifest.toml"))
        let arguments = [
            "run", folder.path("team"), "--no-record", "--call", "echo.text", "--arg", "hi",
        ]
        let refused = await InProcess(arguments)
        #expect(refused.status != .success)
        #expect(refused.messages.contains("'runtime', which the parent does not hold"))
        try put("team", in: folder, more: child("w", "../worker/manifest.toml"))
        let run = await InProcess(arguments)
        #expect(run.results == "hi\n", "\(run.messages)")
    }

    @Test("variables are given on the command line")
    func variables() async throws {
        let folder = try Folder()
        try put(
            "team", in: folder,
            more: "[limits]\nmailbox = \"${size}\"\n[variables]\nsize = 5\n")
        #expect(await check(folder, "--var", "size=7").status == .success)
        let wrong = await check(folder, "--var", "size=0")
        #expect(wrong.status == .manifest)
        #expect(wrong.messages.contains("[manifest.out-of-range]"))
        let unknown = await check(folder, "--var", "sise=7")
        #expect(unknown.messages.contains("did you mean 'size'?"))
        for arguments in [["--var", "size"], ["--var", "=7"], ["--var", "a=1", "--var", "a=2"]] {
            let run = await InProcess(["check", folder.path("team")] + arguments)
            #expect(run.status == .usage, "\(arguments)")
        }
        let run = await InProcess(
            [
                "run", folder.path("team"), "--no-record", "--call", "echo.text", "--arg", "hi",
                "--var", "size=9",
            ])
        #expect(run.results == "hi\n", "\(run.messages)")
    }

    @Test("warnings are shown and change no status")
    func warnings() async throws {
        let folder = try Folder()
        try folder.write(TestActors.echo(), to: "team/team.wasm")
        try folder.write(
            "save_chain = true\n" + TestActors.manifest("team"), to: "team/manifest.toml")
        let run = await check(folder)
        #expect(run.status == .success)
        #expect(run.messages.contains("warning: "))
        #expect(run.messages.contains("[manifest.no-effect]"))
        let json = await check(folder, "--json")
        #expect(json.results.contains(#""ok":true"#))
        #expect(json.results.contains(#""warnings":[""#))
    }

    @Test("a first state in a file is read for a run")
    func stateFile() async throws {
        let folder = try Folder()
        try folder.write(TestActors.echo(), to: "team/team.wasm")
        try folder.write(
            "initial_state_file = \"state.txt\"\n" + TestActors.manifest("team"),
            to: "team/manifest.toml")
        let arguments = [
            "run", folder.path("team"), "--no-record", "--call", "echo.text", "--arg", "hi",
        ]
        let missing = await InProcess(arguments)
        #expect(missing.status == .manifest)
        #expect(missing.messages.contains("manifest.toml:1:22: the first state cannot be read"))
        try folder.write("hello", to: "team/state.txt")
        #expect(await InProcess(arguments).status == .success)
    }
}
