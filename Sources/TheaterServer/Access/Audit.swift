// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterAPI
public import TheaterChain
internal import TheaterPlatform
internal import TheaterValue

/// Writes down who asked for what: a chain of its own, in a journal of its own.
///
/// What operates the node is written before it is done (`asked`) and after (`answered`); what talks to
/// actors, which their own chains have too, after only. Refusals of access are written as `refused`.
/// Nobody's words are in it: no bodies, no tokens.
public final class Audit: Sendable {
    /// The name of the chain.
    public static let chainName = "theater.audit"
    private static let interface = "theater:node/audit"
    /// Requests come from many tasks at once, and a writer takes one.
    private let writer: Mutex<ChainWriter>
    private let journal: Journal
    private let refusals: Mutex<[RefusalKind: RefusalLimit]>

    /// How many refusals of a kind are written in a minute; further ones are counted, and the next one that
    /// is written says how many. Nobody fills the disk by being refused, and who shows no credential, or only
    /// looks, crowds nobody else out.
    static let refusalsMax = 1000

    private struct RefusalKind: Hashable {
        let hasCredential: Bool
        let isMutation: Bool
    }

    private struct RefusalLimit {
        var minute: Int64 = 0
        var count = 0
        var passedOver: UInt64 = 0

        /// Whether another one is written, and how many were not before it.
        mutating func take(_ now: MonotonicTime) -> UInt64? {
            let minute = now.nanoseconds / 60_000_000_000
            if minute != self.minute { (self.minute, count) = (minute, 0) }
            guard count < Audit.refusalsMax else {
                passedOver &+= 1
                return nil
            }
            count += 1
            defer { passedOver = 0 }
            return passedOver
        }
    }

    /// Goes on with the chain of a journal, or begins it.
    ///
    /// - Throws: what the journal throws.
    public init(_ journal: Journal) throws(JournalError) {
        refusals = Mutex([:])
        self.journal = journal
        let known = journal.actors().first { $0.name == Self.chainName }
        if let known {
            writer = Mutex(try journal.resumeChain(actor: known.actor))
        } else {
            writer = Mutex(try journal.makeChain(actor: .random(), name: Self.chainName))
        }
    }

    /// Why nothing can be written any more.
    var failure: JournalError? { journal.failure }

    /// What is written of a request.
    struct Entry {
        let credential: String?
        let request: String
        let method: String
        let path: String
    }

    /// A request is about to be worked on.
    func asked(_ entry: Entry, _ operation: TheaterAPI.Operation.ID) throws(Problem) {
        try append("asked", entry, [.init("operation", .string(operation.rawValue))])
    }

    /// A request was worked on.
    ///
    /// - Parameter code: the problem's, if it is one.
    func answered(
        _ entry: Entry, _ operation: TheaterAPI.Operation.ID, code: String?
    ) throws(Problem) {
        try append(
            "answered", entry,
            [
                .init("operation", .string(operation.rawValue)),
                .init("code", .option(.string, code.map(Value.string))),
            ])
    }

    /// A request was not let in.
    func refused(_ entry: Entry, code: String) throws(Problem) {
        let kind = RefusalKind(
            hasCredential: entry.credential != nil, isMutation: entry.method != "GET")
        guard
            let passedOver = refusals.withLock({ refusals in
                refusals[kind, default: RefusalLimit()].take(.now())
            })
        else { return }
        try append(
            "refused", entry,
            [.init("code", .string(code)), .init("passed_over", .u64(passedOver))])
    }

    /// A path without the parameter of its query that is a message.
    private static func withoutWords(_ path: String) -> String {
        guard let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            return path.utf8.count <= 512 ? path : String(path.prefix(512))
        }
        let kept = path[path.index(after: mark)...].split(separator: "&").filter {
            PercentText.decode($0.prefix { $0 != "=" }, isForm: true) != "hello"
        }
        let query = kept.isEmpty ? "" : "?" + kept.joined(separator: "&")
        return String((path[..<mark] + query).prefix(512))
    }

    private func append(
        _ function: String, _ entry: Entry, _ more: [Value.Record.Field]
    ) throws(Problem) {
        let fields: [Value.Record.Field] =
            [
                .init("credential", .option(.string, entry.credential.map(Value.string))),
                .init("request", .string(entry.request)), .init("method", .string(entry.method)),
                .init("path", .string(Self.withoutWords(entry.path))),
            ] + more
        do {
            let output = try CGRF.encode(.unit)
            let input = try CGRF.encode(.record(.init("audit", fields)))
            try writer.withLock { writer in
                _ = try writer.append(
                    .hostCall(
                        interface: Self.interface, function: function, input: input, output: output)
                )
            }
        } catch {
            throw Problem(
                .unaudited,
                "the request cannot be written down, and so it is not done: \(error)")
        }
    }
}
