// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Goal: an agent with the tools of a program works, survives the program's crashes, time limits and sudden death,
/// and its chain needs neither the program nor the files that it saw. Method: the built program with the shipped
/// example and template, on files of the test.
@Suite("Agents with a tool server, as a process", .timeLimit(.minutes(5)))
struct AgentTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Copies the example as it would lie in a checkout, with files instead of links.
    private func example(in folder: Folder) async throws {
        let source = Self.repository.appending(path: "Examples/agent").path()
        for path in try FileManager.default.subpathsOfDirectory(atPath: source) {
            let file = URL(filePath: source).appending(path: path).resolvingSymlinksInPath()
            let isFile = try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile
            guard isFile == true, !path.contains("build/") else { continue }
            try folder.write([UInt8](Data(contentsOf: file)), to: "Examples/agent/\(path)")
        }
        for project in ["Examples/agent/tools", "Examples/agent"] {
            #expect(try await Finished(["build", project], in: folder).status == 0)
        }
    }

    @Test("the example reports whatever its server does, and replays without it")
    func agent() async throws {
        let folder = try Folder()
        try await example(in: folder)
        for number in 10..<60 {
            try folder.write("\(number) actors\nand an actor\n", to: "papers/\(number).txt")
        }
        try folder.write([0x61, 0xFF, 0x62], to: "papers/20.bin")
        // An expression that goes back and forth is not done with this in a lifetime.
        let long = String(repeating: "many words in a row ", count: 8) + "and a stop."
        try folder.write(String(repeating: long + "\n", count: 4), to: "papers/long.txt")
        let place = folder.url.resolvingSymlinksInPath().path
        let run = try RunningProgram(
            ["run", "Examples/agent", "--var", "folder=papers", "--chain"], in: folder
        ) { line in
            if line.contains("papers/40.txt: 2 lines, 2 mentions") { killServer(at: place) }
        }
        #expect(await run.status() == 0, "\(run.stderr)")
        let report = run.stdout
        #expect(
            report.contains("papers, seen with list_files, count, search\n51 files, 104 lines"),
            "\(report)")
        #expect(
            report.contains("count of papers/20.bin left out: the server ended with 1"), "\(report)"
        )
        #expect(report.contains("search of papers/long.txt: no answer within 5000 ms"), "\(report)")
        // Two crashes over the file that is no text, and the kill.
        #expect(run.stderr.contains("actor.name=agent/tools actor.restarts=3"), "\(run.stderr)")
        for name in ["'agent': ", "'agent/tools': "] { #expect(report.contains(name), "\(report)") }
        #expect(try await Finished(["chain", "verify"], in: folder).status == 0)

        for path in ["Examples/agent/tools/server.py", "papers"] {
            try FileManager.default.removeItem(at: folder.url.appending(path: path))
        }
        let replay = try await Finished(["replay", "agent", "agent/tools"], in: folder)
        #expect(replay.status == 0, "\(replay.stdout)\(replay.stderr)")
        #expect(replay.stdout.contains("'agent/tools'") && !replay.stdout.contains("DIVERGED"))
    }

    @Test("the template makes a client that works as its README says")
    func template() async throws {
        let folder = try Folder()
        let made = try await Finished(["new", "meter", "--template", "mcp-client"], in: folder)
        #expect(made.status == 0, "\(made.stderr)")
        #expect(try await Finished(["build", "meter"], in: folder).status == 0)
        #expect(try await Finished(["check", "meter"], in: folder).status == 0)
        let run = try await Finished(["run", "meter"], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        #expect(run.stdout.contains(#""lines": "#), "\(run.stdout)")
        for line in ["the server is files", "count: Counts the lines"] {
            #expect(run.stderr.contains(line), "\(run.stderr)")
        }
        try FileManager.default.removeItem(at: folder.url.appending(path: "meter/server.py"))
        let replay = try await Finished(["replay", "--all"], in: folder)
        #expect(replay.status == 0, "\(replay.stdout)\(replay.stderr)")
        let lost = try await Finished(["run", "meter"], in: folder)
        #expect(
            lost.status != 0 && lost.stderr.contains("the server ended with 2"), "\(lost.stderr)")

        // One that reads no more when it is written to: its end says more than that.
        try folder.write(
            """
            import os
            os.read(0, 4096)
            os.close(0)
            os.write(1, b'{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{},'
                b'"serverInfo":{"name":"deaf","version":"1"}}}\\n')
            os._exit(3)
            """, to: "meter/server.py")
        let deaf = try await Finished(["run", "meter"], in: folder)
        #expect(
            deaf.status != 0 && deaf.stderr.contains("the server is deaf")
                && deaf.stderr.contains("the server ended with 3"), "\(deaf.stderr)")
    }
}

/// Ends the tool servers that work in a folder.
private func killServer(at place: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let servers = names.compactMap { pid_t($0) }.filter { pid in
        let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        let cwd = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
        return cwd == place && String(decoding: line, as: UTF8.self).contains("server.py")
    }
    for pid in servers { kill(pid, SIGKILL) }
}
