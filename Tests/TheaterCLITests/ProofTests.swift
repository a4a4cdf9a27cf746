// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterValue

@testable import TheaterCLI

@Suite("Proofs, as a process", .timeLimit(.minutes(2)))
struct ProofTests {
    /// A folder with the recorded run of an actor `fixture`, and its node's key in `key`.
    private func recorded() async throws -> (folder: Folder, key: String) {
        let folder = try Folder()
        try folder.put(try TestActors.fixture(), name: "fixture")
        let run = try await Finished(["run", "--call", "echo", "--arg", "\"hi\""], in: folder)
        #expect(run.status == 0, "\(run.stderr)")
        let keys = try await Finished(["chain", "keys"], in: folder)
        #expect(keys.status == 0, "\(keys.stderr)")
        try folder.write(keys.stdout, to: "key")
        return (folder, keys.stdout.trimmingCharacters(in: .newlines))
    }

    private func theater(_ arguments: String..., in folder: Folder) async throws -> Finished {
        try await Finished(arguments, in: folder)
    }

    @Test("the key is made once, for its owner alone, and named")
    func keys() async throws {
        let folder = try Folder()
        let named = try await theater("chain", "keys", "--name", "example.com/n", in: folder)
        #expect(named.status == 0, "\(named.stderr)")
        #expect(named.stdout.hasPrefix("example.com/n+"))
        #expect(try await theater("chain", "keys", in: folder).stdout == named.stdout)
        let other = try await theater("chain", "keys", "--name", "example.com/m", in: folder)
        #expect(other.status == 2)
        let facts = try FileManager.default.attributesOfItem(
            atPath: folder.path("data/keys/node.key"))
        #expect(facts[.posixPermissions] as? Int == 0o600)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: folder.path("data/keys/node.key"))
        let open = try await theater("chain", "keys", "--json", in: folder)
        #expect(open.status == 8)
        #expect(open.stderr.contains(#""code":"proof.key-file""#))
    }

    @Test("an event is proven to somebody who has a file and a key")
    func inclusion() async throws {
        let (folder, key) = try await recorded()
        let made = try await theater("chain", "prove", "fixture", "4", "-o", "p", in: folder)
        #expect(made.status == 0, "\(made.stderr)")
        #expect(made.stdout.hasPrefix("'p': event 4 of the 7 of actor "))
        let bare = try await theater(
            "chain", "prove", "fixture", "4", "-o", "bare", "--without-payload", in: folder)
        #expect(bare.status == 0, "\(bare.stderr)")
        let shown = try await theater(
            "chain", "verify-proof", "bare", "--key", key, in: folder)
        #expect(shown.stdout.contains(" (withheld)"), "\(shown.stdout)")
        let stranger = try Folder()
        try stranger.write(folder.read("p"), to: "p")
        let verified = try await theater("chain", "verify-proof", "p", "--key", key, in: stranger)
        #expect(verified.status == 0, "\(verified.stderr)")
        #expect(verified.stdout.contains("number 4 of 7 events"))
        #expect(verified.stdout.contains("echo"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: stranger.path("")).contains("data")
                == false)
        let piped = try await Finished(
            ["chain", "verify-proof", "-", "--key", key, "--json"], in: stranger,
            input: folder.read("p"))
        #expect(piped.status == 0)
        #expect(piped.stdout.hasPrefix(#"{"valid":true,"kind":"inclusion","actor":""#))
        var altered = try folder.read("p")
        altered[altered.count / 2] ^= 1
        try stranger.write(altered, to: "altered")
        let refused = try await theater(
            "chain", "verify-proof", "altered", "--key", key, in: stranger)
        #expect(refused.status == 3)
        #expect(refused.stdout.isEmpty)
        let other = try await theater("chain", "keys", in: stranger)
        let foreign = try await theater(
            "chain", "verify-proof", "p", "--key",
            other.stdout.trimmingCharacters(in: .newlines), in: stranger)
        #expect(foreign.status == 3)
        #expect(foreign.stderr.contains("[proof.unknown-key]"))
    }

    @Test("that a chain only grew is proven, and wrong arguments end with 2")
    func consistency() async throws {
        let (folder, _) = try await recorded()
        let made = try await theater(
            "chain", "prove", "fixture", "--from", "3", "--to", "6", "-o", "p", in: folder)
        #expect(made.status == 0, "\(made.stderr)")
        let verified = try await theater("chain", "verify-proof", "p", "--key", "key", in: folder)
        #expect(verified.status == 0, "\(verified.stderr)")
        #expect(verified.stdout.contains("from 3 events to 6 events"))
        for arguments in [
            ["fixture"], ["fixture", "7"], ["fixture", "1", "--from", "1"],
            ["fixture", "1", "--to", "2"],
            ["fixture", "--from", "0"], ["fixture", "--from", "3", "--to", "2"],
            ["fixture", "--from", "8"], ["fixture", "--from", "1", "--size", "3"],
            ["fixture", "3", "--size", "3"], ["nobody", "3"],
        ] {
            let wrong = try await Finished(["chain", "prove"] + arguments, in: folder)
            #expect(wrong.status == 2, "\(arguments): \(wrong.stderr)")
            #expect(wrong.stdout.isEmpty)
        }
    }

    @Test("a bundle verifies with a key alone; the altered event of it is named")
    func bundle() async throws {
        let (folder, key) = try await recorded()
        let checkpoint = try await theater(
            "chain", "checkpoint", "fixture", "--size", "3", "-o", "early", in: folder)
        #expect(checkpoint.status == 0, "\(checkpoint.stderr)")
        let export = try await theater(
            "chain", "export", "fixture", "-o", "b", "--wasm", "fixture.wasm", "--manifest",
            "manifest.toml", in: folder)
        #expect(export.status == 0, "\(export.stderr)")
        let facts = try FileManager.default.attributesOfItem(atPath: folder.path("b"))
        #expect(facts[.posixPermissions] as? Int == 0o600)
        let stranger = try Folder()
        for name in ["b", "early", "key"] { try stranger.write(folder.read(name), to: name) }
        let verified = try await theater(
            "verify", "b", "--key", key, "--checkpoint", "early", in: stranger)
        #expect(verified.status == 0, "\(verified.stderr)")
        #expect(verified.stdout.contains("7 events"))
        #expect(verified.stdout.components(separatedBy: ", included").count == 3)
        let json = try await theater("verify", "b", "--key", "key", "--json", in: stranger)
        let object = try JSONSerialization.jsonObject(with: Data(json.stdout.utf8))
        let members = try #require(object as? [String: Any])
        #expect(members["valid"] as? Bool == true)
        #expect(members["checkpoints"] as? [Int] == [3, 7])
        // The greeting is in the payload of event 3, a call, and in nothing before.
        var altered = try folder.read("b")
        let place = try #require(altered.lastRange(of: Array("fixture: init".utf8))).lowerBound
        altered[place] ^= 1
        try stranger.write(altered, to: "altered")
        let refused = try await theater("verify", "altered", "--key", "key", in: stranger)
        #expect(refused.status == 3)
        #expect(refused.stderr.contains("event 2 of actor"), "\(refused.stderr)")
        #expect(refused.stderr.contains("[proof.broken-chain]"))
        for (file, status) in [("none", Int32(2)), ("/dev/zero", 2), (".", 2), ("key", 3)] {
            let wrong = try await theater("verify", file, "--key", "key", in: stranger)
            #expect(wrong.status == status, "\(file): \(wrong.stderr)")
        }
        let keyless = try await theater("verify", "b", "--key", "none", in: stranger)
        #expect(keyless.status == 2)
        #expect(keyless.stderr.contains("[proof.bad-key]"))
    }

    @Test("a bundle is run again: what a node signed and the code does not do is found, status 3")
    func reexecution() async throws {
        let (folder, key) = try await recorded()
        _ = try await theater("chain", "export", "fixture", "-o", "b", in: folder)
        let stranger = try Folder()
        try stranger.write(folder.read("b"), to: "b")
        let whole = try await theater("verify", "b", "--key", key, "--reexecute", in: stranger)
        #expect(whole.status == 0, "\(whole.stdout) \(whole.stderr)")
        #expect(whole.stdout.contains("replayed  7 of 7 events"))
        #expect(whole.stdout.contains("1 life, 2 calls, 1 host call, "))
        let json = try await theater(
            "verify", "b", "--key", key, "--reexecute", "--json", in: stranger)
        let object = try JSONSerialization.jsonObject(with: Data(json.stdout.utf8))
        let run = try #require((object as? [String: Any])?["reexecuted"] as? [String: Any])
        #expect(run["faithful"] as? Bool == true)
        #expect((run["counts"] as? [String: Any])?["events"] as? Int == 7)
        let refused = try await theater("verify", "b", "--key", key, "--wasm", "w", in: stranger)
        #expect(refused.status == 2)
        // Somebody who holds the key can sign what the code never did.
        let lie = try await lyingNode(in: folder)
        let caught = try await theater(
            "verify", "lie", "--key", lie, "--reexecute", in: folder)
        #expect(caught.status == 3, "\(caught.stdout) \(caught.stderr)")
        #expect(caught.stdout.contains("ok      the chain of actor"))
        #expect(caught.stdout.contains("DIVERGED"))
        #expect(caught.stdout.contains("[replay.other-answer]"))
        #expect(caught.stdout.contains("event 5 of "), "\(caught.stdout)")
    }

    /// Signs and exports a chain that names the fixture and has an answer that it does not give.
    private func lyingNode(in folder: Folder) async throws -> String {
        let reader = try Journal.openReadOnly(directory: folder.path("data/journal"))
        let actor = try #require(reader.actors().first?.actor)
        try FileManager.default.createDirectory(
            atPath: folder.path("lying"), withIntermediateDirectories: false)
        let journal = try Journal.open(directory: folder.path("lying/journal"))
        let writer = try journal.makeChain(actor: actor, name: "lie", durability: .strict)
        var cursor = try reader.events(of: actor)
        while let event = try cursor.next() {
            var payload = try #require(try event.decodedPayload())
            if case .returned("echo", _, let state, let fuel) = payload {
                payload = .returned(
                    function: "echo",
                    output: try CGRF.encode(.string("lie")), state: state, fuelUsed: fuel)
            }
            try writer.append(payload, time: event.time)
        }
        try await writer.sync()
        try await journal.close()
        let keys = try await Finished(["chain", "keys", "--data", "lying"], in: folder)
        let export = try await Finished(
            [
                "chain", "export", "lie", "-o", "lie", "--data", "lying", "--wasm", "fixture.wasm",
                "--manifest", "manifest.toml",
            ], in: folder)
        #expect(export.status == 0, "\(export.stderr)")
        return keys.stdout.trimmingCharacters(in: .newlines)
    }

    @Test("a bundle without all payloads says what cannot be run again")
    func withheld() async throws {
        let (folder, key) = try await recorded()
        _ = try await theater("chain", "prune", "--keep-events", "2", in: folder)
        _ = try await theater("chain", "export", "fixture", "-o", "b", in: folder)
        let verified = try await theater("verify", "b", "--key", key, in: folder)
        #expect(verified.status == 0, "\(verified.stderr)")
        let run = try await theater("verify", "b", "--key", key, "--reexecute", in: folder)
        #expect(run.status == 1)
        #expect(run.stderr.contains("nothing can be run again: 5 events of the bundle"))
        #expect(run.stderr.contains("event 0 first"))
        #expect(run.stderr.contains("[replay.payload-dropped]"))
    }

    @Test("a bundle takes the chain's own module and manifest only")
    func strangers() async throws {
        let (folder, _) = try await recorded()
        try folder.write(try TestActors.echo(), to: "other.wasm")
        let module = try await theater(
            "chain", "export", "fixture", "-o", "b", "--wasm", "other.wasm", in: folder)
        #expect(module.status == 3)
        #expect(module.stderr.contains("[proof.wrong-content]"))
        try folder.write(TestActors.manifest("fixture", handlers: []) + "\n", to: "other.toml")
        let manifest = try await theater(
            "chain", "export", "fixture", "-o", "b", "--manifest", "other.toml", in: folder)
        #expect(manifest.status == 3)
        #expect(!FileManager.default.fileExists(atPath: folder.path("b")))
        for target in [".", "no/such/folder/b"] {
            let wrong = try await theater("chain", "export", "fixture", "-o", target, in: folder)
            #expect(wrong.status == 8, "\(wrong.stderr)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(""))
        #expect(!names.contains { $0.hasSuffix(".part") })
    }

    @Test("a tail that was cut after a checkpoint is found, by verify too")
    func cut() async throws {
        let (folder, _) = try await recorded()
        let signed = try await theater("chain", "checkpoint", "fixture", in: folder)
        #expect(signed.status == 0, "\(signed.stderr)")
        let whole = try await theater("chain", "verify", in: folder)
        #expect(whole.status == 0)
        #expect(whole.stdout.contains("one with the signed checkpoint, of 7 events"))
        // Without the index, a shorter chain is a whole one for the journal.
        let segment = folder.url.appending(path: "data/journal/000001.journal")
        try FileManager.default.removeItem(
            at: folder.url.appending(path: "data/journal/journal.index"))
        try Data(Data(contentsOf: segment).dropLast(200)).write(to: segment)
        let verified = try await theater("chain", "verify", in: folder)
        #expect(verified.status == 3, "\(verified.stdout)")
        #expect(verified.stdout.contains("[proof.contradiction]"), "\(verified.stdout)")
        #expect(verified.stdout.contains("NOT VERIFIED"))
        let named = try await theater("chain", "verify", "fixture", "--json", in: folder)
        #expect(named.status == 3)
        #expect(named.stdout.contains(#""valid":false,"problem":{"code":"proof.contradiction""#))
        for arguments in [
            ["checkpoint", "fixture"], ["prove", "fixture", "1"], ["export", "fixture", "-o", "b"],
        ] {
            let refused = try await Finished(["chain"] + arguments, in: folder)
            #expect(refused.status == 3, "\(refused.stderr)")
            #expect(refused.stderr.contains("[proof.contradiction]"))
        }
        // A journal without the chain at all.
        try FileManager.default.removeItem(at: folder.url.appending(path: "data/journal"))
        let again = try await theater("run", "--call", "echo", "--arg", "\"x\"", in: folder)
        #expect(again.status == 0, "\(again.stderr)")
        let gone = try await theater("chain", "verify", in: folder)
        #expect(gone.status == 3)
        #expect(gone.stdout.contains("is gone"), "\(gone.stdout)")
        let json = try await theater("chain", "verify", "--json", in: folder)
        #expect(json.stdout.contains(#""problems":[{"code":"proof.contradiction""#))
    }
}

extension Array where Element == UInt8 {
    /// Where a part stands last.
    fileprivate func lastRange(of part: [UInt8]) -> Range<Int>? {
        guard count >= part.count else { return nil }
        let start = (0...count - part.count).last { self[$0..<$0 + part.count].elementsEqual(part) }
        return start.map { $0..<$0 + part.count }
    }
}
