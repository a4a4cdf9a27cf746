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
    private let processes: ProcessStage
    private let folder: String

    init() throws {
        processes = try ProcessStage(["SECRET": "x", "TZ": "UTC", "LD_PRELOAD": "/evil.so"])
        let url = FileManager.default.temporaryDirectory.appending(
            path: "theater-escape-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func program(_ name: String, _ text: String) throws -> String {
        let file = folder + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        return file
    }

    private func link(_ name: String, to target: String) throws -> String {
        let path = folder + "/" + name
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        return path
    }

    private func folder(_ name: String) throws -> String {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// Expects one recorded denial of a code.
    private func denied(
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

    @Test("programs other than those in the grant, under whatever name")
    func programs() async throws {
        let own = try program("true", "#!/bin/sh\necho mine")
        let sneaky = try link("sneaky", to: "/bin/sh")
        let id = try await processes.actor([
            "allowed_programs": .array([.string("true"), .string("/bin/cat")])
        ])
        for path in ["/bin/sh", "sh", own, sneaky, "/bin/../bin/sh", "/proc/self/exe"] {
            try await denied(id, "process.program-denied", path, [], "\(path)")
        }
        for path in [
            "./true", "../bin/true", "bin/true", "", "tr\nue", "true\0", "..", ".",
            String(repeating: "a", count: 5000),
        ] {
            let code =
                path == ".." || path == "." ? "process.program-denied" : "process.bad-program"
            try await denied(id, code, path, [], "\(path.debugDescription)")
        }
        _ = try await processes.spawn(id, "true")
        // Another name of a program in the grant runs it, under the grant's name.
        let friendly = try link("friendly", to: "/bin/cat")
        let pid = try await processes.spawn(id, friendly, "/proc/self/cmdline")
        let heard = try await processes.heard(id, exits: 2)
        let line = heard.first { $0.kind == "out" && $0.process == pid }?.text ?? ""
        #expect(line.hasPrefix("/bin/cat\0"), "\(heard)")
        await processes.close()
    }

    @Test("a folder of programs is what really lies there, not what links in it lead to")
    func folderOfPrograms() async throws {
        let inside = try folder("tools")
        _ = try folder("tools/deep")
        _ = try folder("tools-beside")
        let own = try program("tools/own", "#!/bin/sh\necho own")
        let beside = try program("tools-beside/own", "#!/bin/sh\necho beside")
        let id = try await processes.actor(["allowed_programs": .array([.string(inside + "/*")])])
        for path in [
            try link("tools/shell", to: "/bin/sh"), try link("tools/bin", to: "/bin") + "/sh",
            inside + "/../tools-beside/own", inside + "/deep/../../tools-beside/own", beside,
            "/proc/self/root/bin/sh", "/dev/null", "sh",
        ] {
            try await denied(id, "process.program-denied", path, [], "\(path)")
        }
        // What is no program of its own is none in the folder either.
        let pipe = inside + "/pipe"
        #expect(mkfifo(pipe, 0o777) == 0)
        for path in [inside + "/deep", pipe] {
            #expect(
                try await processes.refusal(id, path).hasSuffix("[process.no-program]"), "\(path)")
        }
        // A link from elsewhere, and a way around, lead to what is allowed.
        for path in [own, try link("shortcut", to: own), inside + "/deep/../own"] {
            _ = try await processes.spawn(id, path)
        }
        let heard = try await processes.heard(id, exits: 3)
        #expect(heard.filter { $0.kind == "out" }.map(\.text) == ["own\n", "own\n", "own\n"])
        await processes.close()
    }

    @Test("a PATH of the actor's or the node's own choice")
    func path() async throws {
        _ = try program("true", "#!/bin/sh\necho hijacked")
        let id = try await processes.actor([
            "allowed_programs": .array([.string("true"), .string("sh")]),
            "env_allow": .array([.string("*")]),
        ])
        try await denied(id, "process.variable-denied", "true") {
            $0.environment = [("PATH", self.folder)]
        }
        _ = try await processes.spawn(id, "sh", "-c", "echo $PATH")
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.first?.text.hasPrefix("/usr/local/sbin:") == true)
        await processes.close()
    }

    @Test("a file that is swapped after the check runs as it was checked")
    func swap() async throws {
        let path = try program("tool", "#!/bin/sh\necho original")
        let id = try await processes.actor(["allowed_programs": .array([.string(path)])])
        // The race is run many times: whatever is seen is one of the two files, never an error between.
        let swapper = Task { [folder] in
            var round = 0
            while !Task.isCancelled {
                round += 1
                let other = folder + "/other"
                try "#!/bin/sh\necho swapped".write(
                    toFile: other, atomically: false, encoding: .utf8)
                chmod(other, 0o755)
                rename(other, path)
                await Task.yield()
            }
        }
        for _ in 0..<20 {
            let answer = try? await processes.spawn(id, path)
            if answer == nil {
                let denials = try await processes.stage.denials(id)
                #expect(denials.allSatisfy { $0.hasSuffix("[process.program-denied]") })
            }
        }
        // With a pin the other file never runs: what is checked is the open file.
        let right = try digestText(try program("right", "#!/bin/sh\necho original"))
        let pinned = try await processes.actor(
            [
                "allowed_programs": .array([.string(path)]),
                "pins": .array([.string("sha256:\(right) \(path)")]),
            ], name: "pinned")
        var count = 0
        for round in 0..<40 {
            if round.isMultiple(of: 2) { _ = try program("tool", "#!/bin/sh\necho original") }
            if (try? await processes.spawn(pinned, path)) != nil { count += 1 }
        }
        swapper.cancel()
        _ = try? await swapper.value
        let heard = try await processes.heard(pinned, exits: count)
        #expect(heard.allSatisfy { $0.text == "original\n" || $0.text == "0" }, "\(heard)")
        let denials = try await processes.stage.denials(pinned)
        #expect(denials.allSatisfy { $0.hasSuffix("[process.wrong-digest]") }, "\(denials)")
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

    @Test("a program that is not the pinned one")
    func pins() async throws {
        let path = try program("tool", "#!/bin/sh\necho original")
        let digest = "sha256:4b4a31d4b7cd3bbd8fd9b2ad3a9e0ab0a7a7f0d4b9b1b6d9b8a1c1b2d3e4f506"
        let wrong = try await processes.actor([
            "allowed_programs": .array([.string(path)]),
            "pins": .array([.string("\(digest) \(path)")]),
        ])
        try await denied(wrong, "process.wrong-digest", path)
        let right = try digestText(path)
        let id = try await processes.actor(
            [
                "allowed_programs": .array([.string(path)]),
                "pins": .array([.string("sha256:\(right) \(path)")]),
            ], name: "right")
        _ = try await processes.spawn(id, path)
        #expect(try await processes.heard(id, exits: 1).first?.text == "original\n")
        _ = try program("tool", "#!/bin/sh\necho altered!")
        try await denied(id, "process.wrong-digest", path)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.write(contentsOf: Data("#!/bin/sh\necho in place".utf8))
        try handle.close()
        try await denied(id, "process.wrong-digest", path)
        _ = try program("tool", "#!/bin/sh\necho original")
        _ = try await processes.spawn(id, path)
        _ = try await processes.heard(id, exits: 2)
        await processes.close()
    }

    private func digestText(_ path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return String(text.prefix(64))
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
