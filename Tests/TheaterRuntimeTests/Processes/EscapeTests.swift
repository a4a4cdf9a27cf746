// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterCapability
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// Goal: what the grant does not have cannot be had, and every attempt is a denial in the chain. Method:
/// attempts on real files and programs.
@Suite("Escapes from the handler process", .timeLimit(.minutes(2)))
final class EscapeTests {
    let processes: ProcessStage
    let folder: String

    init() throws {
        processes = try ProcessStage(["SECRET": "x", "TZ": "UTC", "LD_PRELOAD": "/evil.so"])
        let url = FileManager.default.temporaryDirectory.appending(
            path: "theater-escape-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func program(_ name: String, _ text: String) throws -> String {
        let file = folder + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        return file
    }

    func link(_ name: String, to target: String) throws -> String {
        let path = folder + "/" + name
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        return path
    }

    func folder(_ name: String) throws -> String {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Expects one recorded denial of a code.
    func denied(
        _ id: ActorID, _ code: String, _ program: String, _ arguments: [String] = [],
        _ comment: Comment? = nil, change: (inout ProcessStage.Config) -> Void = { _ in }
    ) async throws {
        let before = try await processes.stage.denials(id).count
        let error = try await processes.refusal(id, program) { config in
            config.arguments = arguments
            change(&config)
        }
        #expect(error.hasSuffix("[\(code)]"), comment)
        let denials = try await processes.stage.denials(id)
        #expect(
            denials.count == before + 1 && denials.last?.hasSuffix("[\(code)]") == true, comment)
    }

    @Test("without keys nothing runs")
    func nothing() async throws {
        let id = try await processes.actor([:])
        for program in ["true", "/bin/true", "/bin/sh"] {
            try await denied(id, "process.program-denied", program)
        }
        try await denied(id, "process.program-denied", "no-such-program")
        await processes.close()
    }

    @Test("a working folder that is swapped for a link leads nowhere else")
    func swappedFolder() async throws {
        let inside = try folder("inside")
        let path = try folder("inside/work")
        let id = try await processes.actor([
            "allowed_programs": .array([.string("readlink")]),
            "allowed_paths": .array([.string(inside)]),
        ])
        let swapper = Task {
            while !Task.isCancelled {
                rename(path, path + "-away")
                symlink("/", path)
                await Task.yield()
                unlink(path)
                rename(path + "-away", path)
                await Task.yield()
            }
        }
        var count = 0
        for _ in 0..<60 {
            let answer = try? await processes.spawn(id, "readlink", "/proc/self/cwd") {
                $0.folder = path
            }
            if answer != nil { count += 1 }
        }
        swapper.cancel()
        await swapper.value
        let heard = try await processes.heard(id, exits: count).filter { $0.kind == "out" }
        #expect(heard.allSatisfy { $0.text.hasPrefix(path) }, "\(heard)")
        let denials = try await processes.stage.denials(id)
        #expect(denials.allSatisfy { $0.hasSuffix("[process.folder-denied]") }, "\(denials)")
        #expect(count + denials.count == 60)
        await processes.close()
    }

    @Test("folders outside the grant, by dots and by links")
    func folders() async throws {
        let inside = try folder("inside")
        _ = try folder("inside/deep")
        _ = try folder("insidex")
        let out = try link("inside/out", to: "/")
        let id = try await processes.actor([
            "allowed_programs": .array([.string("pwd")]),
            "allowed_paths": .array([.string(inside)]),
        ])
        for path in [
            "/", folder, inside + "x", inside + "/..", inside + "/deep/../..", out, "inside", "",
            ".",
            inside + "/none", inside + "\0/deep", "/proc/self/cwd",
        ] {
            try await denied(id, "process.folder-denied", "pwd", [], "\(path)") { $0.folder = path }
        }
        let paths = [nil, inside, inside + "/deep", inside + "/deep/.."]
        for path in paths { _ = try await processes.spawn(id, "pwd") { $0.folder = path } }
        let heard = try await processes.heard(id, exits: paths.count).filter { $0.kind == "out" }
            .sorted { $0.process < $1.process }
        #expect(heard.map(\.text) == [inside, inside, inside + "/deep", inside].map { $0 + "\n" })
        let none = try await processes.actor(
            ["allowed_programs": .array([.string("pwd")])], name: "none")
        try await denied(none, "process.folder-denied", "pwd") { $0.folder = "/" }
        _ = try await processes.spawn(none, "pwd")
        #expect(try await processes.heard(none, exits: 1).first?.text == "/\n")
        await processes.close()
    }

    @Test("variables that the grant lacks, that steer programs, or that are malformed")
    func variables() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("env")]),
            "env_allow": .array([.string("*"), .string("PYTHONPATH")]),
        ])
        for name in [
            "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "GIT_SSH_COMMAND", "NODE_OPTIONS",
            "PYTHONUSERBASE", "PYTHONWARNINGS", "PERL5DB", "LUA_INIT", "LESSOPEN", "MAKEFLAGS",
            "JDK_JAVA_OPTIONS", "DOTNET_STARTUP_HOOKS", "npm_config_node_options", "ZDOTDIR",
            "RUSTC_WRAPPER", "HOME", "XDG_CONFIG_HOME",
        ] {
            try await denied(id, "process.variable-denied", "env", [], "\(name)") {
                $0.environment = [(name, "x")]
            }
        }
        for (name, value) in [
            ("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "x\0LD_PRELOAD=y"), ("A\nLD_PRELOAD", "x"),
        ] {
            try await denied(id, "process.bad-variable", "env", [], "\(name.debugDescription)") {
                $0.environment = [(name, value)]
            }
        }
        _ = try await processes.spawn(id, "env") {
            $0.environment = [
                ("PYTHONPATH", "p"), ("A", "1"), ("A", "two\nlines"), ("LANG", "C"),
            ]
        }
        let text = try await processes.heard(id, exits: 1).filter { $0.kind == "out" }
            .map(\.text).joined()
        #expect(
            text == """
                A=two
                lines
                LANG=C
                PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
                PYTHONPATH=p
                TZ=UTC

                """)
        let many = try await processes.refusal(id, "env") { config in
            config.environment = (0...1024).map { ("V\($0)", "") }
        }
        #expect(many.hasSuffix("[process.too-large]"))
        let closed = try await processes.actor(
            ["allowed_programs": .array([.string("env")])], name: "closed")
        try await denied(closed, "process.variable-denied", "env") { $0.environment = [("A", "1")] }
        let heir = try await processes.actor(
            ["allowed_programs": .array([.string("env")]), "inherit_env": .bool(true)], name: "heir"
        )
        _ = try await processes.spawn(heir, "env")
        let inherited = try await processes.heard(heir, exits: 1).map(\.text).joined()
        #expect(inherited.contains("SECRET=x\n") && !inherited.contains("LD_PRELOAD"))
        await processes.close()
    }

    @Test("arguments that are cut off, and those that are not commands")
    func arguments() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("printf"), .string("sh")])
        ])
        try await denied(id, "process.bad-argument", "printf", ["a\0b"])
        let text = "; echo x\n$(echo y) `echo z` \"'\\"
        _ = try await processes.spawn(id, "printf", "%s", text)
        #expect(try await processes.heard(id, exits: 1).first?.text == text)
        await processes.close()
    }

    @Test("processes of another actor")
    func others() async throws {
        let owner = try await processes.actor(name: "owner")
        let pid = try await processes.spawn(owner, "cat")
        let id = try await processes.actor(name: "stranger")
        for (function, arguments) in [
            ("os-write-stdin", [.u64(pid), bytes("x")]), ("os-status", [.u64(pid)]),
            ("os-signal", [.u64(pid), .u32(9)]), ("os-kill", [.u64(pid)]),
            ("os-close-stdin", [.u64(pid)]), ("os-kill", [.u64(0)]), ("os-kill", [.u64(.max)]),
        ] as [(String, [Value])] {
            let error = try await processes.stage.failure(id, "test:m/m.\(function)", arguments)
            #expect(error.value?.asString?.hasSuffix("[process.not-found]") == true, "\(function)")
        }
        #expect(try await processes.stage.denials(id).count == 7)
        #expect(try await processes.stage.host(id, "os-list").asItems == [])
        let status = try await processes.stage.host(owner, "os-status", .u64(pid))
        #expect(status.field(named: "running") == .bool(true))
        await processes.close()
    }

    @Test("the system's number of a process is nobody's, and one number is each actor's own")
    func numbers() async throws {
        let mark = ProcessStage.mark()
        let owner = try await processes.actor(name: "owner")
        let pid = try await processes.spawn(owner, "sh", "-c", "cat; : \(mark)")
        let system = try #require(ProcessStage.processes(with: mark).first)
        for function in ["os-status", "os-kill", "os-close-stdin"] {
            let error = try await processes.stage.hostError(owner, function, .u64(UInt64(system)))
            #expect(error.hasSuffix("[process.not-found]"), "\(function)")
        }
        let other = try await processes.actor(name: "other")
        let own = try await processes.spawn(other, "cat")
        #expect(own == pid, "both are the first of their actors")
        _ = try await processes.stage.host(other, "os-write-stdin", .u64(own), bytes("other's"))
        _ = try await processes.stage.host(owner, "os-write-stdin", .u64(pid), bytes("owner's"))
        #expect(try await processes.text(other, until: "'s") == "other's")
        try await processes.stage.host(other, "os-kill", .u64(own))
        #expect(try await processes.heard(other, exits: 1).last?.text == "-15")
        #expect(try await processes.text(owner, until: "'s") == "owner's")
        try await processes.stage.host(owner, "os-close-stdin", .u64(pid))
        #expect(try await processes.heard(owner, exits: 1).map(\.text) == ["owner's", "0"])
        await processes.close()
    }

    @Test("a child's grant is never wider than its parent's")
    func children() throws {
        let registry = HandlerRegistry([ProcessHandler.self]) { CanonicalPath.resolve($0) }
        func grants(_ keys: [String: ManifestValue], parent: GrantedHandlers?) throws
            -> GrantedHandlers
        {
            let manifest = Manifest(
                name: "a", package: "a.wasm",
                handlers: [HandlerGrant(type: "process", configuration: keys)])
            return try registry.grants(
                of: manifest, parent: parent?.effective.grants ?? .unlimited)
        }
        let parent = try grants(
            [
                "allowed_programs": .array([.string("cat"), .string("/opt/*")]),
                "sandbox": .bool(true), "max_processes": .integer(3), "cpu_seconds": .integer(5),
                "pins": .array([.string("sha256:00 /bin/cat")]),
            ], parent: nil)
        let child = try grants(
            [
                "allowed_programs": .array([.string("cat"), .string("sh"), .string("/opt/x")]),
                "sandbox": .bool(false), "max_processes": .integer(30), "inherit_env": .bool(true),
                "sandbox_network": .bool(true),
            ], parent: parent)
        let keys = try #require(child.handlers.first).grant.configuration
        #expect(keys["allowed_programs"] == .array([.string("/opt/x"), .string("cat")]))
        #expect(keys["sandbox"] == .bool(true))
        #expect(keys["max_processes"] == .integer(3))
        #expect(keys["inherit_env"] == .bool(false))
        #expect(keys["sandbox_network"] == .bool(false))
        #expect(keys["cpu_seconds"] == .integer(5))
        #expect(keys["pins"] == .array([.string("sha256:00 /bin/cat")]))
    }
}
