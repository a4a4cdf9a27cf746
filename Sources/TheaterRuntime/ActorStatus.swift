// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Where an actor stands. Always true: it comes from the actor's cell, and an unknown actor has none.
public enum ActorStatus: Sendable, Hashable {
    /// It is being started.
    case starting
    /// It takes calls.
    case running
    /// It takes no more calls and is finishing those it has.
    case stopping
    /// Its supervisor starts it again.
    case restarting
    /// Somebody stopped it in order.
    case stopped
    /// It ended itself.
    case completed
    /// Something went wrong.
    case failed(String)
    /// Somebody ended it at once.
    case killed

    /// Whether the actor is over.
    public var isEnded: Bool {
        switch self {
        case .starting, .running, .stopping, .restarting: false
        case .stopped, .completed, .failed, .killed: true
        }
    }
}

extension ActorStatus: CustomStringConvertible {
    /// One word, and the reason of a failure.
    public var description: String {
        switch self {
        case .starting: "starting"
        case .running: "running"
        case .stopping: "stopping"
        case .restarting: "restarting"
        case .stopped: "stopped"
        case .completed: "completed"
        case .failed(let reason): "failed: \(reason)"
        case .killed: "killed"
        }
    }
}

/// Why an actor ended.
public enum ExitReason: Sendable, Hashable {
    /// It asked for its own end, with a result for whoever started it.
    case completed([UInt8]?)
    /// It was stopped in order.
    case stopped
    /// It was ended at once.
    case killed
    /// It trapped, broke a limit or the convention, or could not be recorded.
    case failed(ActorError)

    /// The status that the actor has from then on.
    public var status: ActorStatus {
        switch self {
        case .completed: .completed
        case .stopped: .stopped
        case .killed: .killed
        case .failed(let error): .failed(error.message)
        }
    }

    /// One word for it, as the chain has it.
    public var kind: String {
        switch self {
        case .completed: "completed"
        case .stopped: "stopped"
        case .killed: "killed"
        case .failed: "failed"
        }
    }
}

/// What is known of an actor without asking it.
public struct ActorInfo: Sendable, Hashable {
    /// The actor's identity.
    public let id: ActorID
    /// The actor's name.
    public let name: String
    /// Where it stands.
    public let status: ActorStatus
    /// How many calls wait.
    public let mailboxDepth: Int
}
