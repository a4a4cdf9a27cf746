// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
internal import TheaterPlatform
public import TheaterRuntime
public import TheaterStore

/// Finds the manifests and the wasm of children in files and in the store.
///
/// What an actor names must lie in the folder of its own manifest, or below, with symbolic links
/// followed: the manifest of its child, the files that this names, and those that its children's name in
/// turn. Of the store, its own namespace and those that actors share are open to it.
public struct NodeResolver: ActorResolver {
    /// The largest wasm that is read, in bytes.
    public static let wasmSizeMax = 256 << 20

    private let store: ContentStore

    /// Makes a resolver.
    ///
    /// - Parameter store: what `store://…` refers to.
    public init(store: ContentStore) { self.store = store }

    /// Finds what a reference means.
    public func resolve(_ reference: ActorReference) async throws(ActorError) -> ResolvedActor {
        let outcome: Result<ResolvedActor, ActorError> = await withCheckedContinuation {
            continuation in
            // Files are read on a thread of their own: the disk may take its time.
            let hasStarted = WorkerThread.start(name: "resolver") {
                do throws(ActorError) {
                    continuation.resume(returning: .success(try read(reference)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !hasStarted {
                continuation.resume(
                    returning: .failure(
                        ActorError(.manifest, "the system gives no thread to read files with")))
            }
        }
        return try outcome.get()
    }

    private func read(_ reference: ActorReference) throws(ActorError) -> ResolvedActor {
        var manifest = Manifest(name: "actor", package: "")
        var path = reference.base
        if !reference.manifest.isEmpty {
            let found = try place(reference.manifest, reference)
            let bytes = try bytes(of: found, sizeMax: Manifest.sizeMax, .manifest)
            do throws(ManifestDiagnostics) {
                manifest = try Manifest.parse(bytes: bytes, file: found)
                if let state = manifest.initialStateFile {
                    try readState(state, of: &manifest, at: found, reference)
                }
            } catch {
                throw ActorError(.manifest, "\(error)")
            }
            path = found
        }
        guard !reference.hasWasm else {
            return ResolvedActor(manifest: manifest, wasm: [], path: path)
        }
        let wasmPath: String
        if let wasm = reference.wasm {
            wasmPath = try place(wasm, reference)
        } else {
            wasmPath = Manifest.resolve(manifest.package, relativeTo: path ?? "")
            try confine(wasmPath, to: reference.scope, "the wasm of a child")
        }
        let wasm = try bytes(of: wasmPath, sizeMax: Self.wasmSizeMax, .module)
        return ResolvedActor(manifest: manifest, wasm: wasm, path: path)
    }

    /// Reads the first state that a manifest keeps in a file; what a guest named stays confined.
    private func readState(
        _ state: InitialStateFile, of manifest: inout Manifest, at found: String,
        _ reference: ActorReference
    ) throws(ManifestDiagnostics) {
        try manifest.readInitialState(manifestPath: found) { path, sizeMax in
            try confine(path, to: reference.scope, "a first state")
            if reference.scope != .everything, let wanted = Self.namespace(of: path),
                wanted != Self.namespace(of: found)
            {
                throw ActorError(
                    .manifest,
                    "a first state that is in the store must be in the namespace of its manifest; "
                        + "'\(path)' is not")
            }
            return try bytes(of: path, sizeMax: sizeMax, .manifest)
        }
    }

    /// Refuses what a reference may not lead to.
    private func confine(
        _ path: String, to scope: ReferenceScope, _ what: String
    ) throws(ActorError) {
        guard case .named(let folder, let actor) = scope else { return }
        if StoreReference.isReference(path) {
            guard let namespace = Self.namespace(of: path), namespace.isPrivate,
                namespace != StoreNamespace(of: actor)
            else { return }
            throw ActorError(
                .manifest, "\(what) must not lie in the namespace of another actor; '\(path)' does")
        }
        guard let folder = folder.map({ CanonicalPath.resolve($0) }) else {
            throw ActorError(
                .manifest,
                "\(what) must be in the store, because the manifest of the parent is not in a folder; "
                    + "'\(path)' is a file")
        }
        let found = CanonicalPath.resolve(path)
        guard found == folder || found.hasPrefix(folder == "/" ? "/" : folder + "/") else {
            throw ActorError(
                .manifest,
                "\(what) must lie in the folder of the parent's manifest, or below; '\(path)' does "
                    + "not")
        }
    }

    /// The path that a reference means.
    private func place(
        _ text: String, _ reference: ActorReference
    ) throws(ActorError) -> String {
        let path = Manifest.resolve(text, relativeTo: reference.base ?? "")
        try confine(path, to: reference.scope, "what an actor names")
        return path
    }

    private static func namespace(of path: String) -> StoreNamespace? {
        try? StoreReference(parsing: path).namespace
    }

    private func bytes(
        of path: String, sizeMax: Int, _ code: ActorError.Code
    ) throws(ActorError) -> [UInt8] {
        if path.hasPrefix("store://") { return try stored(path, code) }
        let disk = SystemDisk()
        do throws(DiskError) {
            let file = try disk.open(path, .read)
            defer { disk.close(file) }
            let size = try disk.size(of: file)
            if size <= UInt64(sizeMax) {
                var bytes = [UInt8](repeating: 0, count: Int(clamping: size))
                let count = try Self.fill(&bytes, from: file, of: disk)
                return Array(bytes.prefix(count))
            }
        } catch {
            throw ActorError(code, "'\(path)' cannot be read: \(error)")
        }
        throw ActorError(code, "'\(path)' is too large; at most \(sizeMax) bytes are read")
    }

    /// What the store has for a reference.
    private func stored(_ text: String, _ code: ActorError.Code) throws(ActorError) -> [UInt8] {
        do throws(StoreError) {
            return try store.resolve(try StoreReference(parsing: text)).content
        } catch {
            throw ActorError(code, "'\(text)' cannot be read: \(error)")
        }
    }

    private static func fill(
        _ bytes: inout [UInt8], from file: DiskFile, of disk: SystemDisk
    ) throws(DiskError) -> Int {
        let outcome: Result<Int, DiskError> = unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(DiskError) {
                return .success(try unsafe disk.readAll(file, into: buffer, at: 0))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
