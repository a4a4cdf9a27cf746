// SPDX-License-Identifier: Apache-2.0

public import Logging
internal import Synchronization
public import TheaterChain
public import TheaterManifest
public import TheaterReplay
public import TheaterRuntime
public import TheaterStore

/// What chains name by digest, in the namespace ``StoreNamespace/code`` of a node's store.
///
/// Each piece has a label of its own, so that no collection removes it. What nobody needs any more is
/// removed with `theater store label module/… --remove --store-id theater.code`, and the next
/// collection.
public final class StoredCode: CodeKeeper, CodeFinder, ReplayLibrary {
    private let store: ContentStore
    private let logger: Logger
    /// Pairs that are known to be kept, so that a warm spawn asks nobody.
    private let known = Mutex<Set<Pair>>([])
    /// How many pairs are remembered; then all are forgotten, which costs a look into the store each.
    private static let knownMax = 16_384

    private struct Pair: Hashable {
        let module: Digest
        let manifest: Digest
    }

    /// Keeps code in a store, or finds it there.
    public init(_ store: ContentStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    // MARK: Keeping

    /// Whether both were seen to be kept.
    public func has(module: Digest, manifest: Digest) -> Bool {
        let pair = Pair(module: module, manifest: manifest)
        return known.withLock { $0.contains(pair) }
    }

    /// Keeps a wasm and a manifest on a thread of the store.
    public func keep(
        wasm: [UInt8], as module: Digest, manifest: [UInt8], as manifestDigest: Digest
    ) async {
        let outcome = await store.perform { (store) throws(StoreError) in
            try Self.put(wasm, Self.label("module", module), store)
            try Self.put(manifest, Self.label("manifest", manifestDigest), store)
        }
        switch outcome {
        case .success:
            let pair = Pair(module: module, manifest: manifestDigest)
            known.withLock { known in
                if known.count >= Self.knownMax { known = [] }
                known.insert(pair)
            }
        case .failure(let error):
            logger.warning(
                "the code of an actor is not kept; a replay of its chain will need --wasm",
                metadata: ["module.sha256": "\(module)", "error": "\(error)"])
        }
    }

    private static func put(
        _ content: [UInt8], _ label: StoreLabel?, _ store: ContentStore
    ) throws(StoreError) {
        guard let label else { return }
        if try store.target(of: label, in: .code) == nil {
            try store.put(content, in: .code, label: label)
        }
    }

    private static func label(_ kind: String, _ digest: Digest) -> StoreLabel? {
        StoreLabel("\(kind)/\(digest)")
    }

    // MARK: Finding

    /// The code of a life, with the limits of its manifest.
    public func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode {
        guard let wasm = try await find(birth.module) else { throw Self.noCode(birth) }
        return try await code(wasm, for: birth)
    }

    /// The manifest of a life.
    ///
    /// - Throws: `replay.no-manifest` when it is not kept, `replay.manifest` when it cannot be read.
    public func manifest(for birth: ReplayBirth) async throws(ReplayError) -> Manifest {
        let bytes = try await manifestBytes(for: birth)
        do throws(ManifestDiagnostics) {
            return try Manifest(recorded: bytes)
        } catch {
            throw ReplayError(
                .manifest, "the manifest that the chain names cannot be read: \(error)")
        }
    }

    private func manifestBytes(for birth: ReplayBirth) async throws(ReplayError) -> [UInt8] {
        guard let manifest = try await find(birth.manifest) else {
            throw ReplayError(
                .noManifest,
                "the store does not keep the manifest \(birth.manifest) that the chain names, and with "
                    + "it the actor's limits")
        }
        return manifest
    }

    /// Other code for a life, with the limits of the life's manifest.
    ///
    /// - Throws: as ``manifest(for:)``.
    public func code(
        _ wasm: [UInt8], for birth: ReplayBirth
    ) async throws(ReplayError) -> ReplayCode {
        return try Self.code(wasm, manifest: try await manifestBytes(for: birth))
    }

    /// Code with the limits in the recorded bytes of a manifest.
    public static func code(
        _ wasm: [UInt8], manifest: [UInt8]
    ) throws(ReplayError) -> ReplayCode {
        do throws(ManifestDiagnostics) {
            return ReplayCode(wasm: wasm, limits: try Limits(recorded: manifest))
        } catch {
            throw ReplayError(
                .manifest, "the manifest that the chain names cannot be read: \(error)")
        }
    }

    /// The wasm and the manifest of a life.
    public func parts(
        of birth: ReplayBirth
    ) async throws(ReplayError) -> (wasm: [UInt8], manifest: Manifest) {
        guard let wasm = try await find(birth.module) else { throw Self.noCode(birth) }
        return (wasm, try await manifest(for: birth))
    }

    private static func noCode(_ birth: ReplayBirth) -> ReplayError {
        ReplayError(
            .noCode,
            "the store does not keep the wasm \(birth.module) that the chain names; give it with "
                + "--wasm FILE")
    }

    private func find(_ digest: Digest) async throws(ReplayError) -> [UInt8]? {
        guard let id = ContentID(bytes: digest.bytes) else { return nil }
        let outcome = await store.perform { (store) throws(StoreError) -> [UInt8]? in
            guard try store.size(of: id, in: .code) != nil else { return nil }
            return try store.get(id, in: .code)
        }
        switch outcome {
        case .success(let content): return content
        case .failure(let error):
            throw ReplayError.unreadable("the store", error)
        }
    }
}
