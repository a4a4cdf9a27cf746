// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterClient
internal import TheaterManifest
internal import TheaterStore

/// Starts an actor in a node, which keeps it.
struct DetachedRun {
    let manifestPath: String
    let variables: [String: String]
    let files: ActorFiles

    /// Sends the module if the node does not keep it, and starts the actor.
    func start(
        _ options: ClientOptions, in context: CLIContext
    ) async throws(CLIError) -> JSONValue {
        // What is wrong with the manifest shows here, with its place in the file.
        let actor = try LoadedActor.load(
            manifest: manifestPath, variables: variables, from: files)
        let wasm = try actor.wasm()
        try LoadedActor.requireModule(wasm, at: actor.wasmPath)
        let digest = ContentID(of: wasm).description
        let text = try files.read(
            manifestPath, sizeMax: Manifest.sizeMax + 1, status: .manifest)
        var request = StartRequest(
            manifest: String(decoding: text, as: UTF8.self), module: digest)
        request.variables = variables
        if let state = actor.manifest.initialStateFile {
            request.initialState = try files.read(
                Manifest.resolve(state.path, relativeTo: manifestPath),
                sizeMax: InitialStateFile.sizeMax + 1, status: .manifest)
        }
        let start = request
        return try await options.withClient(in: context) { (client) throws(ClientError) in
            try await client.keep(wasm, digest: digest)
            return try await client.start(start)
        }
    }
}
