// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterEngine
internal import TheaterNode
internal import TheaterReplay
internal import TheaterStore

/// Where the wasm of a chain's lives comes from.
struct ReplaySources: ReplayLibrary {
    /// What the data directory keeps; `nil` when it has no store.
    let stored: StoredCode?
    /// A file that was given in place of it.
    let wasm: [UInt8]?
    /// The SHA-256 of that file, computed once for all lives.
    private let digest: String?
    /// Whether the file may be other code than the chain names.
    let isRebuilt: Bool
    /// Which code the chain ran on, when the file may be other code: it stands for what came since the last
    /// upgrade, and what was before runs on its own.
    var spans: CodeSpans?

    /// Opens the sources of a data directory.
    init(
        dataDirectory: String, wasm path: String?, isRebuilt: Bool, logger: Logger
    ) throws(CLIError) {
        let store = try StoreDirectory.translating { () throws(StoreError) in
            try ContentStore.openReadOnly(directory: Files.join(dataDirectory, "store"))
        }
        stored = store.map { StoredCode($0, logger: logger) }
        var bytes: [UInt8]?
        if let path {
            bytes = try Files.read(path, sizeMax: ModuleCache.wasmSizeMax, status: .module)
        }
        wasm = bytes
        digest = bytes.map(ModuleCache.digest)
        self.isRebuilt = isRebuilt
    }

    func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode {
        guard let wasm, let digest, spans?.isComparable(birth) ?? true else {
            guard let stored else {
                throw ReplayError(
                    .noCode,
                    "the data directory keeps no wasm; give the one with the sha256 \(birth.module) "
                        + "with --wasm FILE")
            }
            return try await stored.code(for: birth)
        }
        guard isRebuilt || digest == birth.module.description else {
            throw ReplayError(
                .wrongDigest,
                "the wasm has the sha256 \(digest), and event \(birth.sequence) of the chain names "
                    + "\(birth.module); give that one, or add --rebuilt to see what other code does "
                    + "differently")
        }
        // Without a manifest, the limits that most actors have.
        guard let stored else { return ReplayCode(wasm: wasm) }
        do throws(ReplayError) {
            return try await stored.code(wasm, for: birth)
        } catch {
            guard error.code == .noManifest else { throw error }
            return ReplayCode(wasm: wasm)
        }
    }
}

extension ReplaySources {
    /// The sources for one chain.
    func about(_ lineage: ChainLineage) throws(ReplayError) -> ReplaySources {
        guard isRebuilt else { return self }
        var sources = self
        sources.spans = try CodeSpans(try lineage.events())
        return sources
    }
}

/// The engine that commands run guests in.
enum ReplayEngine {
    /// Makes an engine for a few guests; compiled code of the data directory, if there is one, is used
    /// if it can be.
    static func make(dataDirectory: String?) throws(CLIError) -> Engine {
        var options = EngineOptions(guestsMax: 4)
        if let cache = dataDirectory.map({ Files.join($0, "cache") }),
            Files.kind(cache) == .folder
        {
            options.cacheDirectory = cache
        }
        do throws(EngineError) {
            do throws(EngineError) {
                return try Engine(options)
            } catch {
                guard error.code == .cache else { throw error }
                options.cacheDirectory = nil
                return try Engine(options)
            }
        } catch {
            throw CLIError(error)
        }
    }
}
