// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterChain
import TheaterEngine
import TheaterNode
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterValue

/// Goal: a stranger's bundle is replayed with what it brings, and holds no more memory than it may. Method:
/// a bundle of a real chain, opened with a bound above and below its module.
@Suite("Bundles as recordings")
struct RecordingTests {
    private struct Contents: ContentFinder {
        let wasm: [UInt8]

        func content(of digest: Digest) -> [UInt8]? {
            Digest.sha256(of: wasm) == digest ? wasm : nil
        }
    }

    @Test("hold as much code as they may, and name what they left out")
    func bound() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bundle-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let theatre = try Theatre()
        let wasm = try Engine.assemble(wat: try Guests.all())
        let id = try await theatre.spawn(wasm: wasm)
        try await theatre.system.call(id, Guests.name("echo"), [.string("x")])
        let prover = ChainProver(
            reader: try await theatre.node.journal.reader(), actor: id,
            key: try NodeKeyFile.loadOrMake(in: folder.path()),
            shelf: CheckpointShelf(dataDirectory: folder.path()))
        let path = folder.appending(path: "one.bundle").path()
        _ = try prover.export(to: path, contents: Contents(wasm: wasm))
        for (room, isEnough) in [(wasm.count, true), (wasm.count - 1, false)] {
            let recording = try BundleRecording(try FileSource(path), contentsSizeMax: room)
            let replayer = Replayer(engine: theatre.system.engine, library: recording)
            if isEnough {
                let verdict = try await replayer.replay(recording.events())
                #expect(verdict.isFaithful && verdict.assumesLimits)
            } else {
                let error = await #expect(throws: ReplayError.self) {
                    try await replayer.replay(recording.events())
                }
                #expect(error?.code == .noCode)
                #expect(error?.message.contains("more code than a replay holds") == true)
            }
        }
    }
}
