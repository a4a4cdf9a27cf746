// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// What the journal knows of one chain without reading it.
struct HeadEntry: Sendable, Hashable {
    let actor: ActorID
    let name: String?
    var count: UInt64 = 0
    var head: Digest
    var last = Position.none
    var firstTime: Int64 = 0
    var lastTime: Int64 = 0
    /// Whether the newest event about an effect is its intent: it is under way, or was cut off.
    var endsInEffect = false
    var isInMemory = false
    var hasWriter = false

    init(actor: ActorID, name: String?) {
        self.actor = actor
        self.name = name
        head = Hashing.genesis(of: actor)
    }

    /// Takes note of the chain's next event.
    ///
    /// - Parameter tag: what its payload says that it is; `nil` when that is not known.
    mutating func advance(
        hash: Digest, time: Int64, position: Position, tag: EventPayload.Tag?
    ) {
        switch tag {
        case .intent?: endsInEffect = true
        case .outcome?, .redactedOutcome?, .outcomeError?, .settled?: endsInEffect = false
        default: break
        }
        if count == 0 { firstTime = time }
        count += 1
        head = hash
        last = position
        lastTime = time
    }

    var summary: ChainSummary {
        ChainSummary(
            actor: actor, name: name, count: count, head: head,
            firstTime: count == 0 ? nil : WallTime(nanoseconds: firstTime),
            lastTime: count == 0 ? nil : WallTime(nanoseconds: lastTime), isInMemory: isInMemory)
    }
}

/// The heads of all chains, in the order in which the chains began.
struct HeadTable: Sendable {
    private(set) var entries: [HeadEntry] = []
    private var slots: [ActorID: Int] = [:]

    init() {}

    init(_ entries: [HeadEntry]) {
        self.entries = entries
        for (slot, entry) in entries.enumerated() { slots[entry.actor] = slot }
    }

    var count: Int { entries.count }

    func slot(of actor: ActorID) -> Int? { slots[actor] }

    func entry(of actor: ActorID) -> HeadEntry? { slots[actor].map { entries[$0] } }

    /// Adds a chain that is not there yet and returns its slot.
    mutating func add(_ entry: HeadEntry) -> Int {
        slots[entry.actor] = entries.count
        entries.append(entry)
        return entries.count - 1
    }

    /// Changes an entry in place.
    subscript(slot: Int) -> HeadEntry {
        _read { yield entries[slot] }
        _modify { yield &entries[slot] }
    }
}
