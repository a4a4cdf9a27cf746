// SPDX-License-Identifier: Apache-2.0

public import TheaterManifest
public import TheaterPlatform

/// What a reference may lead to.
public enum ReferenceScope: Sendable, Hashable {
    /// Everything: an operator wrote it.
    case everything
    /// What an actor may name, and what stands in the manifests that it named.
    ///
    /// - Parameters:
    ///   - folder: where files must lie, or below, with symbolic links followed; `nil` for no files at all.
    ///   - actor: who named it. Its own part of the store is open, as are those that actors share.
    case named(folder: String?, actor: ActorID)
}

/// Which actor is meant: where its manifest is, and perhaps its wasm.
public struct ActorReference: Sendable, Hashable {
    /// A path, or `store://…`; empty when only the wasm is wanted.
    public var manifest: String
    /// The same for the wasm, instead of what the manifest says.
    public var wasm: String?
    /// The path of the manifest that the reference is in; `nil` for the working directory.
    public var base: String?
    /// What it may lead to.
    public var scope: ReferenceScope
    /// Whether the wasm is at hand, and need not be found.
    public var hasWasm: Bool

    /// Makes a reference.
    public init(
        manifest: String, wasm: String? = nil, base: String? = nil,
        scope: ReferenceScope = .everything, hasWasm: Bool = false
    ) {
        self.manifest = manifest
        self.wasm = wasm
        self.base = base
        self.scope = scope
        self.hasWasm = hasWasm
    }
}

/// What a reference means.
public struct ResolvedActor: Sendable {
    /// The manifest.
    public var manifest: Manifest
    /// The wasm.
    public var wasm: [UInt8]
    /// Where the manifest is, for the references in it.
    public var path: String?

    /// Makes the meaning of a reference.
    public init(manifest: Manifest, wasm: [UInt8], path: String? = nil) {
        self.manifest = manifest
        self.wasm = wasm
        self.path = path
    }
}

/// Finds the manifests and the wasm of children.
public protocol ActorResolver: Sendable {
    /// Finds what a reference means.
    ///
    /// - Throws: `actor.manifest` or `actor.module` when it cannot be read.
    func resolve(_ reference: ActorReference) async throws(ActorError) -> ResolvedActor
}
