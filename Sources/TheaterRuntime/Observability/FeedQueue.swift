// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPlatform

/// An event on its way to subscribers: its parts, so that the actor's runner need not put it together.
struct FeedEvent: Sendable {
    let head: EventHead
    let parent: Digest
    let type: EventType
    let time: WallTime
    let payload: EventPayload
    /// Whether the code got another answer than the payload says.
    var isRedacted = false

    /// About how much it holds, in bytes.
    var size: Int {
        switch payload {
        case .spawned(_, _, _, _, let grants, let state): 256 + grants.count * 32 + state.count
        case .called(_, let parameters, _, _): 256 + parameters.count
        case .returned(_, let output, _, _): 256 + output.count
        case .failed(_, _, let message): 256 + message.utf8.count
        case .hostCall(_, _, let input, let output): 256 + input.count + output.count
        case .hostError(_, _, let input, let message): 256 + input.count + message.utf8.count
        case .denied(let what, let reason): 256 + what.utf8.count + reason.utf8.count
        case .limit(_, let message): 256 + message.utf8.count
        case .intent(_, _, let input, _, _): 256 + input.count
        case .outcome(_, _, _, let output): 256 + output.count
        case .outcomeError(_, _, _, let message): 256 + message.utf8.count
        case .forked(let fork): 512 + fork.state.count
        case .settled(_, _, let note): 256 + note.utf8.count
        case .note(let note): note.size
        case .upgrade(let step): 512 + step.state.count + step.reason.utf8.count
        case .exited(_, let reason, let result): 256 + reason.utf8.count + (result?.count ?? 0)
        }
    }

    /// The event as the chain has it.
    func event(of actor: ActorID) -> ChainEvent {
        let bytes = payload.encode(isRedacted: isRedacted)
        return ChainEvent(
            actor: actor, sequence: head.sequence, parent: parent, type: type.name, time: time,
            payload: bytes, payloadDigest: .sha256(of: bytes), hash: head.hash)
    }
}

/// What waits for one subscriber: bounded, with a policy. Decides alone; its owner has the lock.
///
/// Dropped events leave no mark here: the sequence of the next one tells how many are missing.
struct FeedQueue {
    enum Item: Sendable {
        case event(FeedEvent)
        /// The chain has so many events; some may have been recorded elsewhere.
        case grown(UInt64)
    }

    enum Next: Sendable {
        case item(Item)
        case wait
        /// Nothing more comes.
        case finished
        /// The subscriber was too slow.
        case overrun
    }

    private let options: FeedOptions
    private var items: [Item] = []
    private var first = 0
    private var size = 0
    private var isFinished = false
    private var isOverrun = false
    /// Whether the subscriber left.
    private(set) var isClosed = false
    /// Whether the subscriber still reads what was before: then what has no room here is read there,
    /// and nothing is lost.
    private var isCatchingUp: Bool
    /// What is missing before this sequence was never here, or is no longer, and has to be read from the
    /// journal; what is missing after it was dropped. `nil` before the first event.
    var liveFrom: UInt64? { hole.map { max($0, liveBegin ?? $0) } ?? liveBegin }
    private var liveBegin: UInt64?
    /// Some events before this one were never offered.
    private var hole: UInt64?

    /// Whether more may come.
    var isOpen: Bool { !isClosed && !isFinished && !isOverrun }

    init(_ options: FeedOptions, isCatchingUp: Bool) {
        self.options = options
        self.isCatchingUp = isCatchingUp
    }

    var count: Int { items.count - first }

    /// Takes an item in, and makes room for it.
    ///
    /// - Returns: how many events were lost for it.
    mutating func offer(_ item: Item) -> Int {
        guard isOpen else { return 0 }
        items.append(item)
        size += item.size
        if liveBegin == nil { liveBegin = item.sequence }
        guard isTooFull else { return 0 }
        guard isCatchingUp || options.overflow == .dropOldest else {
            let lost = count
            isOverrun = true
            clear()
            return lost
        }
        var dropped = 0
        while isTooFull {
            removeFirst()
            dropped += 1
        }
        guard isCatchingUp else { return dropped }
        liveBegin = firstSequence ?? liveBegin
        return 0
    }

    /// The subscriber has everything before this sequence: from now on it is bound to take what comes,
    /// unless what it needs next is no longer here.
    mutating func caughtUp(to sequence: UInt64) {
        guard isCatchingUp, firstSequence ?? sequence <= sequence else { return }
        isCatchingUp = false
        liveBegin = sequence
    }

    /// Some events before this sequence were never offered; it is the next one.
    mutating func passedOver(before sequence: UInt64) {
        if isOpen { hole = sequence }
    }

    private var isTooFull: Bool {
        count > options.eventsMax || (size > options.sizeMax && count > 1)
    }

    private var firstSequence: UInt64? {
        items[first...].lazy.compactMap(\.sequence).first
    }

    /// The next item, or why there is none.
    mutating func take() -> Next {
        if isClosed { return .finished }
        if isOverrun { return .overrun }
        guard count > 0 else { return isFinished ? .finished : .wait }
        let item = items[first]
        removeFirst()
        return .item(item)
    }

    /// Nothing more comes; what waits is still delivered.
    mutating func finish() { isFinished = true }

    /// The subscriber leaves: nothing is delivered any more.
    mutating func close() {
        isClosed = true
        clear()
    }

    private mutating func removeFirst() {
        size -= items[first].size
        items[first] = .grown(0)
        first += 1
        if first == items.count {
            items.removeAll(keepingCapacity: items.capacity <= 64)
            first = 0
        } else if first > 64, first * 2 > items.count {
            items.removeFirst(first)
            first = 0
        }
    }

    private mutating func clear() {
        items = []
        first = 0
        size = 0
    }
}

extension FeedQueue.Item {
    var sequence: UInt64? {
        switch self {
        case .event(let event): event.head.sequence
        case .grown: nil
        }
    }

    var size: Int {
        switch self {
        case .event(let event): event.size
        case .grown: 0
        }
    }
}
