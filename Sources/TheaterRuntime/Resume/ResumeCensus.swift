// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterReplay

/// Which actors a crash of the node left without an end, as their chains say it.
struct ResumeCensus: Sendable {
    /// An actor that the crash took with it.
    struct Member: Sendable {
        var point: ResumePoint
        let name: String
        let isDurable: Bool
        /// How its last life ended, when that was before the crash and its supervisor had to start it
        /// again.
        var exit: String?
    }

    /// In the order in which their chains began.
    private(set) var members: [Member] = []
    /// The durable actors whose chains do not say where they stood, because of damage or of payloads that
    /// were dropped.
    private(set) var unreadable: [ResumeReport.Problem] = []
    private var durable: Set<ActorID> = []
    /// The newest mail of the inboxes, with the one that it is for in place of its sender.
    private var newestMail: [(sender: ActorID, position: UInt64, mail: Mail)] = []

    /// Reads the ends of all chains, and what leads back to the beginnings of lives that have none; nothing
    /// of a journal without durable actors.
    init(
        _ reader: JournalReader, options: ReplayOptions, _ keeper: (any SnapshotKeeper)?,
        isLive: (ActorID) -> Bool
    ) async {
        let chains = reader.lifeChains().filter { !$0.isInMemory && !isLive($0.actor) }
        let inboxes = Set(chains.map(\.actor).filter { reader.summary(of: $0.inbox) != nil })
        // Most nodes have none; then there is nothing to look for.
        guard !inboxes.isEmpty else { return }
        var names: Set<String> = []
        var ended: [(ChainSummary, String)] = []
        for chain in chains {
            let isDurable = inboxes.contains(chain.actor)
            do throws(ActorError) {
                if let exit = try Self.exit(of: chain, reader) {
                    ended.append((chain, exit))
                    continue
                }
                let snapshot =
                    isDurable
                    ? await ResumePoint.snapshot(of: chain.actor, in: reader, keeper) : nil
                let point = try ResumePoint.find(
                    chain.actor, in: reader, options: options, snapshot: snapshot)
                let name = point.birth.name ?? chain.actor.description
                let isKept = isDurable && point.placement != nil
                if isKept {
                    try noteNewestMail(of: chain.actor, reader)
                    durable.insert(chain.actor)
                    names.insert(name)
                }
                members.append(Member(point: point, name: name, isDurable: isKept))
            } catch {
                // Whose chain it is does not come back, and keeps nobody else from it.
                guard isDurable else { continue }
                unreadable.append(
                    ResumeReport.Problem(
                        actor: chain.actor, name: chain.name ?? chain.actor.description,
                        error: error))
            }
        }
        addUnstarted(ended, names, reader, options)
    }

    /// How much of an inbox may stand between mail and the record of its sending: what other tasks append
    /// in that moment.
    private static let newestMax: UInt64 = 256

    private mutating func noteNewestMail(
        of actor: ActorID, _ reader: JournalReader
    ) throws(ActorError) {
        let count = reader.summary(of: actor.inbox)?.count ?? 0
        do {
            var cursor = try reader.events(
                of: actor.inbox, in: (count - min(count, Self.newestMax))..<count)
            while let event = try cursor.next() {
                guard case .note(.mail(var mail))? = try event.decodedPayload(),
                    let sender = mail.sender, let position = mail.position
                else { continue }
                mail.sender = actor
                newestMail.append((sender, position, mail))
            }
        } catch {
            throw ActorError(.resume, "the inbox of \(actor) cannot be read: \(error)")
        }
    }

    /// What an actor had sent when the crash came, without a record of it in its own chain: its call goes
    /// on, and sends it again.
    func sent(by point: ResumePoint) -> [Mail] {
        newestMail.filter { $0.sender == point.actor && $0.position > point.lastSequence }.map(
            \.mail)
    }

    /// Adds children whose supervisor had not yet started them again. One whose chain does not say any more
    /// what it was stays ended.
    private mutating func addUnstarted(
        _ ended: [(ChainSummary, String)], _ names: Set<String>, _ reader: JournalReader,
        _ options: ReplayOptions
    ) {
        for (chain, exit) in ended where exit == "failed" || exit == "completed" {
            guard let name = chain.name, let slash = name.lastIndex(of: "/"),
                names.contains(String(name[..<slash])),
                let point = try? ResumePoint.find(chain.actor, in: reader, options: options)
            else { continue }
            guard let parent = point.parent.flatMap({ member($0) }), parent.isDurable,
                parent.point.bornAt <= point.bornAt
            else { continue }
            members.append(
                Member(point: point, name: point.birth.name ?? name, isDurable: false, exit: exit))
        }
    }

    /// The members without a parent that come back.
    var roots: [Member] { members.filter { $0.isDurable && $0.point.parent == nil } }

    /// The children of an actor, in the order in which they were first started.
    func children(of id: ActorID) -> [Member] { members.filter { $0.point.parent == id } }

    /// The durable members whose parents do not come back. Those of a parent that cannot be read wait for
    /// it.
    var orphans: [Member] {
        let waiting = Set(unreadable.map(\.actor))
        return members.filter { member in
            guard member.isDurable, let parent = member.point.parent else { return false }
            return !durable.contains(parent) && !waiting.contains(parent)
        }
    }

    func member(_ id: ActorID) -> Member? { members.first { $0.point.actor == id } }

    /// How the last life of a chain ended; `nil` when it has no end.
    private static func exit(
        of chain: ChainSummary, _ reader: JournalReader
    ) throws(ActorError) -> String? {
        guard chain.count > 0 else { return "" }
        do {
            var cursor = try reader.events(
                of: chain.actor, in: (chain.count - 1)..<chain.count)
            guard let event = try cursor.next(), event.type == EventType.exited.name else {
                return nil
            }
            guard case .exited(let kind, _, _)? = try event.decodedPayload() else { return "" }
            return kind
        } catch {
            throw ActorError(.resume, "the chain of \(chain.actor) cannot be read: \(error)")
        }
    }
}
