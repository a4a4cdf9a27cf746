// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterEngine
import TheaterTesting

@Suite("Module")
struct ModuleTests {
    private static func engine(_ cache: String? = nil) throws -> Engine {
        try Engine(EngineOptions(guestsMax: 4, cacheDirectory: cache))
    }

    @Test(
        "refuses what is not a module",
        arguments: [
            ([], "does not begin"), (Array("hello, world".utf8), "does not begin"),
            ([0, 0x61, 0x73, 0x6D], "truncated"),
            ([0, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0], "component"),
            ([0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 1, 200], "not valid"),
        ] as [([UInt8], String)])
    func invalid(bytes: [UInt8], reason: String) async throws {
        let engine = try Self.engine()
        let error = await #expect(throws: EngineError.self) {
            _ = try await engine.modules.module(for: bytes)
        }
        #expect(error?.code == .invalidModule)
        #expect(
            error?.message.contains(reason) == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test(
        "names the export that an actor lacks",
        arguments: ["memory", "__pack_alloc", "__pack_types"])
    func missing(export: String) async throws {
        let wat = FixtureActor.wat.replacing("\"\(export)\"", with: "\"other\"")
        let error = await #expect(throws: EngineError.self) { _ = try await Scene(wat) }
        #expect(error?.code == .missingExport)
        #expect(error?.message.contains("'\(export)'") == true)
    }

    @Test("refuses imports that are not host functions")
    func imports() async throws {
        for item in [
            "(import \"env\" \"memory\" (memory 1))",
            "(import \"host\" \"log\" (func (param i32 i32)))",
            "(import \"env\" \"base\" (global i32))",
        ] {
            var actor = WatActor()
            actor.imports = [item]
            let error = await #expect(throws: EngineError.self) { _ = try await Scene(actor.wat) }
            #expect(error?.code == .unsupportedImport || error?.code == .invalidModule)
        }
    }

    @Test("compiles once in memory, and once for the disk; a damaged file is compiled anew")
    func cache() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/theater-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let wasm = try Engine.assemble(wat: FixtureActor.wat)
        let first = try Self.engine(folder)
        #expect(try await first.modules.moduleAndOrigin(for: wasm).origin == .compiled)
        #expect(try await first.modules.moduleAndOrigin(for: wasm).origin == .memory)
        let second = try Self.engine(folder)
        #expect(try await second.modules.moduleAndOrigin(for: wasm).origin == .disk)
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".cwasm") }
        )
        var code = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
        code[code.count / 2] ^= 0xFF
        try code.write(to: URL(fileURLWithPath: folder + "/" + name))
        let third = try Self.engine(folder)
        #expect(try await third.modules.moduleAndOrigin(for: wasm).origin == .compiled)
        let fourth = try Self.engine(folder)
        #expect(try await fourth.modules.moduleAndOrigin(for: wasm).origin == .disk)
    }

    @Test("refuses a cache folder that others may write")
    func cacheFolder() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/theater-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
        let error = #expect(throws: EngineError.self) { _ = try Self.engine(folder) }
        #expect(error?.code == .cache)
    }
}
