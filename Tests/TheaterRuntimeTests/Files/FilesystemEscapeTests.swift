// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: no actor reaches anything outside of its root, and each attempt is a denial in its chain. Method:
/// attempts with every function; then a thread that swaps a folder for a link meanwhile.
@Suite("Escapes from the handler filesystem", .timeLimit(.minutes(2)))
struct FilesystemEscapeTests {
    private let files: FileStage

    init() throws { files = try FileStage() }

    private let commands: [String: ManifestValue] = [
        "allowed_commands": .array([.string("pwd"), .string("cat")])
    ]

    @Test("paths that lead out are denied to every function, and recorded")
    func paths() async throws {
        let id = try await files.actor(commands)
        try files.folder("inside/a")
        try files.link("inside/absolute", to: files.outside)
        try files.link("inside/relative", to: "../outside")
        try files.link("inside/a/deep", to: "../../outside")
        let paths: [(String, Set<String>)] = [
            ("../outside/secret", ["filesystem.outside"]),
            ("a/../../outside", ["filesystem.outside"]),
            ("/etc/passwd", ["filesystem.outside"]), (files.inside + "/x", ["filesystem.outside"]),
            ("absolute/secret", ["filesystem.outside"]), ("relative/new", ["filesystem.outside"]),
            ("a/deep/secret", ["filesystem.outside"]), ("a\0b", ["filesystem.bad-path"]),
            ("", ["filesystem.bad-path"]),
        ]
        var count = 0
        for (path, codes) in paths {
            for (function, arguments) in FileStage.calls(path) {
                let code = try await files.code(id, function, arguments)
                // A command's folder is checked where commands are.
                let isRight =
                    codes.contains(code ?? "")
                    || function == "execute-command" && code == "process.folder-denied"
                #expect(isRight, "\(function) \(path.debugDescription): \(code ?? "done")")
                count += 1
            }
        }
        let denials = try await files.stage.denials(id)
        #expect(denials.count == count)
        #expect(denials.allSatisfy { !$0.contains("secret text") })
        #expect(files.read("outside/secret") == "secret")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: files.outside) == ["secret"])
        await files.close()
    }

    @Test("a folder that others swap for a link while it is used leads nowhere else")
    func swap() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        let id = try await files.actor(commands)
        try files.folder("inside/swap")
        try files.write("inside/swap/secret", "public")
        try files.link("inside/other", to: files.outside)
        let isOver = Atomic<Bool>(false)
        let inside = files.inside
        let swapper = Thread {
            // Three renames, of which each leaves the names in a state of its own.
            while !isOver.load(ordering: .relaxed) {
                rename(inside + "/swap", inside + "/kept")
                rename(inside + "/other", inside + "/swap")
                rename(inside + "/kept", inside + "/other")
            }
        }
        swapper.start()
        defer { isOver.store(true, ordering: .relaxed) }
        var seen: [String: Int] = [:]
        for step in 0..<600 {
            let folder = ["swap", "other"][random.next(below: 2)]
            let calls: [(String, [Value])] = [
                ("read-file", [.string(folder + "/secret")]),
                ("write-file", [.string(folder + "/secret"), .string("public")]),
                ("write-atomic", [.string(folder + "/whole"), .bytes([1])]),
                ("append", [.string(folder + "/log"), .bytes([1])]),
                ("create-dir", [.string(folder + "/\(step)")]),
                ("delete-file", [.string(folder + "/log")]),
                ("path-exists", [.string(folder + "/secret")]),
                (
                    "execute-command",
                    [.string(folder), .string("cat"), .list(.string, [.string("secret")])]
                ),
            ]
            let (function, arguments) = calls[random.next(below: calls.count)]
            do {
                let value = try await files.stage.host(id, function, arguments)
                if function == "read-file" {
                    #expect(
                        [Array("public".utf8), []].contains(value.asBytes),
                        "seed \(seed), step \(step)")
                }
                if function == "execute-command" {
                    let output = value.asVariant?.payload.first?.field(named: "stdout")?.asString
                    #expect(output != "secret", "seed \(seed), step \(step)")
                }
                seen["done", default: 0] += 1
            } catch {
                let text = error.value?.asString ?? ""
                let isDenied =
                    text.hasSuffix("[filesystem.outside]")
                    || text.hasSuffix("[process.folder-denied]")
                seen[isDenied ? "denied" : "other", default: 0] += 1
            }
        }
        isOver.store(true, ordering: .relaxed)
        #expect(files.read("outside/secret") == "secret", "seed \(seed)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: files.outside) == ["secret"],
            "seed \(seed)")
        #expect(seen["done", default: 0] > 20 && seen["denied", default: 0] > 20, "\(seen)")
        #expect(try await files.stage.denials(id).count == seen["denied"])
        await files.close()
    }
}

extension Stage {
    fileprivate func host(_ id: ActorID, _ function: String, _ arguments: [Value])
        async throws(ActorError) -> Value
    {
        let answer = try await system.call(id, "test:m/m.\(function)", arguments)
        guard case .result(_, _, .ok(let value)) = answer else { return answer }
        return value
    }
}
