// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// A journal that cannot do what it was asked.
public struct JournalError: Error, Sendable, Hashable {
    /// The kinds of failure. Raw values are stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// Another process, or another part of this one, has the journal open.
        case locked = "journal.locked"
        /// The directory cannot be made, listed or written.
        case directory = "journal.directory"
        /// The disk refused an operation. The journal accepts nothing from then on.
        case disk = "journal.disk"
        /// Bytes that were durable are missing or changed.
        case damaged = "journal.damaged"
        /// The journal was written by a newer version.
        case newerFormat = "journal.newer-format"
        /// The journal was closed.
        case closed = "journal.closed"
        /// More was appended than the disk takes, and the buffer is full.
        case overloaded = "journal.overloaded"
        /// A payload is larger than the options allow.
        case payloadTooLarge = "journal.payload-too-large"
        /// An event's type, or a chain's name, is empty or too long.
        case badName = "journal.bad-name"
        /// The actor has a chain already.
        case chainExists = "journal.chain-exists"
        /// The chain has a writer already.
        case chainInUse = "journal.chain-in-use"
        /// The journal has no chain of that actor.
        case unknownChain = "journal.unknown-chain"
        /// The journal has as many chains as it may have.
        case tooManyChains = "journal.too-many-chains"
        /// The options contradict each other.
        case badOptions = "journal.bad-options"
        /// The system has no thread left.
        case noThread = "journal.no-thread"
        /// The journal has used up its segment numbers.
        case exhausted = "journal.exhausted"
        /// The directory for a copy has a journal already.
        case notEmpty = "journal.not-empty"
    }

    /// What kind of failure it is.
    public let code: Code
    /// What failed, on which thing, and why.
    public let fact: String
    /// What to do about it.
    public let remedy: String
    /// The file or directory concerned.
    public let path: String?
    /// The place in the file, in bytes.
    public let offset: UInt64?
    /// Whose chain is concerned.
    public let actor: ActorID?
    /// The process that holds the lock.
    public let holder: Int32?
    /// What the disk said.
    public let cause: DiskError?

    init(
        _ code: Code, _ fact: String, remedy: String, path: String? = nil, offset: UInt64? = nil,
        actor: ActorID? = nil, holder: Int32? = nil, cause: DiskError? = nil
    ) {
        self.code = code
        self.fact = fact
        self.remedy = remedy
        self.path = path
        self.offset = offset
        self.actor = actor
        self.holder = holder
        self.cause = cause
    }
}

extension JournalError: CustomStringConvertible {
    /// The fact, then the remedy, then the code.
    public var description: String { "\(fact). \(remedy) [\(code.rawValue)]" }
}

extension JournalError {
    /// The disk refused an operation on the journal's directory, before anything was written.
    static func directory(_ path: String, _ cause: DiskError) -> JournalError {
        JournalError(
            .directory, "the journal directory '\(path)' cannot be used: \(cause)",
            remedy: cause.remedy, path: cause.path, cause: cause)
    }

    /// The disk refused an operation on one of the journal's files.
    static func disk(_ cause: DiskError) -> JournalError {
        JournalError(
            .disk, "the journal stopped: \(cause)",
            remedy: cause.remedy + " Then open the journal again; what was acknowledged is kept.",
            path: cause.path, cause: cause)
    }

    static func locked(_ path: String, holder: Int32?) -> JournalError {
        let who = holder.map { "process \($0)" } ?? "another process"
        return JournalError(
            .locked, "the journal in '\(path)' is in use by \(who)",
            remedy: "Stop that process, or choose another directory.", path: path, holder: holder)
    }

    static func damaged(_ fact: String, path: String, offset: UInt64) -> JournalError {
        JournalError(
            .damaged, "'\(path)' is damaged at byte \(offset): \(fact)",
            remedy:
                "Run `theater chain verify` to see what is affected, and restore the journal from "
                + "a copy; or move the directory away to start an empty one.",
            path: path, offset: offset)
    }

    static func notEmpty(_ path: String) -> JournalError {
        JournalError(
            .notEmpty, "'\(path)' has a journal already, which a copy would replace",
            remedy: "Choose another directory, or move that one away.", path: path)
    }

    static let closed = JournalError(
        .closed, "the journal is closed", remedy: "Append before the journal is closed.")

    static func overloaded(_ size: Int) -> JournalError {
        JournalError(
            .overloaded, "\(size) bytes wait to be written, as many as the journal may hold",
            remedy: "Wait for space before appending, use a faster disk, or raise bufferSizeMax.")
    }

    static func payloadTooLarge(_ size: Int, _ sizeMax: Int) -> JournalError {
        JournalError(
            .payloadTooLarge, "a payload of \(size) bytes is larger than the \(sizeMax) allowed",
            remedy: "Pass large data in parts, or raise payloadSizeMax.")
    }

    static func badName(_ what: String, _ size: Int) -> JournalError {
        JournalError(
            .badName, "\(what) of \(size) bytes is not between 1 and \(EventType.sizeMax) bytes",
            remedy: "Choose a shorter one that is not empty.")
    }

    static func chainExists(_ actor: ActorID) -> JournalError {
        JournalError(
            .chainExists, "actor \(actor) has a chain in this journal already",
            remedy: "Resume its chain, or use a new identity.", actor: actor)
    }

    static func chainInUse(_ actor: ActorID) -> JournalError {
        JournalError(
            .chainInUse, "the chain of actor \(actor) has a writer already",
            remedy: "Let go of the other writer first.", actor: actor)
    }

    static func unknownChain(_ actor: ActorID) -> JournalError {
        JournalError(
            .unknownChain, "the journal has no chain of actor \(actor)",
            remedy: "List the chains, and check the identity.", actor: actor)
    }

    static func tooManyChains(_ count: Int) -> JournalError {
        JournalError(
            .tooManyChains, "the journal has \(count) chains, as many as it may have",
            remedy: "Use another journal directory, or raise chainsMax.")
    }

    static func newerFormat(_ path: String, _ found: String) -> JournalError {
        JournalError(
            .newerFormat,
            "'\(path)' cannot be read: \(found), and this program knows \(SegmentHeader.version)",
            remedy: "Use the version of Theater that wrote it, or a newer one.", path: path)
    }
}
