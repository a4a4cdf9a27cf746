// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Proofs")
struct ProverTests {
    @Test("of every event in every size verify, as text too, and show the event")
    func inclusion() async throws {
        let count: UInt64 = 20
        let chain = try await ProvenChain(count: Int(count))
        let (prover, key) = (try chain.prover(), chain.key.verifier)
        let recorded = try events(chain.journal.reader(), actor(1))
        for size in 1...count {
            for sequence in 0..<size {
                let proof = try prover.inclusion(of: sequence, size: size)
                let text = "\(proof)"
                #expect(try ChainProof(Array(text.utf8)) == .inclusion(proof))
                let checkpoint = try proof.verify(by: key).checkpoint
                #expect(checkpoint.size == size)
                #expect(proof.event.event(of: checkpoint.actor) == recorded[Int(sequence)])
                let isNewest = sequence + 1 == size
                #expect(!isNewest || checkpoint.head == recorded[Int(sequence)].hash)
            }
        }
        let bare = try prover.inclusion(of: 3, withPayload: false)
        let event = bare.event.event(of: actor(1))
        _ = try bare.verify(by: key)
        #expect(event.payload == nil)
        #expect(event.hash == recorded[3].hash)
        guard case .inclusion(let read) = try ChainProof(Array("\(bare)".utf8)) else {
            Issue.record("another kind")
            return
        }
        #expect(read == bare)
    }

    @Test("of every pair of sizes verify, as text too")
    func consistency() async throws {
        let count: UInt64 = 20
        let chain = try await ProvenChain(count: Int(count))
        let prover = try chain.prover()
        for new in 1...count {
            for old in 1...new {
                let proof = try prover.consistency(from: old, to: new)
                #expect(try ChainProof(Array("\(proof)".utf8)) == .consistency(proof))
                let (first, second) = try proof.verify(by: chain.key.verifier)
                #expect(first.checkpoint.size == old)
                #expect(second.checkpoint.size == new)
            }
        }
    }

    @Test("of what is not there are refused with the range")
    func outside() async throws {
        let chain = try await ProvenChain(count: 4)
        let prover = try chain.prover()
        #expect(proofCode { _ = try prover.inclusion(of: 4) } == .outOfRange)
        #expect(proofCode { _ = try prover.inclusion(of: 3, size: 3) } == .outOfRange)
        #expect(proofCode { _ = try prover.inclusion(of: .max) } == .outOfRange)
        #expect(proofCode { _ = try prover.inclusion(of: 0, size: 5) } == .outOfRange)
        #expect(proofCode { _ = try prover.checkpoint(size: .max) } == .outOfRange)
        #expect(proofCode { _ = try prover.consistency(from: 0) } == .outOfRange)
        #expect(proofCode { _ = try prover.consistency(from: 3, to: 2) } == .outOfRange)
        #expect(proofCode { _ = try prover.consistency(from: 5) } == .outOfRange)
        let stranger = ChainProver(
            reader: try chain.journal.reader(), actor: actor(9), key: chain.key,
            shelf: CheckpointShelf(dataDirectory: "/data", disk: chain.shelf))
        #expect(proofCode { _ = try stranger.checkpoint() } == .journal)
        #expect(try prover.checkpoint(size: 0).checkpoint.root == MerkleTree.emptyRoot)
    }

    // Goal: no byte of a proof can change. Method: for an inclusion and a consistency, flips a bit of
    // each byte, cuts it everywhere, and doubles each line.
    @Test("with one byte changed, or cut, or a line twice, are refused", arguments: [true, false])
    func flips(isInclusion: Bool) async throws {
        var random = SplitMix(seed: 9)
        let chain = try await ProvenChain(count: 11)
        let prover = try chain.prover()
        let text =
            isInclusion
            ? "\(try prover.inclusion(of: 6))" : "\(try prover.consistency(from: 6, to: 11))"
        let bytes = Array(text.utf8)
        func found(_ bytes: [UInt8]) -> ProofError.Code? {
            proofCode {
                switch try ChainProof(bytes) {
                case .inclusion(let proof): _ = try proof.verify(by: chain.key.verifier)
                case .consistency(let proof): _ = try proof.verify(by: chain.key.verifier)
                }
            }
        }
        #expect(found(bytes) == nil)
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            #expect(found(changed) != nil, "byte \(place)")
            #expect(found(Array(bytes[..<place])) != nil, "cut at \(place)")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for place in lines.indices.dropLast() {
            // A signature that stands there twice says what it said once.
            if lines[place].hasPrefix("—") { continue }
            var doubled = lines
            doubled.insert(lines[place], at: place)
            #expect(found(Array(doubled.joined(separator: "\n").utf8)) != nil, "line \(place)")
        }
    }

    @Test("put together of parts of others are refused")
    func forged() async throws {
        let chain = try await ProvenChain(count: 9)
        let other = try await ProvenChain(count: 9, key: 2)
        let key = chain.key.verifier
        let good = try chain.prover().inclusion(of: 4)
        func proof(
            _ event: Evidence? = nil, index: UInt64 = 4, path: [Digest]? = nil,
            note: SignedNote? = nil
        ) -> InclusionProof {
            InclusionProof(
                event: event ?? good.event, index: index, path: path ?? good.path,
                note: note ?? good.note)
        }
        let neighbour = try chain.prover().inclusion(of: 5)
        #expect(proofCode { _ = try proof(neighbour.event).verify(by: key) } == .wrongEvent)
        #expect(proofCode { _ = try proof(index: 5).verify(by: key) } == .wrongEvent)
        let moved = proofCode {
            _ = try proof(neighbour.event, index: 5).verify(by: key)
        }
        #expect(moved == .wrongPath)
        let smaller = try chain.prover().checkpoint(size: 8).note
        #expect(proofCode { _ = try proof(note: smaller).verify(by: key) } == .wrongPath)
        let foreign = try other.prover().checkpoint().note
        #expect(proofCode { _ = try proof(note: foreign).verify(by: key) } == .unknownKey)
        #expect(proofCode { _ = try good.verify(by: other.key.verifier) } == .unknownKey)
        // What this node signed of another actor's chain.
        let checkpoint = try SignedCheckpoint(good.note, by: key).checkpoint
        let first = try chain.prover().inclusion(of: 0)
        let stolen = try SignedCheckpoint(
            actor: actor(2), size: 9, root: checkpoint.root, head: checkpoint.head, by: chain.key)
        let moved0 = proof(first.event, index: 0, path: first.path, note: stolen.note)
        #expect(proofCode { _ = try moved0.verify(by: key) } == .wrongEvent)
        let mixed = ConsistencyProof(path: [], old: good.note, new: stolen.note)
        #expect(proofCode { _ = try mixed.verify(by: key) } == .wrongChain)
        // Two heads for one size.
        let twin = try SignedCheckpoint(
            actor: actor(1), size: 9, root: checkpoint.root, head: .zero, by: chain.key)
        let forked = ConsistencyProof(path: [], old: good.note, new: twin.note)
        #expect(proofCode { _ = try forked.verify(by: key) } == .wrongPath)
        let last = try chain.prover().inclusion(of: 8)
        let beheaded = proof(last.event, index: 8, path: last.path, note: twin.note)
        #expect(proofCode { _ = try beheaded.verify(by: key) } == .wrongEvent)
    }

    @Test("that are too long, or of an unknown kind, are refused")
    func hostile() async throws {
        let chain = try await ProvenChain(count: 3)
        let text = "\(try chain.prover().inclusion(of: 1))"
        let hash = Base64.encode(Digest.zero.bytes)
        let lines = String(repeating: hash + "\n", count: MerkleProof.hashesMax + 1)
        let changes = [
            "", "\n\n", "\n\n\n\n\n\n\n\n\n\n\n\n", "c2sp.org/tlog-proof@v1",
            text.replacing("@v1", with: "@v2"),
            text.replacing("\nindex", with: "\n" + lines + "index"),
            text.replacing("index 1\n", with: "index 1\n" + lines),
            text.replacing("index 1\n", with: "index 18446744073709551616\n"),
            text.replacing("index 1\n", with: "index 01\n"),
            text.replacing("extra ", with: "Extra "), text.replacing("\n", with: "\r\n"),
            text.replacing("index 1\n", with: "index 1\nAAAA\n"), text + "\n", text + text,
        ]
        for changed in changes {
            let found = proofCode {
                guard case .inclusion(let proof) = try ChainProof(Array(changed.utf8)) else {
                    return
                }
                _ = try proof.verify(by: chain.key.verifier)
            }
            #expect(found != nil, "\(changed)")
        }
        let endless = [UInt8](repeating: 0x0A, count: ChainProof.sizeMax + 1)
        #expect(proofCode { _ = try ChainProof(endless) } == .badProof)
    }
}

@Suite("Kept checkpoints")
struct ShelfTests {
    @Test("show that a chain was cut or replaced, and nothing is signed any more")
    func contradiction() async throws {
        let whole = try await ProvenChain(count: 9)
        let signed = try whole.prover().checkpoint()
        #expect(try whole.prover().compareWithKept() == [9])
        let cut = try await ProvenChain(count: 7, shelf: whole.shelf)
        let replaced = try await ProvenChain(count: 12, text: "other", shelf: whole.shelf)
        let grown = try await ProvenChain(count: 12, shelf: whole.shelf)
        for chain in [cut, replaced] {
            let prover = try chain.prover()
            #expect(proofCode { _ = try prover.checkpoint() } == .contradiction)
            #expect(proofCode { _ = try prover.checkpoint(size: 2) } == .contradiction)
            #expect(proofCode { _ = try prover.inclusion(of: 1) } == .contradiction)
            #expect(proofCode { _ = try prover.consistency(from: 2) } == .contradiction)
            #expect(proofCode { _ = try prover.compareWithKept() } == .contradiction)
            #expect(proofCode { _ = try chain.bundle() } == .contradiction)
        }
        let gone = ChainProver(
            reader: try SimulatedDisk().reader(), actor: actor(1), key: whole.key,
            shelf: CheckpointShelf(dataDirectory: "/data", disk: whole.shelf))
        #expect(proofCode { _ = try gone.compareWithKept() } == .contradiction)
        let proof = try grown.prover().consistency(from: 9)
        #expect(proof.old.text == signed.note.text)
        #expect(try grown.prover().compareWithKept() == [9, 12])
    }

    @Test("are the newest so many, and damaged ones are named")
    func bounds() async throws {
        let count = UInt64(CheckpointShelf.countMax) + 6
        let chain = try await ProvenChain(count: Int(count))
        let shelf = CheckpointShelf(dataDirectory: "/data", disk: chain.shelf)
        let key = chain.key.verifier
        for size in 1...count { _ = try chain.prover().checkpoint(size: size) }
        #expect(try shelf.sizes(of: actor(1), key) == Array(7...count))
        // An older one is not kept again.
        _ = try chain.prover().checkpoint(size: 3)
        #expect(try shelf.sizes(of: actor(1), key) == Array(7...count))
        let path = shelf.path(count, actor(1), key)
        let bytes = try #require(chain.shelf.contents(path))
        var random = SplitMix(seed: 3)
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            chain.shelf.put(path, changed)
            let error = try #require(proofError { _ = try chain.prover().checkpoint() })
            #expect(error.description.contains("'\(path)' is damaged"), "byte \(place)")
        }
        // One of another size, in its place.
        chain.shelf.put(path, chain.shelf.contents(shelf.path(count - 1, actor(1), key)))
        #expect(proofCode { _ = try chain.prover().checkpoint() } == .badCheckpoint)
        chain.shelf.put(path, [UInt8](repeating: 0x61, count: SignedNote.sizeMax + 10))
        #expect(proofCode { _ = try chain.prover().checkpoint() } == .badNote)
    }

    // Goal: whatever the disk refuses, no checkpoint is handed out that is not kept, and what is kept is
    // whole. Method: fails each operation in turn, with each part of a write kept.
    @Test("are whole or not there, whichever disk operation fails", arguments: [EIO, ENOSPC])
    func faults(errno: Int32) async throws {
        for kept in [0, 10, 1000] {
            var operation = 0
            while true {
                let chain = try await ProvenChain(count: 5)
                _ = try chain.prover().checkpoint(size: 2)
                chain.shelf.inject(.init(operation: operation, errno: errno, kept: kept))
                var signed: SignedCheckpoint?
                let found = proofCode { signed = try chain.prover().checkpoint() }
                let hits = chain.shelf.faultsHit
                chain.shelf.inject(nil)
                let shelf = CheckpointShelf(dataDirectory: "/data", disk: chain.shelf)
                let sizes = try shelf.sizes(of: actor(1), chain.key.verifier)
                #expect(sizes == [2] || sizes == [2, 5])
                for size in sizes { _ = try shelf.load(size, of: actor(1), chain.key.verifier) }
                if signed != nil { #expect(sizes.contains(5)) }
                #expect(found == nil || found == .disk)
                #expect(try chain.prover().checkpoint().checkpoint.size == 5)
                if hits == 0 { break }
                operation += 1
            }
            #expect(operation > 5)
        }
    }
}
