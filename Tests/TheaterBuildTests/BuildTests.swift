// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterBuild

@Suite("Building an actor", .serialized)
struct BuildTests {
    private static let pact = """
        exports { probe:a/b { greet: func(name: string) -> result<string, string> } }
        """
    private static let swift = """
        import TheaterGuest
        enum Actor: Exports {
            static func greet(name: String) throws(Failure) -> String { name }
        }
        """

    private func build(
        _ directory: String, _ change: @escaping @Sendable (inout BuildOptions) -> Void = { _ in }
    ) async throws -> BuildProduct {
        try await onThread {
            try testBuilder(change).build(try ActorProject.load(directory: directory))
        }
    }

    private func failure(_ folder: ScratchFolder) async throws -> BuildError? {
        let path = folder.path
        return try await onThread {
            buildError { _ = try testBuilder().build(try ActorProject.load(directory: path)) }
        }
    }

    @Test("makes each template a package that is what its declaration says")
    func templates() async throws {
        for template in Templates.all {
            let folder = try ScratchFolder()
            let directory = folder.path + "/my-\(template.name)"
            try template.instantiate(name: "my-\(template.name)", into: directory)
            let product = try await build(directory)
            #expect(product.warnings == "", "\(template.name)")
            #expect(product.exports.first == "theater:simple/actor.init")
            #expect(product.wasmPath == directory + "/build/my-\(template.name).wasm")
            let wasm = [UInt8](try Data(contentsOf: URL(filePath: product.wasmPath)))
            #expect(wasm.count == product.size)
            let sections = try WasmSections(wasm)
            #expect(sections.hasNames)
            #expect(Set(product.exports).isSubset(of: sections.exports.map(\.name)))
            // The linker puts them in an order of its own.
            let functions = product.imports.flatMap(\.functions)
            #expect(sections.imports.map(\.name).sorted() == functions.sorted())
            #expect(sections.memories.count == 1)
            if template.name == "hello" {
                #expect(product.size < 40_000)
                #expect(product.imports.map(\.interface) == ["theater:simple/runtime"])
            }
            // What a build leaves behind: the package, the bindings, the stamp.
            let left = try FileManager.default.contentsOfDirectory(atPath: directory + "/build")
            #expect(left.sorted() == [".stamp", "Bindings.swift", "my-\(template.name).wasm"])
        }
    }

    @Test("compiles every form of type without a warning")
    func everyType() async throws {
        let folder = try ScratchFolder()
        try folder.project(
            pact: try Repository.text("Guest/Golden/every-type.pact"),
            swift: try Repository.text("Guest/Golden/EveryType.swift"))
        let product = try await build(folder.path)
        #expect(product.warnings == "")
        #expect(product.exports.count == 18)
    }

    @Test("builds the shipped example")
    func example() async throws {
        let folder = try ScratchFolder()
        let source = Repository.root.appending(path: "Examples/digest")
        for name in ["manifest.toml", "digest.pact", "Sources"] {
            try FileManager.default.copyItem(
                at: source.appending(path: name), to: URL(filePath: folder.path + "/" + name))
        }
        let product = try await build(folder.path)
        #expect(product.warnings == "")
        #expect(product.exports.contains("theater:digest/digest.digest"))
    }

    // Goal: nothing is built twice, and nothing stale is taken for new. Method: build, build again,
    // then change one input or output at a time.
    @Test("does nothing when nothing changed, and everything when something did")
    func upToDate() async throws {
        let folder = try ScratchFolder()
        try folder.project(pact: Self.pact, swift: Self.swift)
        let first = try await build(folder.path)
        #expect(!first.isUpToDate)
        let second = try await build(folder.path)
        #expect(second.isUpToDate)
        #expect(second.sha256 == first.sha256)
        #expect(second.exports == first.exports)
        try folder.write(Self.swift + "\n// changed\n", to: "Sources/Actor.swift")
        let third = try await build(folder.path)
        #expect(!third.isUpToDate)
        #expect(third.sha256 == first.sha256, "a comment changes nothing in the package")
        try FileManager.default.removeItem(atPath: third.wasmPath)
        #expect(try await !build(folder.path).isUpToDate)
        try folder.write("damaged", to: "build/probe.wasm")
        #expect(try await !build(folder.path).isUpToDate)
        #expect(try await build(folder.path).isUpToDate)
    }

    @Test("shows the author's file and line in what the compiler says")
    func compilerError() async throws {
        let folder = try ScratchFolder()
        let wrong = Self.swift.replacing("{ name }", with: "{ nme }")
        try folder.project(pact: Self.pact, swift: wrong)
        let error = try #require(try await failure(folder))
        #expect(error.code == .compile)
        let output = try #require(error.output)
        #expect(output.hasPrefix("\(folder.path)/Sources/Actor.swift:3:"), "\(output)")
        #expect(output.contains("cannot find 'nme' in scope"))
    }

    @Test("reports a missing function at the author's type")
    func missingFunction() async throws {
        let folder = try ScratchFolder()
        try folder.project(
            pact: Self.pact, swift: "import TheaterGuest\nenum Actor: Exports {\n}\n")
        let error = try #require(try await failure(folder))
        #expect(error.code == .compile)
        #expect(error.message.contains("build/Bindings.swift"))
        let output = try #require(error.output)
        #expect(output.hasPrefix("\(folder.path)/Sources/Actor.swift:2:6: error:"), "\(output)")
    }

    @Test("says what to write when there is no Actor")
    func noActor() async throws {
        let folder = try ScratchFolder()
        try folder.project(pact: Self.pact, swift: "import TheaterGuest\n")
        #expect(try await failure(folder)?.code == .noActor)
        try folder.project(pact: Self.pact, swift: "enum Actor {}\n")
        let error = try #require(try await failure(folder))
        #expect(error.code == .noActor)
        #expect(error.message.contains("enum Actor: Exports"))
    }

    @Test("refuses an import that is not declared")
    func undeclaredImport() async throws {
        let folder = try ScratchFolder()
        let sneaky = """
            @_extern(wasm, module: "env", name: "sneak") @_extern(c) func sneak() -> Int32
            """
        let swift = Self.swift.replacing("{ name }", with: "{ sneak() > 0 ? name : \"\" }")
        try folder.project(pact: Self.pact, swift: swift + "\n" + sneaky + "\n")
        let error = try #require(try await failure(folder))
        #expect(error.code == .badProduct)
        #expect(error.message.contains("imports 'sneak' of 'env'"), "\(error.message)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/build/probe.wasm"))
    }

    @Test("names what does not link")
    func undefinedSymbol() async throws {
        let folder = try ScratchFolder()
        let swift = Self.swift.replacing(
            "{ name }", with: "{ missing() > 0 ? name : \"\" }")
        try folder.project(
            pact: Self.pact, swift: swift + "\n@_extern(c) func missing() -> Int32\n")
        let error = try #require(try await failure(folder))
        #expect(error.code == .link)
        #expect(error.output?.contains("missing") == true)
    }

    @Test("keeps readable names of the actor's functions, or none")
    func names() async throws {
        let folder = try ScratchFolder()
        try folder.project(pact: Self.pact, swift: Self.swift)
        let named = try await build(folder.path)
        let text = try Data(contentsOf: URL(filePath: named.wasmPath))
        #expect(text.range(of: Data("Wire.Reader.string(_:)".utf8)) != nil)
        #expect(text.range(of: Data("$e12Theater".utf8)) == nil)
        let bare = try await build(folder.path) { $0.keepsNames = false }
        #expect(!bare.isUpToDate)
        #expect(bare.size < named.size)
        let wasm = [UInt8](try Data(contentsOf: URL(filePath: bare.wasmPath)))
        #expect(try !WasmSections(wasm).hasNames)
    }

    @Test("names the part of the toolchain that is missing")
    func toolchain() throws {
        let folder = try ScratchFolder()
        func refusal(_ environment: [String: String]) -> BuildError? {
            buildError { _ = try Toolchain.locate(environment: environment) }
        }
        let empty = try #require(refusal(["PATH": folder.path]))
        #expect(empty.code == .toolchain)
        #expect(empty.message.contains("swiftc is not on PATH"))
        let named = try #require(refusal(["THEATER_TOOLCHAIN": folder.path]))
        #expect(named.message.contains(folder.path))
        for tool in ["swiftc", "clang", "wasm-ld"] {
            try folder.write("#!/bin/sh\n", to: "bin/\(tool)")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.path + "/bin/\(tool)")
            let error = try #require(refusal(["THEATER_TOOLCHAIN": folder.path]))
            let next = ["swiftc": "clang", "clang": "wasm-ld", "wasm-ld": "Embedded Swift"][tool]
            #expect(error.message.contains(try #require(next)), "\(error.message)")
        }
    }
}
