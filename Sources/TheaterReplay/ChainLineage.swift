// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterPlatform

/// A chain with what came before it: for a fork, the chains that it left, up to where it left them.
public struct ChainLineage: Sendable {
    /// Some events of one chain.
    public struct Part: Sendable, Hashable {
        /// Whose chain it is.
        public let actor: ActorID
        /// Which events of it.
        public let range: Range<UInt64>
    }

    /// The parts, oldest first; the last is of the chain itself.
    public let parts: [Part]
    private let reader: JournalReader
    /// Where the code began that the actor has at the end, when that is known.
    let present: ReplayBirth?
    /// How many forks of forks are followed.
    public static let depthMax = 64

    /// Finds what came before a chain.
    ///
    /// - Parameter last: the last event of the chain that counts; `nil` for all.
    /// - Throws: `replay.incomplete` when a chain that was left is not in the journal, `replay.source`.
    public init(
        of actor: ActorID, upTo last: UInt64? = nil, in reader: JournalReader
    ) throws(ReplayError) {
        self.reader = reader
        var parts: [Part] = []
        var next: (actor: ActorID, last: UInt64?)? = (actor, last)
        while let (actor, last) = next {
            next = nil
            guard let count = reader.summary(of: actor)?.count,
                last.map({ $0 < count }) ?? true
            else {
                throw ReplayError(
                    .incomplete,
                    "the chain of \(actor) is not in the journal as far as "
                        + "\(last.map { "event \($0)" } ?? "its beginning"); a fork needs the chain "
                        + "that it left")
            }
            guard parts.count < Self.depthMax else {
                throw ReplayError(
                    .incomplete, "the chain is a fork of more than \(Self.depthMax) forks")
            }
            parts.insert(Part(actor: actor, range: 0..<(last.map { $0 + 1 } ?? count)), at: 0)
            if let fork = try Self.fork(actor, reader) { next = (fork.actor, fork.sequence) }
        }
        self.parts = parts
        present = nil
    }

    /// A part of one chain that begins a life.
    public init(life actor: ActorID, in range: Range<UInt64>, _ reader: JournalReader) {
        self.init(parts: [Part(actor: actor, range: range)], reader: reader)
    }

    private init(parts: [Part], reader: JournalReader, present: ReplayBirth? = nil) {
        self.parts = parts
        self.reader = reader
        self.present = present
    }

    /// How many events there are before those of the chain itself.
    public var countBefore: UInt64 {
        parts.dropLast().reduce(0) { $0 + UInt64($1.range.count) }
    }

    /// The events of all parts.
    public func events() throws(ReplayError) -> ReplayEvents {
        var cursors: [EventCursor] = []
        do throws(JournalError) {
            for part in parts.reversed() {
                cursors.append(try reader.events(of: part.actor, in: part.range))
            }
        } catch {
            throw ReplayError.unreadable("the chain", error)
        }
        return ReplayEvents(cursors)
    }

    /// The parts from the beginning of the last life on.
    public func lastLife() throws(ReplayError) -> ChainLineage {
        var first: (index: Int, birth: UInt64)?
        var spans = CodeSpans()
        for (index, part) in parts.enumerated() {
            do throws(JournalError) {
                var cursor = try reader.events(of: part.actor, in: part.range)
                while let event = try cursor.next() {
                    if event.type == EventType.spawned.name { first = (index, event.sequence) }
                    spans.take(event)
                }
            } catch {
                throw ReplayError.unreadable("the chain", error)
            }
        }
        guard let first else {
            throw ReplayError(.incomplete, "no event of the chain begins a life")
        }
        let part = parts[first.index]
        return ChainLineage(
            parts: [Part(actor: part.actor, range: first.birth..<part.range.upperBound)]
                + parts[(first.index + 1)...], reader: reader, present: spans.present)
    }

    /// Where the code began that the actor has at the end: a birth or an upgrade.
    ///
    /// - Throws: `replay.incomplete` when no event of the chain begins a life.
    public func code() throws(ReplayError) -> ReplayBirth {
        if let present { return present }
        if let present = try CodeSpans(try events()).present { return present }
        throw ReplayError(.incomplete, "no event of the chain begins a life")
    }

    /// How a chain begins, when it is a fork's.
    private static func fork(
        _ actor: ActorID, _ reader: JournalReader
    ) throws(ReplayError) -> Fork? {
        do throws(JournalError) {
            var cursor = try reader.events(of: actor, in: 0..<1)
            guard let event = try cursor.next(), event.type == EventType.forked.name,
                case .forked(let fork)? = try? event.decodedPayload()
            else { return nil }
            return fork
        } catch {
            throw ReplayError.unreadable("the chain", error)
        }
    }
}
