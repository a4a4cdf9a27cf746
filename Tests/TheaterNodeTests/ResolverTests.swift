// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

/// Where children come from, and where they must not come from.
@Suite("References to children")
struct ResolverTests {
    private let folder: TemporaryFolder
    private let store = ContentStore.inMemory()
    private let wasm: [UInt8]
    private let actor = ActorID.random()

    init() throws {
        folder = try TemporaryFolder()
        wasm = try Engine.assemble(wat: FixtureActor.wat)
        try write(wasm, to: "team/worker.wasm")
        try write(Self.manifest("worker", "worker.wasm"), to: "team/worker.toml")
        try write(Self.manifest("deep", "../worker.wasm"), to: "team/deep/deep.toml")
        try write(wasm, to: "secret.wasm")
        try write(Self.manifest("secret", "secret.wasm"), to: "secret.toml")
        try write(Self.manifest("thief", "../secret.wasm"), to: "team/thief.toml")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/team/link.toml", withDestinationPath: "../secret.toml")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/team-2", withIntermediateDirectories: true)
        try write(Self.manifest("near", "../team/worker.wasm"), to: "team-2/near.toml")
        let space = try StoreNamespace.parse("kin")
        try store.put(wasm, in: space, label: StoreLabel.parse("wasm"))
        for (label, package) in [
            ("child", "store://kin/wasm"), ("thief", folder.path + "/secret.wasm"),
        ] {
            try store.put(
                Array(Self.manifest(label, package).utf8), in: space, label: StoreLabel.parse(label)
            )
        }
    }

    private static func manifest(_ name: String, _ package: String, more: String = "") -> String {
        "name = \"\(name)\"\npackage = \"\(package)\"\n[[handler]]\ntype = \"runtime\"\n" + more
    }

    private func write(_ text: String, to name: String) throws {
        try write(Array(text.utf8), to: name)
    }

    private func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: folder.path + "/" + name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    /// Looks something up as a child of the actor of `team/boss.toml`.
    private func resolve(
        _ manifest: String, wasm: String? = nil, isConfined: Bool = true
    ) async -> Result<ResolvedActor, ActorError> {
        let reference = ActorReference(
            manifest: manifest, wasm: wasm, base: folder.path + "/team/boss.toml",
            scope: isConfined
                ? .named(folder: folder.path + "/team", actor: actor) : .everything)
        do throws(ActorError) {
            return .success(try await NodeResolver(store: store).resolve(reference))
        } catch {
            return .failure(error)
        }
    }

    @Test("are relative to the manifest that they are in, or of the store")
    func found() async throws {
        for (reference, name) in [
            ("worker.toml", "worker"), ("deep/deep.toml", "deep"),
            ("deep/../worker.toml", "worker"),
            ("\(folder.path)/team/worker.toml", "worker"), ("store://kin/child", "child"),
        ] {
            let found = try await resolve(reference).get()
            #expect(found.manifest.name == name && found.wasm == wasm, "\(reference)")
        }
        let outside = try await resolve("../secret.toml", isConfined: false).get()
        #expect(outside.manifest.name == "secret" && outside.wasm == wasm)
        #expect(try await resolve("", wasm: "store://kin/wasm").get().wasm == wasm)
    }

    @Test(
        "that an actor gives lead nowhere else",
        arguments: [
            "../secret.toml", "deep/../../secret.toml", "/etc/passwd", "link.toml", "thief.toml",
            "../team-2/near.toml", "store://kin/thief", "..", "/",
        ])
    func confined(reference: String) async throws {
        for answer in [await resolve(reference), await resolve("", wasm: reference)] {
            guard reference != "store://kin/thief" || (try? answer.get())?.wasm != wasm else {
                Issue.record("\(reference) was read")
                continue
            }
            guard case .failure(let error) = answer else {
                // As wasm, what is in the folder or the store may be read.
                #expect(["thief.toml", "store://kin/thief"].contains(reference))
                continue
            }
            #expect([.manifest, .module].contains(error.code), "\(error)")
        }
        guard case .failure(let error) = await resolve(reference) else {
            Issue.record("\(reference) was found")
            return
        }
        #expect(error.message.contains("must lie in the folder"), "\(error)")
    }

    @Test(
        "are never taken from the network, and what is missing is an error",
        arguments: [
            "http://localhost/a.toml", "https://localhost/a.toml", "file:///etc/passwd",
            "nowhere.toml", "store://kin/nothing", "store://kin", "store://../kin/child", "deep",
            "worker.wasm",
        ])
    func missing(reference: String) async {
        for isConfined in [true, false] {
            guard case .failure(let error) = await resolve(reference, isConfined: isConfined) else {
                Issue.record("\(reference) was found")
                continue
            }
            #expect(error.code == .manifest, "\(reference): \(error)")
        }
    }

    @Test("to files that are too large are errors, and nothing of them is read")
    func tooLarge() async throws {
        func stretch(_ name: String, to size: Int) throws {
            try write([], to: name)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path + "/" + name))
            try file.truncate(atOffset: UInt64(size))
            try file.close()
        }
        try stretch("team/big.toml", to: Manifest.sizeMax + 1)
        try stretch("team/big.wasm", to: NodeResolver.wasmSizeMax + 1)
        try stretch("team/big.state", to: InitialStateFile.sizeMax + 1)
        try write(Self.manifest("heavy", "big.wasm"), to: "team/heavy.toml")
        try write(
            "initial_state_file = \"big.state\"\n" + Self.manifest("full", "worker.wasm"),
            to: "team/full.toml")
        for (reference, code) in [
            ("big.toml", ActorError.Code.manifest), ("heavy.toml", .module),
            ("full.toml", .manifest),
        ] {
            guard case .failure(let error) = await resolve(reference) else {
                Issue.record("\(reference) was read")
                continue
            }
            #expect(error.code == code, "\(error)")
            #expect(error.message.contains("too large"), "\(error)")
        }
    }

    @Test("of declared children start real actors, from files and from the store")
    func tree() async throws {
        let children = ["worker.toml", "deep/deep.toml", "store://kin/child"].enumerated().map {
            "[[children]]\nname = \"c\($0)\"\nmanifest = \"\($1)\"\n"
        }
        try write(
            Self.manifest("boss", "worker.wasm", more: children.joined()), to: "team/boss.toml")
        let node = try Node(
            NodeOptions(guestsMax: 8),
            logger: .quiet)
        let space = try StoreNamespace.parse("kin")
        try node.store.put(wasm, in: space, label: StoreLabel.parse("wasm"))
        try node.store.put(
            Array(Self.manifest("child", "store://kin/wasm").utf8), in: space,
            label: StoreLabel.parse("child"))
        let path = folder.path + "/team/boss.toml"
        let boss = try await node.control.send { .resumeActor(.reference(path), wasm: nil, $0) }
        let names = try await node.control.send { .listChildren(boss, $0) }.map(\.name)
        #expect(names == ["boss/c0", "boss/c1", "boss/c2"])
        let last = try #require(node.system.actor(named: "boss/c2"))
        let echoed = try await node.system.call(last, "echo", [.string("x")])
        #expect(echoed == .string("x"))
        try await node.close()
    }
}
