// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

/// Goal: actors use files as their grant says, and the chain has all of it. Method: real files; every look at a
/// chain verifies and replays it, without any file.
@Suite("The handler filesystem", .timeLimit(.minutes(2)))
struct FilesystemTests {
    private let files: FileStage
    private var stage: Stage { files.stage }

    init() throws { files = try FileStage() }

    @Test("every function does what it says")
    func functions() async throws {
        let id = try await files.actor()
        func call(_ function: String, _ arguments: Value...) async throws -> Value {
            let answer = try await stage.system.call(id, "test:m/m.\(function)", arguments)
            guard case .result(_, _, .ok(let value)) = answer else { return answer }
            return value
        }
        _ = try await call("create-dir", .string("d"))
        _ = try await call("write-file", .string("d/a"), .string("héllo"))
        #expect(try await call("read-file", .string("d/a")).asBytes == Array("héllo".utf8))
        #expect(
            try await call("read-range", .string("d/a"), .u64(3), .u32(2)).asBytes
                == Array("ll".utf8))
        _ = try await call("write-bytes", .string("d/b"), .bytes([0, 0xFF]))
        #expect(try await call("append", .string("d/b"), .bytes([1])) == .u64(3))
        _ = try await call("create-file", .string("c"), .bytes([9]))
        _ = try await call("write-atomic", .string("c"), .bytes([7, 8]))
        let names = try await call("list-files", .string("."))
        #expect(names.asItems?.compactMap(\.asString) == ["c", "d"])
        let entries = try #require(try await call("list-entries", .string("d")).asItems)
        #expect(entries.map { $0.field(named: "name")?.asString } == ["a", "b"])
        #expect(entries.map { $0.field(named: "size") } == [.u64(6), .u64(3)])
        let status = try await call("stat", .string("d"))
        #expect(status.field(named: "kind")?.asVariant?.caseName == "folder")
        #expect(status.field(named: "size") == .u64(0))
        _ = try await call("rename", .string("c"), .string("d/c"))
        #expect(try await call("path-exists", .string("c")) == .bool(false))
        #expect(try await call("path-exists", .string("d/c")) == .bool(true))
        _ = try await call("delete-file", .string("d/c"))
        _ = try await call("delete-dir", .string("d"))
        let left = try FileManager.default.contentsOfDirectory(atPath: files.inside)
        #expect(left.isEmpty)
        // The files are gone; what the actor read is in its chain, and replays.
        try FileManager.default.removeItem(atPath: files.path)
        #expect(try await stage.denials(id).isEmpty)
        await files.close()
    }

    @Test("what changes files is an effect: its intent is recorded before it is done")
    func effects() async throws {
        let id = try await files.actor()
        for (function, arguments) in [
            ("create-dir", [.string("d")]), ("write-file", [.string("a"), .string("x")]),
            ("append", [.string("a"), .bytes([1])]), ("read-file", [.string("a")]),
            ("rename", [.string("a"), .string("b")]), ("delete-file", [.string("b")]),
        ] as [(String, [Value])] {
            _ = try await stage.system.call(id, "test:m/m.\(function)", arguments)
        }
        let intents = try await stage.events(of: id).compactMap { event -> String? in
            if case .intent(_, let function, _, let kind, _) = event {
                "\(function) \(kind)"
            } else {
                nil
            }
        }
        #expect(
            intents == [
                "create-dir idempotent", "write-file once", "append once", "rename once",
                "delete-file once",
            ])
        await files.close()
    }

    @Test("errors have codes, and are values")
    func errors() async throws {
        let id = try await files.actor()
        try files.folder("inside/full/x")
        try files.write("inside/file", "text")
        let expected: [(String, [Value], String)] = [
            ("read-file", [.string("none")], "not-found"),
            ("read-file", [.string("full")], "not-a-file"),
            ("list-files", [.string("file")], "not-a-folder"),
            ("write-file", [.string("full"), .string("")], "not-a-file"),
            ("write-file", [.string("no/x"), .string("")], "not-found"),
            ("create-dir", [.string("file")], "exists"),
            ("create-file", [.string("file"), .bytes([])], "exists"),
            ("delete-file", [.string("full")], "not-a-file"),
            ("delete-dir", [.string("file")], "not-a-folder"),
            ("rename", [.string("full/x"), .string("full/x/y")], "into-itself"),
            ("rename", [.string("full/x"), .string("none/y")], "not-found"),
        ]
        for (function, arguments, code) in expected {
            #expect(
                try await files.code(id, function, arguments) == "filesystem.\(code)",
                "\(function) \(arguments)")
        }
        #expect(try await stage.denials(id).isEmpty)
        await files.close()
    }

    @Test("reading and writing are granted apart, and without a path there is nothing")
    func rights() async throws {
        try files.write("inside/file", "text")
        let reader = try await files.actor(["write": .bool(false)], name: "reader")
        let writer = try await files.actor(["read": .bool(false)], name: "writer")
        let nobody = try await files.actor(["path": .string("")], name: "nobody")
        let reading: Set = [
            "read-file", "list-files", "path-exists", "stat", "list-entries", "read-range",
        ]
        var denials = (reader: 0, writer: 0, nobody: 0)
        for (function, arguments) in FileStage.calls("file") where function != "execute-command" {
            let isRead = reading.contains(function)
            let read = try await files.code(reader, function, arguments)
            #expect((read == "filesystem.write-denied") == !isRead, "\(function)")
            if !isRead { denials.reader += 1 }
            #expect(
                try await files.code(nobody, function, arguments) == "filesystem.outside",
                "\(function)")
            denials.nobody += 1
            guard isRead else { continue }
            #expect(
                try await files.code(writer, function, arguments) == "filesystem.read-denied",
                "\(function)")
            denials.writer += 1
        }
        #expect(try await files.code(writer, "append", [.string("file"), .bytes([0x21])]) == nil)
        #expect(files.read("inside/file") == "text!")
        #expect(try await stage.denials(reader).count == denials.reader)
        #expect(try await stage.denials(writer).count == denials.writer)
        #expect(try await stage.denials(nobody).count == denials.nobody)
        await files.close()
    }

    @Test("bounds of the grant hold")
    func bounds() async throws {
        let id = try await files.actor([
            "quota": .integer(10), "count_max": .integer(2), "max_file_size": .integer(8),
            "max_read": .integer(4), "max_entries": .integer(2),
        ])
        func code(_ function: String, _ arguments: Value...) async throws -> String? {
            try await files.code(id, function, arguments)
        }
        let nine = Value.string("123456789")
        #expect(try await code("write-file", .string("a"), nine) == "filesystem.too-large")
        #expect(try await code("write-file", .string("a"), .string("12345678")) == nil)
        #expect(
            try await code("append", .string("b"), .bytes([1, 2, 3])) == "filesystem.quota")
        #expect(try await code("append", .string("b"), .bytes([1])) == nil)
        #expect(try await code("create-dir", .string("c")) == "filesystem.quota")
        #expect(try await code("read-file", .string("a")) == "filesystem.too-large")
        #expect(
            try await code("read-range", .string("a"), .u64(0), .u32(5)) == "filesystem.too-large")
        #expect(try await code("read-range", .string("a"), .u64(4), .u32(4)) == nil)
        #expect(try await code("list-files", .string(".")) == nil)
        try files.write("inside/third", "")
        #expect(try await code("list-files", .string(".")) == "filesystem.too-many")
        #expect(try await code("delete-file", .string("a")) == nil)
        #expect(try await code("create-dir", .string("c")) == nil)
        #expect(try await stage.denials(id).count == 2)
        await files.close()
    }

    @Test("a root that is missing, or was replaced by a link, is no root")
    func roots() async throws {
        let none = try await files.actor(["path": .string(files.path + "/none")], name: "none")
        #expect(try await files.code(none, "read-file", [.string("a")]) == "filesystem.no-root")
        try files.folder("none")
        // It is looked for again, until it is there.
        #expect(try await files.code(none, "list-files", [.string(".")]) == nil)
        try files.link("linked", to: files.outside)
        let linked = try await files.actor(
            ["path": .string(files.path + "/linked")], name: "linked")
        #expect(
            try await files.code(linked, "read-file", [.string("secret")]) == "filesystem.no-root")
        // A root that moves is still the root.
        let id = try await files.actor(name: "moving")
        #expect(try await files.code(id, "write-file", [.string("a"), .string("")]) == nil)
        #expect(rename(files.inside, files.path + "/elsewhere") == 0)
        try files.link("inside", to: files.outside)
        #expect(try await files.code(id, "write-file", [.string("b"), .string("")]) == nil)
        #expect(files.read("elsewhere/b") == "" && files.read("outside/b") == nil)
        await files.close()
    }

    @Test("a child's root lies below its parent's, with no more rights")
    func children() async throws {
        try files.folder("inside/sub")
        try files.write("inside/sub/file", "text")
        let parent = try await files.actor(["quota": .integer(100)], name: "parent")
        func child(_ name: String, _ keys: [String: ManifestValue]) async throws -> ActorID {
            try await files.actor(keys, name: name) { $0.parent = parent }
        }
        let below = try await child("below", ["path": .string(files.inside + "/sub")])
        #expect(try await files.code(below, "read-file", [.string("file")]) == nil)
        let big = Value.string(String(repeating: "x", count: 200))
        #expect(
            try await files.code(below, "write-file", [.string("x"), big]) == "filesystem.quota")
        let wide = try await child("wide", ["path": .string(files.path)])
        #expect(try await files.code(wide, "read-file", [.string("sub/file")]) == nil)
        let beside = try await child("beside", ["path": .string(files.outside)])
        #expect(
            try await files.code(beside, "read-file", [.string("secret")]) == "filesystem.outside")
        let poor = try await files.actor(["write": .bool(false)], name: "poor")
        let rich = try await files.actor(name: "rich") { $0.parent = poor }
        #expect(
            try await files.code(rich, "write-file", [.string("x"), .string("")])
                == "filesystem.write-denied")
        await files.close()
    }
}
