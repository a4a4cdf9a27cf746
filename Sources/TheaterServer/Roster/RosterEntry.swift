// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterManifest
internal import TheaterStore

/// One actor that is to run, as it was asked for: all that it takes to start it.
struct RosterEntry: Sendable, Hashable {
    /// Its name: the manifest's.
    let name: String
    /// The text of its manifest.
    let manifest: String
    /// The SHA-256 of its module, which the node keeps.
    let module: ContentID
    /// Values for the manifest's variables.
    let variables: [String: String]
    /// The content of the manifest's `initial_state_file`, in Base64.
    let initialState: String?

    /// Reads one of a document, whose name is in the manifest alone, or of the file, which has it.
    init(_ json: JSONValue, isStored: Bool = false) throws(JSONError) {
        var fields = try JSONFields(json)
        name = isStored ? try fields.string("name") : ""
        manifest = try fields.string("manifest")
        let digest = try fields.string("module")
        guard let module = ContentID(digest) else {
            throw JSONError("'module' must be a SHA-256 in 64 hexadecimal digits")
        }
        self.module = module
        variables = try fields.dictionary("variables")
        initialState = try fields.optionalString("initial_state")
        try fields.finish()
    }

    /// The same under the name that its manifest has.
    func named(_ name: String) -> RosterEntry {
        RosterEntry(
            name: name, manifest: manifest, module: module, variables: variables,
            initialState: initialState)
    }

    private init(
        name: String, manifest: String, module: ContentID, variables: [String: String],
        initialState: String?
    ) {
        self.name = name
        self.manifest = manifest
        self.module = module
        self.variables = variables
        self.initialState = initialState
    }

    /// What a document has of it, but for the name.
    var members: [JSONValue.Member] {
        [
            .init("manifest", .string(manifest)), .init("module", .string(module.description)),
            .init(
                "variables",
                .object(
                    variables.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
            .init("initial_state", .optional(initialState)),
        ]
    }
}

/// An entry that has been understood.
struct RosterActor: Sendable {
    let entry: RosterEntry
    let manifest: Manifest

    var name: String { entry.name }
}
