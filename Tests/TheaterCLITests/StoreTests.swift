// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

@testable import TheaterCLI

@Suite("theater store")
struct StoreTests {
    /// Runs a command on the data directory of a folder.
    private func run(
        _ arguments: String..., in folder: Folder, input: [UInt8] = []
    ) async -> InProcess {
        await InProcess(
            ["store"] + arguments, input: input, environment: ["THEATER_HOME": folder.path("data")])
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func blob(_ id: String, in folder: Folder) -> String {
        "data/store/blobs/\(id.prefix(2))/\(id)"
    }

    @Test("put and get, by digest, label and reference, from a file and from standard input")
    func putAndGet() async throws {
        let folder = try Folder()
        let content: [UInt8] = [0, 255, 10, 13] + Array("text".utf8)
        try folder.write(content, to: "file")
        let put = await run(
            "put", folder.path("file"), "--store-id", "pages", "--label", "a/b", in: folder)
        #expect(put.status == .success, "\(put.messages)")
        let id = put.results.trimmingCharacters(in: .newlines)
        #expect(id == "\(ContentID(of: content))")
        for name in [id, id.uppercased(), "a/b", "store://pages/a/b", "store://pages/hash/\(id)"] {
            let got = await run("get", name, "--store-id", "pages", in: folder)
            #expect(got.output.resultBytes == content, "\(name): \(got.messages)")
        }
        let copy = folder.path("copy")
        let saved = await run("get", "store://pages/a/b", "--output", copy, in: folder)
        #expect(saved.status == .success)
        #expect(try folder.read("copy") == content)
        let piped = await run("put", "-", in: folder, input: [1, 2])
        #expect(piped.results == "\(ContentID(of: [1, 2]))\n")
        let other = await run("get", id, in: folder)
        #expect(other.status == .failure, "another store does not have it")
        #expect(other.messages.contains("store.not-found"))
    }

    @Test(
        "content is named by the beginning of its digest, when no other has it and no label is it")
    func prefixes() async throws {
        let folder = try Folder()
        // The digests of two of these begin with the same four digits.
        var ids: [String: [UInt8]] = [:]
        for number in UInt16(0)..<700 {
            let content = [UInt8(number & 255), UInt8(number >> 8)]
            ids["\(ContentID(of: content))"] = content
        }
        let groups = Dictionary(grouping: ids.keys) { String($0.prefix(4)) }
        let pair = try #require(groups.values.first { $0.count > 1 })
        let single = try #require(groups.values.first { $0.count == 1 }?.first)
        for id in pair + [single] { _ = await run("put", "-", in: folder, input: ids[id] ?? []) }
        for size in [4, 20, 63] {
            let got = await run("get", String(single.prefix(size)).uppercased(), in: folder)
            #expect(got.output.resultBytes == ids[single], "\(got.messages)")
        }
        let several = await run("get", String(pair[0].prefix(4)), in: folder)
        #expect(several.status == .usage)
        #expect(pair.allSatisfy { several.messages.contains($0) }, "\(several.messages)")
        #expect(await run("get", String(single.prefix(3)), in: folder).status == .failure)
        // A label goes first.
        let named = await run("label", String(single.prefix(4)), pair[0], in: folder)
        #expect(named.status == .success, "\(named.messages)")
        #expect(
            await run("get", String(single.prefix(4)), in: folder).output.resultBytes
                == ids[pair[0]])
        let labelled = await run("label", "l", String(single.prefix(8)), in: folder)
        #expect(labelled.status == .success, "\(labelled.messages)")
        #expect(await run("get", "l", in: folder).output.resultBytes == ids[single])
    }

    @Test("lines fit a terminal, and say everything elsewhere")
    func width() async throws {
        let folder = try Folder()
        let long = String(repeating: "n", count: 60)
        _ = await run("put", "-", "--store-id", long, "--label", long, in: folder, input: [1])
        for arguments in [["ls"], ["ls", "--store-id", long]] {
            let shown = await InProcess(
                ["store"] + arguments, environment: ["THEATER_HOME": folder.path("data")],
                output: Capture(isTerminal: true, columns: 50))
            let lines = shown.results.split(separator: "\n")
            #expect(
                !lines.isEmpty && lines.allSatisfy { $0.unicodeScalars.count <= 50 }, "\(lines)")
            let whole = await run(arguments[0], "--store-id", long, in: folder).results
            #expect(whole.contains("\(ContentID(of: [1]))") && whole.contains(long))
        }
        let none = await run("ls", "--store-id", "nobody", in: folder)
        #expect(none.messages.contains("`theater store ls`"))
        #expect(await run("ls", "--store-id", "nobody", "-q", in: folder).messages.isEmpty)
    }

    @Test("-o writes to a file")
    func shortOption() async throws {
        let folder = try Folder()
        _ = await run("put", "-", "--label", "l", in: folder, input: [7])
        let got = await run("get", "l", "-o", folder.path("copy"), in: folder)
        #expect(got.status == .success, "\(got.messages)")
        #expect(try folder.read("copy") == [7])
    }

    @Test("objects have the documented members")
    func json() async throws {
        let folder = try Folder()
        let put = try object(
            await run("put", "-", "--label", "l", "--json", in: folder, input: [7]).results)
        #expect(Set(put.keys) == ["content", "size", "store_id", "label"])
        #expect(put["size"] as? Int == 1)
        let id = try #require(put["content"] as? String)
        let got = try object(await run("get", "l", "--json", in: folder).results)
        #expect(Set(got.keys) == ["content", "size", "hex"])
        #expect(got["hex"] as? String == "07")
        let stores = try object(await run("ls", "--json", in: folder).results)
        #expect(Set(stores.keys) == ["store_id", "count", "size", "labels"])
        #expect(stores["store_id"] as? String == "default")
        let contents = try object(
            await run("ls", "--store-id", "default", "--json", in: folder).results)
        #expect(Set(contents.keys) == ["content", "size", "labels"])
        #expect(contents["labels"] as? [String] == ["l"])
        let label = try object(await run("label", "l", "--json", in: folder).results)
        #expect(Set(label.keys) == ["store_id", "label", "content"])
        #expect(label["content"] as? String == id)
        let gc = try object(await run("gc", "--json", in: folder).results)
        #expect(Set(gc.keys) == ["dry_run", "kept", "removed", "young", "strays", "freed_size"])
        let verified = try object(await run("verify", "--json", in: folder).results)
        let summary = try #require(verified["summary"] as? [String: Any])
        #expect(Set(summary.keys) == ["valid", "count", "size", "damaged"])
        let error = try object(await run("get", "no", "--json", in: folder).messages)
        #expect((error["error"] as? [String: Any])?["code"] as? String == "store.no-label")
    }

    @Test("ls shows what there is, sorted")
    func list() async throws {
        let folder = try Folder()
        for name in ["b", "a"] {
            for index in 0..<3 {
                _ = await run(
                    "put", "-", "--store-id", name, "--label", "l\(index)", in: folder,
                    input: [UInt8(index)])
            }
        }
        let stores = await run("ls", in: folder)
        let lines = stores.results.split(separator: "\n")
        #expect(lines.map { $0.prefix(5) } == ["STORE", "a    ", "b    "])
        #expect(
            await run(in: folder).results == stores.results, "it is what comes without a command")
        let contents = await run("ls", "--store-id", "a", in: folder).results.split(separator: "\n")
        #expect(contents.count == 3)
        #expect(contents == contents.sorted())
        #expect(contents.allSatisfy { $0.contains("1 bytes") || $0.contains("1 byte") })
        #expect(await run("ls", "--store-id", "nobody", in: folder).results.isEmpty)
    }

    @Test("labels are set, compared, printed and removed")
    func label() async throws {
        let folder = try Folder()
        let one = await run("put", "-", "--label", "one", in: folder, input: [1]).results
            .trimmingCharacters(in: .newlines)
        let two = await run("put", "-", in: folder, input: [2]).results
            .trimmingCharacters(in: .newlines)
        #expect(await run("label", "x", "one", in: folder).status == .success)
        #expect(await run("label", "x", in: folder).results == one + "\n")
        #expect(await run("label", "x", two, "--expect", two, in: folder).status == .failure)
        #expect(await run("label", "x", two, "--expect", "none", in: folder).status == .failure)
        #expect(await run("label", "x", two, "--expect", one, in: folder).status == .success)
        #expect(await run("label", "x", in: folder).results == two + "\n")
        #expect(await run("label", "x", "--remove", "--expect", one, in: folder).status == .failure)
        #expect(await run("label", "x", "--remove", in: folder).status == .success)
        let gone = await run("label", "x", in: folder)
        #expect(gone.status == .failure)
        #expect(gone.messages.contains("store.no-label"))
        #expect(await run("label", "x", "--remove", in: folder).status == .failure)
        let nothing = "\(ContentID(of: [9]))"
        #expect(await run("label", "x", nothing, in: folder).messages.contains("store.not-found"))
    }

    @Test("wrong arguments are usage errors, and leave nothing behind")
    func usage() async throws {
        let folder = try Folder()
        let wrong = [
            ["put", folder.path("missing")], ["put", "-", "--store-id", "../x"],
            ["put", "-", "--store-id", ""], ["put", "-", "--label", "../../x"],
            ["put", "-", "--label", "/etc/x"], ["get", "../x"], ["get", "store://x"],
            ["get", "store://../a/b"], ["get", "a", "--json", "-o", "x"],
            ["get", "a", "--store-id", "a/b"],
            ["label", "x", "y", "--remove"], ["label", "x", "--expect", "none"],
            ["label", "x", "y", "--expect", "abc"], ["label", ".."], ["ls", "--store-id", ".."],
            ["gc", "--grace", "soon"], ["nonsense"], ["get"], ["put"],
        ]
        for arguments in wrong {
            let result = await InProcess(
                ["store"] + arguments, environment: ["THEATER_HOME": folder.path("data")])
            #expect(result.status == .usage, "\(arguments): \(result.messages)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("data")))
        for arguments in [
            ["ls"], ["get", "a"], ["gc"], ["verify"], ["label", "a"], ["label", "a", "--remove"],
        ] {
            let result = await InProcess(
                ["store"] + arguments, environment: ["THEATER_HOME": folder.path("data")])
            #expect(result.status == .data, "\(arguments)")
            #expect(result.messages.contains("cli.no-store"))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("data")))
    }

    @Test("verify names what is damaged, with status 3, and get gives none of it")
    func damage() async throws {
        let folder = try Folder()
        let id = await run("put", "-", "--label", "l", in: folder, input: Array("precious".utf8))
            .results.trimmingCharacters(in: .newlines)
        _ = await run("put", "-", in: folder, input: [1])
        #expect(await run("verify", in: folder).results == "2 blobs, 9 bytes, verified\n")
        try folder.write(Array("prec1ous".utf8), to: blob(id, in: folder))
        let verified = await run("verify", in: folder)
        #expect(verified.status == .verification)
        #expect(verified.results.contains("BROKEN  blob \(id)"))
        #expect(verified.results.contains("NOT VERIFIED"))
        let line = try object(
            String(await run("verify", "--json", in: folder).results.split(separator: "\n")[0]))
        #expect(Set(line.keys) == ["content", "store_ids", "code", "message"])
        let got = await run("get", "l", in: folder)
        #expect(got.status == .verification)
        #expect(got.results.isEmpty)
        #expect(got.messages.contains(id))
        _ = await run("put", "-", in: folder, input: Array("precious".utf8))
        #expect(await run("verify", in: folder).status == .success)
    }

    @Test("reading works beside a node, writing waits for its end")
    func locked() async throws {
        let folder = try Folder()
        _ = await run("put", "-", "--label", "l", in: folder, input: [1])
        let node = try Node(
            NodeOptions(dataDirectory: folder.path("data"), guestsMax: 2),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(await run("get", "l", in: folder).output.resultBytes == [1])
        for arguments in [["put", "-"], ["gc"], ["label", "l", "--remove"]] {
            let result = await InProcess(
                ["store"] + arguments, environment: ["THEATER_HOME": folder.path("data")])
            #expect(result.status == .data)
            #expect(result.messages.contains("store.locked"))
        }
        try await node.close()
        #expect(await run("put", "-", in: folder, input: [2]).status == .success)
    }

    // Goal: what an actor stored stays while its chain can name it. Method: an actor stores content
    // without a label; `gc` keeps that, and its module, but not what the command line stored.
    @Test("gc keeps what chains mention, unless it is told not to")
    func chains() async throws {
        let folder = try Folder()
        var actor = WatActor()
        let pact = """
            imports {
                theater:simple/store {
                    store: func(store-id: string, content: list<u8>) -> result<string, string>
                }
            }
            exports {
                test:keeper/keeper {
                    store: func(store-id: string, content: list<u8>) -> result<string, string>
                }
            }
            """
        actor.metadata = try PackageMetadata(package: PactPackage.parse(pact, file: "test.pact"))
            .encoded()
        actor.imports = [WatActor.importing("theater:simple/store", "store", as: "store")]
        actor.body = [
            WatActor.function(
                "test:keeper/keeper.store",
                """
                (drop (call $store (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """)
        ]
        let wasm = try Engine.assemble(wat: actor.wat)
        let node = try Node(
            NodeOptions(dataDirectory: folder.path("data"), guestsMax: 2),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let manifest = Manifest(
            name: "keeper", package: "keeper.wasm",
            handlers: [HandlerGrant(type: "store", configuration: ["store_id": .string("shared")])])
        let id = try await node.system.spawn(SpawnRequest(wasm: wasm, manifest: manifest))
        try await node.system.call(
            id, "test:keeper/keeper.store", [.string("shared"), .bytes(Array("by an actor".utf8))])
        try await node.close()
        for content in [wasm, Array("nobody's".utf8)] {
            #expect(await run("put", "-", in: folder, input: content).status == .success)
        }
        let young = await run("gc", in: folder)
        #expect(young.results.hasPrefix("removed 0 blobs"), "\(young.results)")
        let trial = await run("gc", "--grace", "0s", "--dry-run", in: folder)
        #expect(trial.results == "would remove 1 blob, 8 bytes; kept 4\n")
        let real = await run("gc", "--grace", "0s", in: folder)
        #expect(real.results == "removed 1 blob, 8 bytes; kept 4\n")
        let kept = "\(ContentID(of: Array("by an actor".utf8)))"
        #expect(await run("get", kept, "--store-id", "shared", in: folder).results == "by an actor")
        #expect(await run("get", "\(ContentID(of: wasm))", in: folder).output.resultBytes == wasm)
        let all = await run("gc", "--grace", "0s", "--ignore-chains", "--json", in: folder)
        // The node keeps the module and the manifest by labels, so the module stays wherever it is.
        #expect(try object(all.results)["removed"] as? Int == 1, "\(all.results)")
        let left = await run("ls", in: folder).results
        #expect(left.split(separator: "\n").count == 3, "\(left)")
    }

    @Test("gc removes nothing when the chains cannot be read")
    func unreadableChains() async throws {
        let folder = try Folder()
        _ = await run("put", "-", in: folder, input: [1])
        try folder.write([0], to: "data/journal")
        let result = await run("gc", "--grace", "0s", in: folder)
        #expect(result.status == .data)
        #expect(await run("verify", in: folder).results.hasPrefix("1 blob"))
    }
}
