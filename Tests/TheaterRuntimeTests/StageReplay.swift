// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterReplay
import TheaterRuntime

/// Replays whatever the tests of this target record: each chain that a test looks at must fit the code
/// that made it, however the life went.
enum StageReplay {
    /// What was spawned on any stage.
    static let code = Code()
    private static let engine = Result { try Engine(EngineOptions(guestsMax: 16)) }

    static func expectFaithful(
        _ id: ActorID, in reader: JournalReader, of journal: Journal, handlers: HandlerRegistry
    ) async throws {
        let replayer = Replayer(
            engine: try engine.get(), library: code,
            options: ReplayOptions(
                payloadSizeMax: journal.payloadSizeMax,
                isSuspending: handlers.suspending))
        var found: ReplayVerdict?
        while found == nil {
            do {
                found = try await replayer.replay(ReplayEvents(try reader.events(of: id)))
            } catch let error as ReplayError where error.code == .ceiling {
                await Task.yield()
            }
        }
        let verdict = try #require(found)
        // Behind a secret the code may do something else: the chain does not have it.
        #expect(
            verdict.divergence.map { $0.redactedAt != nil } ?? true,
            "\(verdict.divergence.map(String.init(describing:)) ?? "")")
    }

    final class Code: CodeKeeper, ReplayLibrary {
        private let kept = Mutex<[Digest: [UInt8]]>([:])

        func has(module: Digest, manifest: Digest) -> Bool {
            kept.withLock { $0[module] != nil && $0[manifest] != nil }
        }

        func keep(
            wasm: [UInt8], as module: Digest, manifest: [UInt8], as manifestDigest: Digest
        ) async {
            kept.withLock { kept in
                kept[module] = wasm
                kept[manifestDigest] = manifest
            }
        }

        func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode {
            let (wasm, manifest) = kept.withLock { ($0[birth.module], $0[birth.manifest]) }
            guard let wasm, let manifest else {
                throw ReplayError(.noCode, "no stage spawned \(birth.module)")
            }
            guard let limits = try? Limits(recorded: manifest) else {
                throw ReplayError(.manifest, "the limits cannot be read")
            }
            return ReplayCode(wasm: wasm, limits: limits)
        }
    }
}
