// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform
public import TheaterValue

/// Why a call of another actor gave no value. The callee is unharmed by all of these, except where it
/// ended by itself.
public struct RPCError: Error, Sendable, Hashable {
    /// What went wrong. The raw value is stable, and guests see it.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// There never was an actor of this identity or name, or it is forgotten.
        case unknownTarget = "rpc.unknown-target"
        /// The callee is over or stopping.
        case targetEnded = "rpc.target-ended"
        /// The caller's grant does not cover the callee.
        case denied = "rpc.denied"
        /// The callee's manifest does not offer the interface.
        case notOffered = "rpc.not-offered"
        /// The callee has no such function.
        case unknownFunction = "rpc.unknown-function"
        /// The arguments do not fit the function.
        case wrongArgument = "rpc.wrong-argument"
        /// The callee's mailbox is full.
        case mailboxFull = "rpc.mailbox-full"
        /// No answer came in time.
        case timeout = "rpc.timeout"
        /// The callee waits for the caller, directly or through others.
        case cycle = "rpc.cycle"
        /// The callee answered with an error value.
        case calleeError = "rpc.callee-error"
        /// The call ended the callee.
        case calleeCrashed = "rpc.callee-crashed"
        /// Nothing says which version of the interface is meant.
        case noHash = "rpc.no-hash"
        /// The one who waited gave up.
        case givenUp = "rpc.given-up"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, and what to do about it.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The same as the error of a host function.
    public var hostError: HostError { HostError(code.rawValue, message) }
}

extension RPCError: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}

/// How the handler `rpc` reaches the node's actors.
public protocol RPCPort: Sendable {
    /// Makes the side of an actor that calls others.
    ///
    /// - Returns: `nil` when the node has no such actor.
    func caller(for actor: ActorID, targets: TargetRule) -> (any RPCCaller)?
}

/// One actor's side of calls of others.
public protocol RPCCaller: Sendable {
    /// Finds an actor by its identity or its name, and checks that the grant covers it.
    func resolve(_ address: String) -> Result<ActorID, RPCError>

    /// Calls an export of another actor. Does not wait.
    ///
    /// - Parameters:
    ///   - function: the export, such as `hello:greeter/greeter.greet`.
    ///   - parameters: a tuple of the arguments, or the only one.
    ///   - answer: told exactly once, from any thread and perhaps before this returns.
    func call(
        _ function: String, of target: ActorID, _ parameters: Value, timeout: Duration,
        answer: @escaping @Sendable (Result<Value, RPCError>) -> Void)

    /// Whether an actor exports an interface, the very same and not one that is only called so.
    ///
    /// - Parameter interface: the name; with `#` and the 64 digits of the hash, or else as the
    ///   calling actor itself exports it.
    func implements(_ interface: String, by target: ActorID) -> Result<Bool, RPCError>

    /// The names of the interfaces that an actor exports, sorted.
    func exports(of target: ActorID) -> Result<[String], RPCError>

    /// Gives up what the actor waits for.
    func close()
}
