// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// Programs that the grant does not name.
extension EscapeTests {
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
}
