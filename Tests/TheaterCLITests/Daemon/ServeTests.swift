// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient

/// The configuration of a node, and what service managers give it.
@Suite("theater serve", .timeLimit(.minutes(2)))
struct ServeTests {
    @Test("a configuration with a mistake is refused at its place, with the nearest key")
    func mistakes() async throws {
        let folder = try Folder()
        for (text, words) in [
            (
                "grase = \"1s\"\n",
                "c.toml:1:1: 'grase' is not a key of the configuration; did you mean 'grace'?"
            ),
            ("grace = 5\n", "'grace' must be a duration"), ("log_level = \"loud\"\n", "one of"),
            ("data = \"\"\n", "'data' is empty"), ("x", "c.toml:1:"),
            ("listen = \"0.0.0.0:80\"\n", "[server.not-loopback]"),
        ] {
            try folder.write(text, to: "c.toml")
            let wrong = try await Finished(["serve", "--config", "c.toml", "--check"], in: folder)
            #expect([2, 4].contains(wrong.status), "\(text)")
            #expect(wrong.stderr.contains(words), "\(wrong.stderr)")
        }
        let missing = try await Finished(["serve", "--config", "none.toml"], in: folder)
        #expect(missing.status == 4 && missing.stderr.contains("none.toml"))
    }

    // Goal: the configuration that comes with the service is one, also when somebody takes the signs off its lines.
    @Test("the shipped configuration has no mistake, as it is and with all of its keys")
    func shipped() async throws {
        let folder = try Folder()
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../../Packaging/theater.toml")
        let text = try String(contentsOf: file.standardized, encoding: .utf8)
        let keys = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("# ") && line.contains(" = \"") ? line.dropFirst(2) : line
        }
        let all = keys.joined(separator: "\n")
        #expect(all.contains("\nroster = ") && all.contains("\nlisten = "), "\(all)")
        // What they name must be there.
        let place = "/etc/theater/actors"
        let here = all.replacing(place, with: folder.path("actors"))
        #expect(here != all)
        let missing = try await Finished(["serve", "--check", "--roster", "none"], in: folder)
        #expect(missing.status == 4 && missing.stderr.contains("none"), "\(missing.stderr)")
        try folder.write(try TestActors.states(), to: "actors/one/one.wasm")
        try folder.write(TestActors.manifest("one"), to: "actors/one/manifest.toml")
        for (name, words) in [("shipped.toml", text), ("all.toml", here)] {
            try folder.write(words, to: name)
            let checked = try await Finished(["serve", "--check", "--config", name], in: folder)
            #expect(checked.status == 0, "\(name): \(checked.stderr)")
        }
    }

    // Goal: the file says what counts, the command line goes before it, and SIGHUP takes over what can be.
    // Method: the folder of the roster and the level of the logs change beneath a running node.
    @Test("SIGHUP takes over what can change, and tells what cannot")
    func reload() async throws {
        let folder = try Folder()
        let path = folder.path("notify")
        let listener = try RawSocket.datagrams(path)
        defer { close(listener) }
        try folder.write(
            "data = \"kept\"\nroster = \"actors\"\nsocket = \"data/theater.sock\"\n",
            to: "c.toml")
        try folder.write(try TestActors.states(), to: "actors/one/one.wasm")
        try folder.write(TestActors.manifest("one"), to: "actors/one/manifest.toml")
        try folder.write("", to: "data/placeholder")
        let node = try await RunningNode(
            ["--config", "c.toml"], in: folder, environment: ["NOTIFY_SOCKET": path])
        _ = try await node.program.line(containing: "ready")
        #expect(RawSocket.datagram(listener).hasPrefix("EXTEND_TIMEOUT_USEC="))
        #expect(RawSocket.datagram(listener).hasPrefix("READY=1\n"))
        #expect(FileManager.default.fileExists(atPath: folder.path("kept/roster.json")))
        let socket = ["--socket", "data/theater.sock"]
        #expect(try await node.run(["ps", "--json"] + socket).stdout.contains("\"one\""))

        try folder.write(try TestActors.states(), to: "actors/two.wasm")
        try folder.write(TestActors.manifest("two"), to: "actors/two.toml")
        try folder.write("roster = \"actors\"\ndata = \"kept\"\ndrain = \"1s\"\n", to: "c.toml")
        node.program.send(SIGHUP)
        let fixed = try await node.program.line(containing: "counts from the next start")
        #expect(fixed.contains("socket, drain"), "\(fixed)")
        _ = try await node.program.line(containing: "roster: + two  started")
        _ = try await node.program.line(containing: "read again")
        #expect(RawSocket.datagram(listener).hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        #expect(RawSocket.datagram(listener).hasPrefix("READY=1\n"))

        for name in ["one", "two.wasm", "two.toml"] {
            try FileManager.default.removeItem(atPath: folder.path("actors/\(name)"))
        }
        node.program.send(SIGHUP)
        let emptied = try await node.program.line(containing: "the roster stays as it is")
        #expect(emptied.contains("has no manifests"), "\(emptied)")
        _ = try await node.program.line(containing: "read again")

        try folder.write("rooster = \"actors\"\n", to: "c.toml")
        node.program.send(SIGHUP)
        let bad = try await node.program.line(containing: "is not taken")
        #expect(bad.contains("did you mean 'roster'"), "\(bad)")
        #expect(
            try await node.run(["ps", "--quiet"] + socket).stdout.split(separator: "\n").count == 2)
        #expect(await node.stop() == 0)
    }

    @Test("without a configuration SIGHUP ends the node in order")
    func hangup() async throws {
        let node = try await RunningNode()
        await node.client.close()
        node.program.send(SIGHUP)
        #expect(await node.program.status() == 0)
        #expect(node.program.stderr.contains("stopped"))
    }

    @Test("serves at a Unix socket and at a port that were passed, and leaves the path where it is")
    func passed() async throws {
        let folder = try Folder()
        let path = folder.path("passed.sock")
        let local = try RawSocket.listen(path)
        chmod(path, 0o600)
        let port = try RawSocket.listenLocally()
        try folder.write(try TestActors.states(), to: "actors/one.wasm")
        try folder.write(TestActors.manifest("one"), to: "actors/one.toml")
        let program = try PassedProgram(
            ["serve", "--data", folder.path("data"), "--roster", folder.path("actors")],
            in: folder, sockets: [local, port.descriptor])
        try await program.line(containing: "ready")
        let health = try await RawSocket.request(path, "GET", "/healthz")
        #expect(health.status == 200)
        let node = try await RawSocket.request(path, "GET", "/v1/node")
        #expect(node.status == 200)
        // The port wants a token, as one of the node's own.
        let refused = try await RawSocket.request(
            "127.0.0.1:\(port.number)", "GET", "/v1/node", host: "127.0.0.1:\(port.number)")
        #expect(refused.status == 401, "\(refused)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("data/theater.sock")))
        let listed = try await Finished(["ps", "--socket", path], in: folder)
        #expect(listed.status == 0)
        // The node takes its roster over through the socket that was passed.
        #expect(listed.stdout.contains(" one "), "\(program.stderr)")
        #expect(await program.end() == 0)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("refuses a passed socket that others may use, and sockets of other processes are none")
    func passedToOthers() async throws {
        let folder = try Folder()
        let path = folder.path("open.sock")
        let local = try RawSocket.listen(path)
        chmod(path, 0o666)
        let program = try PassedProgram(
            ["serve", "--data", folder.path("data")], in: folder, sockets: [local])
        #expect(await program.status() == 8)
        #expect(program.stderr.contains("[server.passed-socket]"), "\(program.stderr)")
        let file = try await RunningNode(
            environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"])
        #expect(await file.stop() == 0)
    }
}

extension RawSocket {
    /// Makes a socket that takes connections at a free port of this machine.
    static func listenLocally() throws -> (descriptor: Int32, number: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && Glibc.listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isListening else { throw Failed() }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}
