// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

/// The code of the error that a body throws; `nil` when it throws none.
func proofCode(_ body: () throws -> Void) -> ProofError.Code? { proofError(body)?.code }

/// The error that a body throws; `nil` when it throws none.
func proofError(_ body: () throws -> Void) -> ProofError? {
    do {
        try body()
        return nil
    } catch let error as ProofError {
        #expect(error.description.hasSuffix("[\(error.code.rawValue)]"))
        #expect(!error.remedy.isEmpty)
        return error
    } catch {
        Issue.record("\(error)")
        return nil
    }
}

/// The key number `number` of the tests.
func nodeKey(_ number: UInt8, name: String? = nil) throws -> NodeKey {
    try NodeKey(seed: [UInt8](repeating: number, count: 32), name: name)
}

/// A chain on a disk in memory, and the shelf of its node on another one.
struct ProvenChain {
    static let module: [UInt8] = Array("module".utf8)
    static let manifest: [UInt8] = Array("manifest".utf8)
    static let start = EventPayload.spawned(
        module: Digest.sha256(of: module), manifest: Digest.sha256(of: manifest), name: "a",
        parent: nil, grants: [], state: [])

    let journal: SimulatedDisk
    var shelf = SimulatedDisk()
    var key: NodeKey

    /// Records an actor of so many events.
    init(
        count: Int, key number: UInt8 = 1, text: String = "payload",
        shelf: SimulatedDisk = SimulatedDisk()
    ) async throws {
        journal = SimulatedDisk()
        self.shelf = shelf
        key = try nodeKey(number)
        let writer = try journal.open(smallOptions(segment: 2000))
        let chain = try writer.makeChain(actor: actor(1))
        for index in 0..<count {
            let isFirst = index == 0
            try chain.append(
                isFirst ? .spawned : log,
                payload: isFirst ? Self.start.encode() : Array("\(text) \(index)".utf8),
                time: WallTime(nanoseconds: Int64(index) * 1000))
        }
        try await writer.close()
    }

    func prover() throws -> ChainProver {
        ChainProver(
            reader: try journal.reader(), actor: actor(1), key: key,
            shelf: CheckpointShelf(dataDirectory: "/data", disk: shelf))
    }

    /// The bytes of a bundle of the whole chain.
    func bundle(_ contents: some ContentFinder = Contents()) throws -> [UInt8] {
        let disk = SimulatedDisk()
        _ = try prover().export(to: "/bundle", contents: contents, disk: disk)
        return try #require(disk.contents("/bundle"))
    }

    func verify(_ bundle: [UInt8], anchors: [SignedNote] = []) throws -> BundleReport {
        try BundleVerifier(key: key.verifier, anchors: anchors).verify(MemorySource(bundle))
    }
}

/// The module and the manifest of the tests.
struct Contents: ContentFinder {
    var contents = [ProvenChain.module, ProvenChain.manifest]
    /// What is handed out in their place.
    var other: [UInt8]?

    func content(of digest: Digest) -> [UInt8]? {
        contents.first { Digest.sha256(of: $0) == digest }.map { other ?? $0 }
    }
}
