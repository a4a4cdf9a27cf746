// SPDX-License-Identifier: Apache-2.0

public import TheaterHandler
internal import TheaterManifest
public import TheaterPact
public import TheaterPlatform
public import TheaterValue

/// An interface that an actor exports.
public struct ExportedInterface: Sendable, Hashable {
    /// The full name, such as `hello:greeter/greeter`.
    public let name: String
    /// What it consists of: equal for equal declarations, and for no others.
    public let hash: InterfaceHash
    /// Whether the actor's manifest offers it to other actors.
    public let isOffered: Bool
}

/// An actor as those who use it see it: what can be called, asked and sent.
///
/// ```swift
/// let greeter = try system.ref(to: id)
/// let greet = try greeter.function("hello:greeter/greeter.greet")
/// let greeting = try await greet(.string("Ada"))
/// ```
public struct ActorRef: Sendable {
    /// The actor's identity.
    public let id: ActorID
    /// The actor's name.
    public let name: String
    private let system: ActorSystem

    init(id: ActorID, name: String, system: ActorSystem) {
        self.id = id
        self.name = name
        self.system = system
    }

    /// Where the actor stands; `nil` when it is forgotten.
    public var status: ActorStatus? { system.status(of: id) }

    /// The interfaces that the actor exports, sorted by name.
    public func interfaces() throws(ActorError) -> [ExportedInterface] {
        try system.interfaces(of: id)
    }

    /// Whether the actor exports this interface, the very same and not one that is only called so.
    public func implements(_ interface: PactInterface) throws(ActorError) -> Bool {
        let hash = interface.hash(rules: .guest)
        return try interfaces().contains { $0.name == interface.name && $0.hash == hash }
    }

    /// Finds an export, whose calls are checked against its declaration.
    ///
    /// - Throws: `actor.unknown-function`, `actor.not-found`, `actor.ended`.
    public func function(_ name: String) throws(ActorError) -> ActorFunction {
        ActorFunction(
            name: name, signature: try system.signature(of: name, of: id), actor: id,
            system: system)
    }

    /// Calls an export. See ``ActorSystem/call(_:_:_:options:)``.
    @discardableResult
    public func call(
        _ function: String, _ arguments: [Value] = [], options: CallOptions = CallOptions()
    ) async throws(ActorError) -> Value {
        try await system.call(id, function, arguments, options: options)
    }

    /// Sends a one-way message. See ``ActorSystem/send(_:to:)``.
    public func send(_ body: [UInt8]) throws(MessageError) { try system.send(body, to: id) }

    /// Asks, and waits for the answer. See ``ActorSystem/request(_:to:timeout:)``.
    public func request(
        _ body: [UInt8], timeout: Duration = .seconds(30)
    ) async throws(MessageError) -> [UInt8] {
        try await system.request(body, to: id, timeout: timeout)
    }

    /// Opens a channel. See ``ActorSystem/openChannel(to:_:timeout:unreadMax:)``.
    public func openChannel(
        _ body: [UInt8] = [], timeout: Duration = .seconds(30), unreadMax: Int = 256
    ) async throws(MessageError) -> ExternalChannel {
        try await system.openChannel(to: id, body, timeout: timeout, unreadMax: unreadMax)
    }
}

extension ActorRef: CustomStringConvertible {
    /// The name and the identity.
    public var description: String { "\(name) (\(id))" }
}

/// One export of one actor.
public struct ActorFunction: Sendable {
    /// The export, such as `hello:greeter/greeter.greet`.
    public let name: String
    /// The declaration; `nil` when the actor's metadata says nothing.
    public let signature: FunctionSignature?
    /// The actor.
    public let actor: ActorID
    private let system: ActorSystem

    init(name: String, signature: FunctionSignature?, actor: ActorID, system: ActorSystem) {
        self.name = name
        self.signature = signature
        self.actor = actor
        self.system = system
    }

    /// Calls the function. The state is not among the arguments.
    ///
    /// - Throws: see ``ActorSystem/call(_:_:_:options:)``.
    @discardableResult
    public func callAsFunction(
        _ arguments: Value..., options: CallOptions = CallOptions()
    ) async throws(ActorError) -> Value {
        try await system.call(actor, name, arguments, options: options)
    }
}

extension ActorSystem {
    /// A handle of a live actor.
    ///
    /// - Throws: `actor.not-found`, `actor.ended`.
    public func ref(to id: ActorID) throws(ActorError) -> ActorRef {
        ActorRef(id: id, name: try cell(id).name, system: self)
    }

    /// The interfaces that an actor exports, sorted by name.
    public func interfaces(of id: ActorID) throws(ActorError) -> [ExportedInterface] {
        let cell = try cell(id)
        return cell.template.exportHashes.filter { !$0.name.isEmpty }.map { entry in
            ExportedInterface(
                name: entry.name, hash: entry.hash,
                isOffered: cell.manifest.rpc.contains(entry.name))
        }
    }
}
