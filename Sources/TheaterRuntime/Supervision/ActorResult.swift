// SPDX-License-Identifier: Apache-2.0

internal import TheaterEngine
public import TheaterPlatform

/// How one life of an actor ended: told to its parent exactly once, after everything it held is released.
public enum ActorResult: Sendable, Hashable, Codable {
    /// It ended itself.
    case success(ChildResult)
    /// Something went wrong.
    case error(ChildError)
    /// Somebody stopped it.
    case externalStop(ChildExternalStop)

    /// Whose life it was.
    public var actor: ActorID {
        switch self {
        case .success(let result): result.actor
        case .error(let error): error.actor
        case .externalStop(let stop): stop.actor
        }
    }

    init(_ actor: ActorID, _ reason: ExitReason) {
        switch reason {
        case .completed(let result):
            self = .success(ChildResult(actor: actor, result: result))
        case .failed(let error):
            self = .error(
                ChildError(
                    actor: actor, code: error.code.rawValue, message: error.message,
                    cause: error.cause?.code.rawValue))
        case .stopped: self = .externalStop(ChildExternalStop(actor: actor, isForced: false))
        case .killed: self = .externalStop(ChildExternalStop(actor: actor, isForced: true))
        }
    }
}

/// The life of an actor that asked for its own end.
public struct ChildResult: Sendable, Hashable, Codable {
    /// The actor.
    public let actor: ActorID
    /// What it left for its parent.
    public let result: [UInt8]?
}

/// The life of an actor that something went wrong with.
public struct ChildError: Sendable, Hashable, Codable {
    /// The actor.
    public let actor: ActorID
    /// The code of an ``ActorError``.
    public let code: String
    /// What went wrong.
    public let message: String
    /// The code of the engine's error behind it, such as `engine.trap`, where there is one.
    public let cause: String?

    init(actor: ActorID, code: String, message: String, cause: String? = nil) {
        self.actor = actor
        self.code = code
        self.message = message
        self.cause = cause
    }
}

/// The life of an actor that somebody stopped.
public struct ChildExternalStop: Sendable, Hashable, Codable {
    /// The actor.
    public let actor: ActorID
    /// Whether it was ended at once.
    public let isForced: Bool
}

extension ActorResult: CustomStringConvertible {
    /// The actor and how it ended, in words that do not change.
    public var description: String {
        switch self {
        case .success(let result): result.description
        case .error(let error): error.description
        case .externalStop(let stop): stop.description
        }
    }
}

extension ChildResult: CustomStringConvertible {
    /// The actor, and that it ended itself.
    public var description: String { "success \(actor)" }
}

extension ChildError: CustomStringConvertible {
    /// The actor and the code of the error.
    public var description: String { "error \(actor) \(code)" }
}

extension ChildExternalStop: CustomStringConvertible {
    /// The actor, and whether it was ended at once.
    public var description: String { "external-stop \(actor)\(isForced ? " forced" : "")" }
}
