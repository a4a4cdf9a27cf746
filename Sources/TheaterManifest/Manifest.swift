// SPDX-License-Identifier: Apache-2.0

public import TheaterValue

/// What an actor is made of and what it may do: the contents of its TOML file.
///
/// ```toml
/// name = "crawler"
/// package = "crawler.wasm"
///
/// [[handler]]
/// type = "runtime"
///
/// [limits]
/// memory = "64MiB"
/// ```
///
/// Every key that is not understood is refused, with its place and what was probably meant.
public struct Manifest: Sendable, Hashable {
    /// The longest text that is read, in bytes.
    public static let sizeMax = 1 << 20
    /// How deep tables and arrays may be nested.
    public static let depthMax = 32
    /// How many handlers a manifest may grant.
    public static let handlersMax = 64
    /// How many children a manifest may declare.
    public static let childrenMax = 256
    /// How many interfaces a manifest may offer for calls from other actors.
    public static let rpcMax = 256

    /// The actor's name for people (`name`): a lower-case letter or digit, then up to 63 of those,
    /// hyphens, underscores and dots.
    public var name: String
    /// The actor's version (`version`); has no meaning to the runtime.
    public var version: String?
    /// What the actor does, in a sentence (`description`).
    public var description: String?
    /// What the actor does, at length (`long_description`).
    public var longDescription: String?
    /// Where the wasm is (`package`): a path relative to the manifest's folder, see `resolve`, or
    /// `store://…`, which a node looks up in its store.
    public var package: String
    /// The SHA-256 that the wasm must have (`sha256`), as 64 lower-case hexadecimal digits.
    public var sha256: String?
    /// The state the actor starts with: `initial_state` as a string, or `initial_state_value` as
    /// any value in its text form.
    public var initialState: Value?
    /// The file that the first state is in (`initial_state_file`); see `readInitialState`.
    public var initialStateFile: InitialStateFile?
    /// The bounds the actor lives in (`[limits]`).
    public var limits: Limits
    /// How its chain is kept (`[chain]`).
    public var chain: ChainSettings
    /// What an error from a callback leads to (`on_error`).
    public var onError: OnError
    /// The handlers it is granted, in the order of the text (`[[handler]]`).
    public var handlers: [HandlerGrant]
    /// How much of its parent's grants it takes over (`[permission_policy]`).
    public var policies: [HandlerPolicy]
    /// How it keeps its children (`[supervision]`).
    public var supervision: SupervisionSettings
    /// The children that are started with it, in their order (`[[children]]`).
    public var children: [ChildDeclaration]
    /// The interfaces other actors may call (`[exports] rpc`).
    public var rpc: [String]
    /// The text the manifest was read from, byte for byte. Empty for a manifest that was made in
    /// code.
    public var source: String
    /// What diagnostics call the manifest, usually its path; empty for one that was made in code.
    public var file: String
    /// The values that were given for its variables from outside and took effect; never a secret.
    public var variables: [String: String]
    /// What is not wrong and yet worth saying: keys without effect.
    public var warnings: [ManifestDiagnostic]

    /// Makes a manifest in code, with every other property at its default.
    public init(name: String, package: String, handlers: [HandlerGrant] = []) {
        self.name = name
        self.package = package
        self.handlers = handlers
        limits = Limits()
        chain = ChainSettings()
        onError = .fail
        policies = []
        supervision = SupervisionSettings()
        children = []
        rpc = []
        source = ""
        file = ""
        variables = [:]
        warnings = []
    }

    /// The policy of a handler type, if the manifest has one.
    public func policy(_ type: String) -> HandlerPolicy? { policies.first { $0.type == type } }

    /// The grant of a handler type, if the actor has it.
    public func handler(_ type: String) -> HandlerGrant? { handlers.first { $0.type == type } }
}
