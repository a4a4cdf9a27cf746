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
        /// Whether its last life had ended when the crash came, and its supervisor was going to start it
        /// again.
        var isFollowed = false
    }

    /// In the order in which their chains began.
    private(set) var members: [Member] = []
    /// The durable actors whose chains do not say where they stood, because of damage or of payloads that
    /// were dropped.
    private(set) var unreadable: [ResumeReport.Problem] = []
    private var durable: Set<ActorID> = []
    /// What actors had sent when the crash came, without a record of it in their own chains; the senders
    /// there are those it was sent to.
    private var unrecorded: [ActorID: [Mail]] = [:]

    /// Reads the ends of all chains, and what leads back to the beginnings of lives that have none; nothing
    /// of a journal without durable actors.
    init(
        _ reader: JournalReader, options: ReplayOptions, _ keeper: (any SnapshotKeeper)?,
        isLive: (ActorID) -> Bool
    ) async {
        let all = reader.lifeChains().filter { !$0.isInMemory }
        let inboxes = Set(all.map(\.actor).filter { reader.summary(of: $0.inbox) != nil })
        let chains = all.filter { !isLive($0.actor) }
        // Most nodes have none; then there is nothing to look for.
        guard !inboxes.isEmpty else { return }
        var names: Set<String> = []
        var followed: [ChainSummary] = []
        for chain in chains {
            let isDurable = inboxes.contains(chain.actor)
            do throws(ActorError) {
                if let end = try Self.end(of: chain, reader) {
                    if end == .followed { followed.append(chain) }
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
        addUnstarted(followed, names, reader, options)
        noteUnrecorded(inboxes, reader)
    }

    /// Adds children whose supervisor had not yet started them again. One whose chain does not say any more
    /// what it was stays ended.
    private mutating func addUnstarted(
        _ followed: [ChainSummary], _ names: Set<String>, _ reader: JournalReader,
        _ options: ReplayOptions
    ) {
        for chain in followed {
            guard let name = chain.name, let slash = name.lastIndex(of: "/"),
                names.contains(String(name[..<slash])),
                let point = try? ResumePoint.find(chain.actor, in: reader, options: options)
            else { continue }
            guard let parent = point.parent.flatMap({ member($0) }), parent.isDurable,
                parent.point.bornAt <= point.bornAt
            else { continue }
            members.append(
                Member(
                    point: point, name: point.birth.name ?? name, isDurable: false,
                    isFollowed: true))
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

    /// How a chain ends whose last life is over.
    enum End {
        case last
        /// Another life was to follow.
        case followed
    }

    /// How a chain ends; `nil` when its last life is not over.
    static func end(
        of chain: ChainSummary, _ reader: JournalReader
    ) throws(ActorError) -> End? {
        guard chain.count > 0 else { return .last }
        do {
            let first = chain.count - min(chain.count, 2)
            var cursor = try reader.events(of: chain.actor, in: first..<chain.count)
            var types: [String] = []
            while let event = try cursor.next() { types.append(event.type) }
            guard types.last == EventType.exited.name else { return nil }
            return types.first == EventType.restarting.name ? .followed : .last
        } catch {
            throw ActorError(.resume, "the chain of \(chain.actor) cannot be read: \(error)")
        }
    }
}

extension ResumeCensus {
    /// How many events of an inbox are read at once on the way back.
    private static let blockSize: UInt64 = 1024

    /// What an actor had sent when the crash came, without a record of it in its own chain: its call goes
    /// on, and sends it again.
    func sent(by point: ResumePoint) -> [Mail] { unrecorded[point.actor] ?? [] }

    /// Looks for mail whose sending the crash kept from being recorded. It stands in the log behind the last
    /// event of its sender, whose call was cut off: so each inbox is read back to the earliest of those, and
    /// no further.
    private mutating func noteUnrecorded(_ inboxes: Set<ActorID>, _ reader: JournalReader) {
        var last: [ActorID: UInt64] = [:]
        var since: LogPlace?
        for member in members where member.isDurable && member.point.call != nil {
            let (actor, sequence) = (member.point.actor, member.point.lastSequence)
            // A chain that cannot be read there does not come back.
            guard let place = try? reader.place(of: sequence, in: actor) else { continue }
            last[actor] = sequence
            since = min(since ?? place, place)
        }
        guard let since else { return }
        for actor in inboxes {
            do {
                try noteUnrecorded(in: actor, last, since, reader)
            } catch {
                // Who has it does not come back, so that nothing comes twice.
                guard let index = members.firstIndex(where: { $0.point.actor == actor }) else {
                    continue
                }
                unreadable.append(
                    ResumeReport.Problem(
                        actor: actor, name: members.remove(at: index).name,
                        error: ActorError(
                            .resume, "the inbox of \(actor) cannot be read: \(error)")))
                durable.remove(actor)
            }
        }
    }

    private mutating func noteUnrecorded(
        in actor: ActorID, _ last: [ActorID: UInt64], _ since: LogPlace, _ reader: JournalReader
    ) throws {
        var end = reader.summary(of: actor.inbox)?.count ?? 0
        var found: [(sender: ActorID, mail: Mail)] = []
        while end > 0 {
            let start = end - min(end, Self.blockSize)
            var cursor = try reader.events(of: actor.inbox, in: start..<end)
            var isOld = false
            var block: [(sender: ActorID, mail: Mail)] = []
            while let (event, place) = try cursor.nextWithPlace() {
                if place < since {
                    isOld = true
                    continue
                }
                guard case .note(.mail(var mail))? = try event.decodedPayload(),
                    let sender = mail.sender, let position = mail.position,
                    let known = last[sender], position > known
                else { continue }
                mail.sender = actor
                block.append((sender, mail))
            }
            found = block + found
            if isOld { break }
            end = start
        }
        for (sender, mail) in found { unrecorded[sender, default: []].append(mail) }
    }
}
