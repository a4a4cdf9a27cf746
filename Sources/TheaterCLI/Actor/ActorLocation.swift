// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
internal import TheaterRuntime
internal import TheaterStore

/// What a command's `[MANIFEST|DIR|FILE.wasm]` names.
enum ActorLocation: Sendable, Hashable {
    /// A manifest.
    case manifest(String)
    /// A module without a manifest.
    case wasm(String)

    /// The name of a manifest in a folder.
    static let manifestName = "manifest.toml"

    /// Finds out what a path names; no path means the current folder.
    static func find(_ path: String?) throws(CLIError) -> ActorLocation {
        let path = path ?? "."
        if StoreReference.isReference(path) { return .manifest(path) }
        switch Files.kind(path) {
        case .folder:
            let manifest = path == "." ? manifestName : Files.join(path, manifestName)
            guard Files.kind(manifest) == .file else {
                let place = path == "." ? "this folder" : "'\(path)'"
                throw CLIError(
                    .manifest, "cli.no-manifest",
                    "there is no \(manifestName) in \(place); go to an actor's folder, name its "
                        + "manifest, or make a new one with `theater new NAME`")
            }
            return .manifest(manifest)
        case .file:
            return path.hasSuffix(".wasm") ? .wasm(path) : .manifest(path)
        case .missing:
            throw CLIError(
                .manifest, "cli.no-manifest",
                "'\(path)' does not exist; name a manifest, an actor's folder, or make a new one "
                    + "with `theater new NAME`")
        }
    }
}

/// Why a first state cannot be read, without a code of its own.
private struct UnreadableState: Error, CustomStringConvertible {
    let description: String
}

/// An actor as it lies on disk.
struct LoadedActor: Sendable {
    /// Where the manifest is.
    let manifestPath: String
    /// What it says.
    var manifest: Manifest
    /// Where the module is.
    let wasmPath: String
    /// What both are read from.
    let files: ActorFiles

    /// The folder of the manifest.
    var folder: String { Files.folder(of: manifestPath) }

    /// The most bytes of a module.
    static let wasmSizeMax = 256 << 20

    /// Reads the manifest with its first state, and finds out where its module is.
    ///
    /// - Parameter variables: values for the variables of the manifest.
    /// - Throws: with status `manifest`.
    static func load(
        manifest path: String, variables: [String: String] = [:], from files: ActorFiles
    ) throws(CLIError) -> LoadedActor {
        let bytes = try files.read(path, sizeMax: Manifest.sizeMax + 1, status: .manifest)
        var manifest: Manifest
        do throws(ManifestDiagnostics) {
            manifest = try Manifest.parse(bytes: bytes, file: path, variables: variables)
            try manifest.readInitialState(manifestPath: path) { path, sizeMax in
                do throws(CLIError) {
                    return try files.read(path, sizeMax: sizeMax, status: .manifest)
                } catch {
                    throw UnreadableState(description: error.message)
                }
            }
        } catch {
            throw CLIError(error)
        }
        return LoadedActor(
            manifestPath: path, manifest: manifest,
            wasmPath: Manifest.resolve(manifest.package, relativeTo: path), files: files)
    }

    /// Reads the module.
    ///
    /// - Throws: with status `module`, and a hint to build when the actor's sources are there.
    func wasm() throws(CLIError) -> [UInt8] {
        if wasmPath.contains("://") {
            return try files.read(wasmPath, sizeMax: Self.wasmSizeMax, status: .module)
        }
        guard Files.kind(wasmPath) == .file else {
            let isProject = Files.names(in: folder).contains { $0.hasSuffix(".pact") }
            let place = folder == "." ? "" : " \(folder)"
            throw CLIError(
                .module, "cli.no-module",
                isProject
                    ? "'\(wasmPath)' is not there yet; run `theater build\(place)` to make it"
                    : "'\(wasmPath)' does not exist; correct 'package' in '\(manifestPath)', or put "
                        + "the module there")
        }
        return try Self.wasm(at: wasmPath)
    }

    /// A source of the actor that was changed after the module was built; `nil` when there is none.
    var changedSource: String? {
        guard !manifestPath.contains("://"), let built = Files.changeTime(wasmPath) else {
            return nil
        }
        let pact = Files.names(in: folder).filter { $0.hasSuffix(".pact") }
        let sources = Files.join(folder, "Sources")
        let swift = Files.names(in: sources).filter { $0.hasSuffix(".swift") }
        let paths = pact.map { Files.join(folder, $0) } + swift.map { Files.join(sources, $0) }
        return paths.first { Files.changeTime($0).map { $0 > built } ?? false }
    }

    /// Refuses what a node would refuse without knowing the file.
    static func requireModule(_ wasm: [UInt8], at path: String) throws(CLIError) {
        guard wasm.starts(with: [0x00, 0x61, 0x73, 0x6D]) else {
            throw CLIError(
                .module, ActorError.Code.module.rawValue,
                "'\(Printable.line(path))' is no WebAssembly module; give the .wasm file that "
                    + "`theater build` makes")
        }
    }

    /// Reads a module.
    static func wasm(at path: String) throws(CLIError) -> [UInt8] {
        try Files.read(path, sizeMax: wasmSizeMax, status: .module)
    }
}
