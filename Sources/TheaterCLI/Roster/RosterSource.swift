// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterManifest
internal import TheaterStore

/// The actors that files say are to run.
struct RosterSource: Sendable {
    /// The most actors that a folder may say.
    static let countMax = 1024

    /// One of them.
    struct Actor: Sendable {
        let name: String
        let manifestPath: String
        let wasm: [UInt8]
        let digest: String
        /// What the roster takes of it.
        let document: JSONValue
    }

    let actors: [Actor]
    /// Whether they are all that is to run: a folder says everything, a manifest is about itself.
    let isWhole: Bool

    /// Reads what a path names: a manifest, an actor's folder, or a folder with such folders and manifests.
    ///
    /// - Parameter variables: values for the variables of a single manifest.
    static func read(
        _ path: String, variables: [String: String] = [:], from files: ActorFiles
    ) throws(CLIError) -> RosterSource {
        let isFolder = Files.kind(path) == .folder
        guard isFolder, Files.kind(Files.join(path, ActorLocation.manifestName)) != .file else {
            guard case .manifest(let manifest) = try ActorLocation.find(path) else {
                throw .usage("'\(path)' is a module; name its manifest")
            }
            return RosterSource(
                actors: [try actor(manifest, variables, files)], isWhole: false)
        }
        guard variables.isEmpty else {
            throw .usage(
                "--var gives a value to one manifest, and '\(path)' is a folder of actors; name the "
                    + "manifest, or give the variable a default")
        }
        let manifests = try manifests(in: path)
        guard manifests.count <= countMax else {
            throw .usage(
                "'\(path)' has \(manifests.count) manifests, and the most is \(countMax); divide it"
            )
        }
        var actors: [Actor] = []
        var places: [String: String] = [:]
        for manifest in manifests {
            let actor = try actor(manifest, [:], files)
            if let other = places.updateValue(manifest, forKey: actor.name) {
                throw CLIError(
                    .manifest, Problem.Code.rosterDuplicate.rawValue,
                    "'\(other)' and '\(manifest)' have the same name, '\(actor.name)'; give one of "
                        + "them another")
            }
            actors.append(actor)
        }
        return RosterSource(actors: actors, isWhole: true)
    }

    /// The manifests of a folder: each `*.toml` in it, and `manifest.toml` of each folder in it.
    private static func manifests(in folder: String) throws(CLIError) -> [String] {
        try Files.list(folder, status: .manifest).compactMap { name in
            guard !name.hasPrefix(".") else { return nil }
            let path = Files.join(folder, name)
            switch Files.kind(path) {
            case .file: return name.hasSuffix(".toml") ? path : nil
            case .folder:
                let manifest = Files.join(path, ActorLocation.manifestName)
                return Files.kind(manifest) == .file ? manifest : nil
            case .missing: return nil
            }
        }
    }

    private static func actor(
        _ path: String, _ variables: [String: String], _ files: ActorFiles
    ) throws(CLIError) -> Actor {
        let loaded = try LoadedActor.load(manifest: path, variables: variables, from: files)
        let wasm = try loaded.wasm()
        let digest = ContentID(of: wasm).description
        let text = try files.read(path, sizeMax: Manifest.sizeMax + 1, status: .manifest)
        var state: String?
        if let file = loaded.manifest.initialStateFile {
            state = Base64.encode(
                try files.read(
                    Manifest.resolve(file.path, relativeTo: path),
                    sizeMax: InitialStateFile.sizeMax + 1, status: .manifest))
        }
        return Actor(
            name: loaded.manifest.name, manifestPath: path, wasm: wasm, digest: digest,
            document: document(
                String(decoding: text, as: UTF8.self), digest, variables, state))
    }

    private static func document(
        _ manifest: String, _ module: String, _ variables: [String: String], _ state: String?
    ) -> JSONValue {
        [
            "manifest": .string(manifest), "module": .string(module),
            "variables": .object(
                variables.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
            "initial_state": .optional(state),
        ]
    }
}
