// SPDX-License-Identifier: Apache-2.0

public import TheaterEngine
internal import TheaterReplay
public import TheaterValue

/// Why an actor could not be started or called, or why it ended.
public struct ActorError: Error, Sendable, Hashable {
    /// What went wrong. The raw value is stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// No actor has that identity or name.
        case notFound = "actor.not-found"
        /// The actor is over.
        case ended = "actor.ended"
        /// The actor is stopping and takes no more calls.
        case stopping = "actor.stopping"
        /// The actor is between two lives.
        case restarting = "actor.restarting"
        /// The actor's mailbox is full.
        case mailboxFull = "actor.mailbox-full"
        /// Another live actor has that name.
        case nameTaken = "actor.name-taken"
        /// The actor has no such function.
        case unknownFunction = "actor.unknown-function"
        /// The arguments do not fit the function.
        case wrongArgument = "actor.wrong-argument"
        /// The actor answered with something else than it declares.
        case wrongResult = "actor.wrong-result"
        /// The actor answered with an error value.
        case guestError = "actor.guest-error"
        /// The call did not begin before its deadline; the actor is unharmed.
        case deadline = "actor.deadline"
        /// The caller gave up before the call began; the actor is unharmed.
        case cancelled = "actor.cancelled"
        /// The actor's code could not be loaded.
        case module = "actor.module"
        /// The wasm is not the one that the manifest names.
        case wrongDigest = "actor.wrong-digest"
        /// The actor's metadata cannot be read.
        case metadata = "actor.metadata"
        /// An import of the actor is not granted, not offered, or not the same.
        case importRefused = "actor.import-refused"
        /// The manifest asks for something that cannot be had.
        case manifest = "actor.manifest"
        /// The manifest asks for what the parent does not hold, or what a policy disallows.
        case grantExceedsParent = "actor.grant-exceeds-parent"
        /// The actor trapped, broke a limit, or broke the calling convention.
        case crashed = "actor.crashed"
        /// The node has no room for another actor.
        case ceiling = "actor.ceiling"
        /// What crossed the boundary is too large to be recorded.
        case tooLarge = "actor.too-large"
        /// What the actor does can no longer be recorded.
        case journal = "actor.journal"
        /// The actor was ended at once.
        case killed = "actor.killed"
        /// A child did not start, or was started again too often.
        case supervision = "actor.supervision"
        /// The actor is not a child of the one that wants to act on it.
        case notAChild = "actor.not-a-child"
        /// The node is shutting down.
        case shuttingDown = "actor.shutting-down"
        /// The actor cannot go on where the other chain stands.
        case fork = "actor.fork"
        /// The actor cannot be brought back to where its chain ends.
        case resume = "actor.resume"
        /// The new code cannot go on where the actor stands; nothing was done.
        case upgradeRefused = "actor.upgrade-refused"
        /// The new code did not start or did not migrate the state; the old one goes on.
        case upgradeFailed = "actor.upgrade-failed"
        /// The actor's code is being exchanged by somebody else.
        case upgrading = "actor.upgrading"
        /// The call failed in new code, which the old code replaced again.
        case rolledBack = "actor.rolled-back"
        /// The actor has no chain, because the node records none.
        case unrecorded = "actor.unrecorded"
        /// The actor has too many subscribers.
        case feedFull = "feed.full"
        /// The subscriber was too slow.
        case feedOverrun = "feed.overrun"
        /// Another iterator reads the subscription.
        case feedTaken = "feed.taken"
        /// Too many commands of that kind wait.
        case controlBusy = "control.busy"
        /// The command was not done before its deadline.
        case controlDeadline = "control.deadline"
        /// The control plane takes no more commands.
        case controlClosed = "control.closed"
        /// The node has nothing that does this command.
        case controlUnavailable = "control.unavailable"
        /// The chain has no such event.
        case unknownEvent = "control.unknown-event"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, and what to do about it.
    public let message: String
    /// The error value, for ``Code/guestError``.
    public let value: Value?
    /// The engine's error, with the wasm backtrace, where there is one.
    public let cause: EngineError?

    /// Makes an error.
    public init(_ code: Code, _ message: String, value: Value? = nil, cause: EngineError? = nil) {
        self.code = code
        self.message = message
        self.value = value
        self.cause = cause
    }

    /// An engine's error that ended the actor in a call of a function.
    static func crashed(in function: String, _ cause: EngineError) -> ActorError {
        switch cause.code {
        case .killed: ActorError(.killed, cause.message, cause: cause)
        case .guestCeiling: ActorError(.ceiling, cause.message, cause: cause)
        case .instantiation:
            ActorError(
                .module,
                "the code cannot be instantiated: \(cause.message); raise memory or table_elements "
                    + "under [limits] if they are too small", cause: cause)
        default:
            ActorError(
                .crashed, FailureText.crashed(function, cause), cause: cause)
        }
    }
}

extension ActorError: CustomStringConvertible {
    /// The message, the code and the backtrace.
    public var description: String {
        FailureText.recorded(message, code.rawValue, cause?.frames ?? [])
    }
}
