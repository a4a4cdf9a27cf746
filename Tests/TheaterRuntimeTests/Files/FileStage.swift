// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterFiles
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterProcess
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// A stage whose actors use real files: a root, and beside it what must not be reached.
final class FileStage: Sendable {
    let stage: Stage
    let processes = ProcessHost()
    let files = FileHost()
    let path: String
    var inside: String { path + "/inside" }
    var outside: String { path + "/outside" }

    static let types = """
        enum file-kind { file, folder, link, other }
        record file-status { kind: file-kind, size: u64, modified: u64 }
        record file-entry { name: string, kind: file-kind, size: u64 }
        record command-success { stdout: string, stderr: string, exit-code: s32 }
        record command-error { message: string }
        variant command-result { success(command-success), error(command-error) }
        """
    private static let base = "theater:simple/filesystem"
    private static let more = "theater:simple/files"
    static let functions: [SmallHandler.Function] = [
        (base, "read-file", "path: string", "result<list<u8>, string>"),
        (base, "write-file", "path: string, content: string", "result<_, string>"),
        (base, "list-files", "path: string", "result<list<string>, string>"),
        (base, "delete-file", "path: string", "result<_, string>"),
        (base, "create-dir", "path: string", "result<_, string>"),
        (base, "delete-dir", "path: string", "result<_, string>"),
        (base, "path-exists", "path: string", "result<bool, string>"),
        (
            base, "execute-command", "dir: string, command: string, args: list<string>",
            "result<command-result, string>"
        ),
        (more, "stat", "path: string", "result<file-status, string>"),
        (more, "list-entries", "path: string", "result<list<file-entry>, string>"),
        (more, "read-range", "path: string, offset: u64, size: u32", "result<list<u8>, string>"),
        (more, "write-bytes", "path: string, content: list<u8>", "result<_, string>"),
        (more, "write-atomic", "path: string, content: list<u8>", "result<_, string>"),
        (more, "create-file", "path: string, content: list<u8>", "result<_, string>"),
        (more, "append", "path: string, content: list<u8>", "result<u64, string>"),
        (more, "rename", "path: string, target: string", "result<_, string>"),
    ]

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "theater-filesystem-\(UUID().uuidString)")
        path = url.resolvingSymlinksInPath().path
        for name in ["/inside", "/outside"] {
            try FileManager.default.createDirectory(
                atPath: path + name, withIntermediateDirectories: true)
        }
        try Data("secret".utf8).write(to: URL(fileURLWithPath: path + "/outside/secret"))
        var services = HandlerServices()
        services.provide(processes)
        services.provide(files)
        services.provide(EnvironmentVariables(["SECRET": "x"]))
        stage = try Stage(
            handlers: [RuntimeHandler.self, GateHandler.self, FilesystemHandler.self],
            services: services)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func close() async {
        await stage.system.shutDown()
        await processes.close()
        files.close()
    }

    /// An actor that may read and write below the root, but for what other keys say; without a root when the
    /// path is empty.
    func actor(
        _ keys: [String: ManifestValue] = [:], name: String = "actor",
        change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        var all: [String: ManifestValue] = ["path": .string(inside), "write": .bool(true)]
        all.merge(keys) { $1 }
        if all["path"] == .string("") { all["path"] = nil }
        return try await stage.small(
            "filesystem", Self.functions, all, name: name, change: change
        ) { $0.types = Self.types }
    }

    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: path + "/" + name)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func folder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path + "/" + name, withDestinationPath: target)
    }

    /// The code of the error that a function of an actor ends with; `nil` for none.
    func code(_ id: ActorID, _ function: String, _ arguments: [Value]) async throws -> String? {
        do {
            _ = try await stage.system.call(id, "test:m/m.\(function)", arguments)
            return nil
        } catch {
            #expect(error.code == .guestError, "\(error)")
            let text = try #require(error.value?.asString, "\(error)")
            return text.split(separator: "[").last.map { String($0.dropLast()) }
        }
    }

    /// Every function, with a path in the place of its first.
    static func calls(_ path: String) -> [(String, [Value])] {
        let path = Value.string(path)
        return [
            ("read-file", [path]), ("write-file", [path, .string("x")]), ("list-files", [path]),
            ("delete-file", [path]), ("create-dir", [path]), ("delete-dir", [path]),
            ("path-exists", [path]),
            ("execute-command", [path, .string("pwd"), .list(.string, [])]), ("stat", [path]),
            ("list-entries", [path]), ("read-range", [path, .u64(0), .u32(1)]),
            ("write-bytes", [path, .bytes([1])]), ("write-atomic", [path, .bytes([1])]),
            ("create-file", [path, .bytes([1])]), ("append", [path, .bytes([1])]),
            ("rename", [path, .string("x")]), ("rename", [.string("a"), path]),
        ]
    }
}
