// SPDX-License-Identifier: Apache-2.0

/// Why a chain could not be replayed. That it *diverges* is no error but a ``ReplayVerdict``.
public struct ReplayError: Error, Sendable {
    /// What went wrong. The raw value is stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The wasm of the chain is not kept, and none was given.
        case noCode = "replay.no-code"
        /// The wasm is another than the chain names.
        case wrongDigest = "replay.wrong-digest"
        /// The wasm does not load.
        case module = "replay.module"
        /// The manifest with the actor's limits cannot be read.
        case manifest = "replay.manifest"
        /// The manifest with the actor's limits is not kept.
        case noManifest = "replay.no-manifest"
        /// An event's payload was dropped to save space.
        case payloadDropped = "replay.payload-dropped"
        /// The chain does not begin with its first event.
        case incomplete = "replay.incomplete"
        /// The events cannot be read.
        case source = "replay.source"
        /// The actor is over at the event, or in the middle of a call.
        case notAlive = "replay.not-alive"
        /// The code does not do what the chain says, so nobody can go on from there.
        case diverged = "replay.diverged"
        /// The engine has no room for the guest.
        case ceiling = "replay.ceiling"
        /// The task was cancelled before the end of the chain.
        case cancelled = "replay.cancelled"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, and what to do about it.
    public let message: String
    /// What a layer below said, where that is the reason.
    public let cause: (any Error)?

    /// Makes an error.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// That something cannot be read, because of what a layer below said.
    public static func unreadable(_ what: String, _ cause: any Error) -> ReplayError {
        ReplayError(.source, "\(what) cannot be read: \(cause)", cause: cause)
    }

    static let cancelled = ReplayError(
        .cancelled, "the replay was cancelled before the end of the chain")
}

extension ReplayError: Hashable {
    /// Errors that say the same are the same; the causes are not compared.
    public static func == (left: ReplayError, right: ReplayError) -> Bool {
        left.code == right.code && left.message == right.message
    }

    /// Adds what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
    }
}

extension ReplayError: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}

/// Why a replay goes no further.
enum ReplayStop: Error {
    case diverged(ReplayDivergence)
    case failed(ReplayError)
}
