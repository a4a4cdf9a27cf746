// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform

@testable import TheaterChain

/// The checker in Python, which shares no code with this package.
struct Checker {
    let folder: URL

    private static let script = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Scripts/check_proofs.py")

    /// Makes a folder for files; ``remove()`` takes it away.
    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "theater-proofs-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// What the script answers, and its exit code.
    func run(_ arguments: String...) throws -> (facts: [String: Any], status: Int32) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", Self.script.path()] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let facts = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return (try #require(facts), process.terminationStatus)
    }

    /// Checks bytes as a kind: `checkpoint`, `proof` or `bundle`.
    func check(
        _ kind: String, _ bytes: [UInt8], by key: VerifierKey
    ) throws -> (facts: [String: Any], status: Int32) {
        let file = folder.appending(path: "checked")
        try Data(bytes).write(to: file)
        return try run(kind, file.path(), "--key", "\(key)")
    }
}

@Suite("Another implementation")
struct PythonTests {
    @Test("holds to the standards' own vectors")
    func itself() throws {
        let checker = try Checker()
        defer { checker.remove() }
        #expect(try checker.run("self-test").status == 0)
    }

    @Test("verifies what this one makes, and refuses what was altered")
    func ours() async throws {
        let checker = try Checker()
        defer { checker.remove() }
        let chain = try await ProvenChain(count: 23)
        let (prover, key) = (try chain.prover(), chain.key.verifier)
        let recorded = try events(chain.journal.reader(), actor(1))
        for size in [UInt64(0), 1, 23] {
            let signed = try prover.checkpoint(size: size)
            let (facts, status) = try checker.check("checkpoint", signed.note.bytes, by: key)
            #expect(status == 0, "\(facts)")
            #expect(facts["root"] as? String == "\(signed.checkpoint.root)")
        }
        for (sequence, size) in [(UInt64(0), UInt64(1)), (0, 23), (13, 23), (16, 17), (22, 23)] {
            let proof = try prover.inclusion(of: sequence, size: size)
            let (facts, status) = try checker.check("proof", Array("\(proof)".utf8), by: key)
            #expect(status == 0, "\(facts)")
            #expect(facts["hash"] as? String == "\(recorded[Int(sequence)].hash)")
            #expect(facts["actor"] as? String == "\(actor(1))")
        }
        for (old, new) in [(UInt64(1), UInt64(23)), (8, 23), (13, 22), (23, 23)] {
            let proof = try prover.consistency(from: old, to: new)
            let (facts, status) = try checker.check("proof", Array("\(proof)".utf8), by: key)
            #expect(status == 0, "\(facts)")
        }
        let bundle = try chain.bundle()
        let (facts, status) = try checker.check("bundle", bundle, by: key)
        #expect(status == 0, "\(facts)")
        #expect(facts["head"] as? String == "\(recorded[22].hash)")
        #expect((facts["contents"] as? [String])?.count == 2)
        var random = SplitMix(seed: 21)
        for (kind, bytes) in [
            ("bundle", bundle), ("proof", Array("\(try prover.inclusion(of: 9))".utf8)),
        ] {
            var changed = bytes
            let place = Int.random(in: 0..<bytes.count, using: &random)
            changed[place] ^= 1
            #expect(try checker.check(kind, changed, by: key).status == 3, "\(kind), byte \(place)")
        }
        #expect(try checker.check("bundle", bundle, by: nodeKey(2).verifier).status == 3)
    }

    private struct Vectors: Decodable {
        struct File: Decodable {
            let file: String
            let kind: String
            let valid: Bool
            let size: UInt64?
            let sequence: UInt64?
            let reason: String?
        }
        let key: String
        let files: [File]
    }

    // Goal: this one takes what another makes, and refuses what that knows to be wrong. Method: the
    // script makes a chain of its own with proofs of many shapes, and wrong ones.
    @Test("makes vectors that this one judges alike", arguments: [1, 2, 3])
    func theirs(seed: Int) throws {
        let checker = try Checker()
        defer { checker.remove() }
        #expect(try checker.run("make", checker.folder.path(), "--seed", "\(seed)").status == 0)
        let vectors = try JSONDecoder().decode(
            Vectors.self, from: Data(contentsOf: checker.folder.appending(path: "vectors.json")))
        #expect(vectors.files.count > 80)
        let key = try VerifierKey(vectors.key)
        for file in vectors.files {
            let bytes = Array(try Data(contentsOf: checker.folder.appending(path: file.file)))
            let error = proofError { try judge(file, bytes, key) }
            #expect((error == nil) == file.valid, "\(file), seed \(seed): \(error as Any)")
        }
    }

    private func judge(_ file: Vectors.File, _ bytes: [UInt8], _ key: VerifierKey) throws {
        let size: UInt64
        var sequence: UInt64?
        switch file.kind {
        case "checkpoint":
            size = try SignedCheckpoint(SignedNote(bytes), by: key).checkpoint.size
        case "bundle":
            size = try BundleVerifier(key: key).verify(MemorySource(bytes)).count
        default:
            switch try ChainProof(bytes) {
            case .inclusion(let proof):
                size = try proof.verify(by: key).checkpoint.size
                sequence = proof.index
            case .consistency(let proof):
                size = try proof.verify(by: key).new.checkpoint.size
            }
        }
        #expect(file.size == nil || file.size == size)
        #expect(file.sequence == sequence)
    }
}
