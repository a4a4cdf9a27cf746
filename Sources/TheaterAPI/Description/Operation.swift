// SPDX-License-Identifier: Apache-2.0

/// One thing that can be asked of a node: its method and path, what goes in, what comes out.
///
/// ``all`` is the whole API: a node routes by it, and the OpenAPI document is made from it.
public struct Operation: Sendable {
    /// The methods in use.
    public enum Method: String, Sendable, Hashable, CaseIterable {
        /// Reads.
        case get = "GET"
        /// Does something.
        case post = "POST"
        /// Puts something in the place of what is there.
        case put = "PUT"
        /// Removes.
        case delete = "DELETE"
    }

    /// The names, as OpenAPI has them in `operationId`.
    public enum ID: String, Sendable, Hashable, CaseIterable {
        /// Whether the process lives.
        case health
        /// Whether the node takes work.
        case readiness
        /// The description of the API.
        case openAPI = "openapi"
        /// The node in brief.
        case node
        /// The live actors.
        case listActors
        /// The actors as trees.
        case tree
        /// The same, again whenever it has changed.
        case followTree
        /// An actor's children.
        case children
        /// The chains there are.
        case listChains
        /// A chain in brief.
        case chain
        /// What the node's store holds.
        case store
        /// The labels of a namespace of the store.
        case labels
        /// Puts content into a namespace of the store.
        case putContent
        /// Content of a namespace of the store.
        case content
        /// Makes a label name content.
        case setLabel
        /// Removes a label.
        case removeLabel
        /// Starts an actor.
        case startActor
        /// One actor.
        case actor
        /// The same, again whenever it has changed.
        case followActor
        /// What an actor exports.
        case functions
        /// An actor's state.
        case state
        /// Stops an actor in order.
        case stopActor
        /// Ends an actor at once.
        case killActor
        /// Starts an actor again.
        case restartActor
        /// Exchanges an actor's code.
        case upgradeActor
        /// Sends a message.
        case send
        /// Asks an actor.
        case request
        /// Calls an export.
        case call
        /// Events of a chain.
        case events
        /// Events of a chain as they happen.
        case followEvents
        /// Who follows what, and who lags behind.
        case subscribers
        /// The same, again whenever it has changed.
        case followSubscribers
        /// Messages that reached nobody.
        case deadLetters
        /// The same, again whenever they have changed.
        case followDeadLetters
        /// Puts a module into the node's store.
        case putModule
        /// Whether the node's store has a module.
        case module
        /// Numbers for Prometheus.
        case metrics
        /// Opens a channel.
        case openChannel
        /// Opens a channel on a WebSocket.
        case openSocket
        /// The channels that one has opened.
        case listChannels
        /// Sends on a channel.
        case sendOnChannel
        /// Closes a channel.
        case closeChannel
        /// The tokens there are.
        case listTokens
        /// Makes a token.
        case createToken
        /// Takes a token back.
        case revokeToken
        /// The actors that are to run.
        case roster
        /// Says which actors are to run.
        case putRoster
    }

    /// A parameter of the query.
    public struct Parameter: Sendable {
        /// Its name.
        public let name: String
        /// Its schema.
        public let schema: JSONValue
        /// What it means.
        public let summary: String
        /// Whether it must be given.
        public var isRequired = false
    }

    /// What goes in or comes out.
    public enum Content: Sendable {
        /// Nothing.
        case nothing
        /// JSON, by the name of its schema.
        case json(String)
        /// Any bytes.
        case bytes
        /// Lines of text.
        case text
        /// A WebAssembly module.
        case module
        /// JSON by the name of its schema, or a value in CGRF.
        case jsonOrCGRF(String)
        /// JSON by the name of its schema, or the items of its list as JSON, each on a line,
        /// and then a line with `next` when more follow.
        case jsonOrLines(String)
        /// Server-sent events.
        case events

        /// The media types.
        public var mediaTypes: [String] {
            switch self {
            case .nothing: []
            case .json: ["application/json"]
            case .bytes: ["application/octet-stream"]
            case .text: ["text/plain"]
            case .module: ["application/wasm"]
            case .jsonOrCGRF: ["application/json", MediaType.cgrf]
            case .jsonOrLines: ["application/json", MediaType.lines]
            case .events: [MediaType.eventStream]
            }
        }
    }

    /// Its name.
    public let id: ID
    /// Its method.
    public let method: Method
    /// Its path; a part in braces stands for anything.
    public let path: String
    /// What a credential must allow; `nil` for what needs none.
    public let scope: Scope?
    /// What it does, in a sentence.
    public let summary: String
    /// The parameters of the query.
    public var parameters: [Parameter] = []
    /// What goes in.
    public var input = Content.nothing
    /// The status when it is done.
    public var status = 200
    /// What comes out.
    public var output = Content.nothing
    /// The statuses when it is not done, beside those that each operation may answer.
    public var problems: [Int] = []

    /// Whether it changes anything.
    public var isMutation: Bool { method != .get || id == .openSocket }
}

/// The media types of this API that are not in a registry.
public enum MediaType {
    /// A value in its binary form.
    public static let cgrf = "application/vnd.theater.cgrf"
    /// JSON texts, each on a line.
    public static let lines = "application/x-ndjson"
    /// Server-sent events.
    public static let eventStream = "text/event-stream"
}
