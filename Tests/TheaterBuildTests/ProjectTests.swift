// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterBuild

@Suite("Projects and templates")
struct ProjectTests {
    private static let manifest = "name = \"probe\"\npackage = \"build/probe.wasm\"\n"
    private static let pact = "exports { a:b/c { f: func() } }\n"

    /// What loading a folder with these files says.
    private func refusal(_ files: [String: String]) throws -> BuildError {
        let folder = try ScratchFolder()
        for (name, text) in files { try folder.write(text, to: name) }
        return try #require(
            buildError { _ = try ActorProject.load(directory: folder.path) }, "\(files.keys)")
    }

    @Test("a folder says what it lacks to be a project")
    func lacking() throws {
        var files: [String: String] = [:]
        #expect(try refusal(files).message.contains("has no manifest.toml"))
        files["manifest.toml"] = Self.manifest
        #expect(try refusal(files).message.contains("has no .pact file"))
        files["actor.pact"] = Self.pact
        #expect(try refusal(files).message.contains("has no folder Sources"))
        files["Sources/notes.txt"] = ""
        #expect(try refusal(files).message.contains("has no Swift file"))
        files["Sources/A.swift"] = ""
        files["Sources/b/A.swift"] = ""
        #expect(try refusal(files).message.contains("the same name"))
        files["Sources/b/A.swift"] = nil
        files["Sources/Bindings.swift"] = ""
        #expect(try refusal(files).message.contains("build/Bindings.swift"))
        files["Sources/Bindings.swift"] = nil
        files["other.pact"] = Self.pact
        #expect(try refusal(files).message.contains("several .pact files (actor.pact, other.pact)"))
    }

    @Test(
        "a manifest without what the build needs is refused",
        arguments: [
            "", "name = \"a\"", "package = \"build/a.wasm\"", "name = 3\npackage = \"a.wasm\"",
            "[table]\nname = \"a\"\npackage = \"a.wasm\"",
            "name = \"a\"\npackage = \"../a.wasm\"", "name = \"a\"\npackage = \"/a.wasm\"",
            "name = \"a\"\npackage = \"build//a.wasm\"", "name = \"a\"\npackage = \"build\"",
            "name = \"a\"\npackage = \"a.wasm\" trailing",
        ])
    func badManifest(text: String) throws {
        let error = try refusal([
            "manifest.toml": text, "actor.pact": Self.pact, "Sources/A.swift": "",
        ])
        #expect(error.code == .badManifest)
    }

    @Test("errors of the declaration show file, line and column")
    func badPact() throws {
        let error = try refusal([
            "manifest.toml": Self.manifest, "actor.pact": "record a {\n  x u8\n}\n",
            "Sources/A.swift": "",
        ])
        #expect(error.code == .badPact)
        #expect(error.message.contains("actor.pact:2:"), "\(error.message)")
        let unknown = try refusal([
            "manifest.toml": Self.manifest, "Sources/A.swift": "",
            "actor.pact": "exports { a:b/c { f: func(x: nowhere) } }",
        ])
        #expect(unknown.code == .badPact)
        #expect(unknown.message.contains("nowhere"), "\(unknown.message)")
    }

    @Test("a file that is not UTF-8 is refused")
    func notText() throws {
        let folder = try ScratchFolder()
        try Data([0x6E, 0xFF, 0xFE]).write(to: URL(filePath: folder.path + "/manifest.toml"))
        let error = buildError { _ = try ActorProject.load(directory: folder.path) }
        #expect(error?.code == .unreadable)
    }

    @Test("each template becomes a project without a trace of the template")
    func instantiate() throws {
        for template in Templates.all {
            let folder = try ScratchFolder()
            let directory = folder.path + "/made"
            let created = try template.instantiate(name: "my-actor", into: directory)
            #expect(created.contains(directory + "/manifest.toml"))
            #expect(created.contains(directory + "/README.md"))
            for path in created {
                let text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
                #expect(!text.contains("{{"), "\(path)")
                #expect(!text.contains("SPDX"), "\(path)")
            }
            let project = try ActorProject.load(directory: directory)
            #expect(project.name == "my-actor")
            #expect(project.package == "build/my-actor.wasm")
        }
    }

    @Test("the default template comes first, and an unknown one is refused with the names")
    func named() throws {
        #expect(Templates.all.first?.name == "hello")
        #expect(try Templates.named("counter").name == "counter")
        let error = try #require(buildError { _ = try Templates.named("helo") })
        #expect(error.code == .unknownTemplate)
        #expect(error.message.contains("hello, counter, text, mailbox, files, process, mcp-client"))
    }

    @Test(
        "names that cannot be part of an interface's name are refused",
        arguments: [
            "", "Hello", "1a", "-a", "a-", "a b", "a/b", "..", "ä", "a_b",
            String(repeating: "a", count: 65),
        ])
    func badNames(name: String) throws {
        let folder = try ScratchFolder()
        let error = buildError {
            try Templates.all[0].instantiate(name: name, into: folder.path + "/x")
        }
        #expect(error?.code == .badName)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/x"))
    }

    @Test("a name of the greatest length is accepted, and an empty folder is used")
    func longName() throws {
        let folder = try ScratchFolder()
        let name = String(repeating: "a", count: 64)
        #expect(throws: Never.self) {
            try Templates.all[0].instantiate(name: name, into: folder.path)
        }
    }

    @Test("a folder with contents is left alone")
    func notEmpty() throws {
        let folder = try ScratchFolder()
        try folder.write("mine", to: "notes.txt")
        let error = buildError {
            try Templates.all[0].instantiate(name: "a", into: folder.path)
        }
        #expect(error?.code == .folderNotEmpty)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names == ["notes.txt"])
        let file = buildError {
            try Templates.all[0].instantiate(name: "a", into: folder.path + "/notes.txt")
        }
        #expect(file?.code == .folderNotEmpty)
    }

    // Goal: what the binary carries is what the repository has. Method: compare both, both ways.
    @Test("embedded files are those on disk")
    func embedded() throws {
        var expected: [String: String] = [:]
        let folders = [
            ("Guest/Sources/TheaterGuest", "TheaterGuest/"), ("Guest/Runtime", "Runtime/"),
            ("Sources/TheaterValue", "TheaterValue/"), ("Guest/Templates", "Templates/"),
        ]
        for (folder, prefix) in folders {
            let root = Repository.root.appending(path: folder).resolvingSymlinksInPath().path()
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root)
            for path in paths where !path.split(separator: "/").contains("build") {
                let url = URL(filePath: root).appending(path: path)
                let values = try url.resourceValues(forKeys: [.isRegularFileKey])
                guard values.isRegularFile == true else { continue }
                expected[prefix + path] = try String(contentsOf: url, encoding: .utf8)
            }
        }
        var found: [String: String] = [:]
        for file in EmbeddedFiles.sdk { found[file.path] = file.text }
        for file in EmbeddedFiles.templates { found["Templates/" + file.path] = file.text }
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (path, text) in expected { #expect(found[path] == text, "\(path)") }
    }
}
