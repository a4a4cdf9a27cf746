// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// What appending tasks and the writer thread share, and every decision about it. Pure: it neither
/// touches a disk nor wakes anybody, it says what to do.
struct JournalState: Sendable {
    typealias Waiter = UnsafeContinuation<Result<Void, JournalError>, Never>

    enum Phase { case open, closing, closed }

    /// What the writer thread is doing.
    enum WriterPhase { case asleep, dozing, gathering, busy }

    /// What the writer thread does next.
    enum Step {
        /// Wait until woken.
        case sleep
        /// Wait until woken or the delay is over.
        case doze
        /// Wait until woken, or until those had time to come who were served together last.
        case gather
        /// Write this.
        case write(Batch)
        /// Finish the files and end; `nil` heads when the disk has failed already.
        case finish(HeadTable?)
    }

    /// A point in the pending bytes where the next segment begins.
    struct Cut {
        let offset: Int
        /// The heads as of the end of the old segment.
        let heads: HeadTable
    }

    /// What the writer takes at once.
    struct Batch {
        let buffer: PendingBuffer
        let cuts: [Cut]
        /// The total of appended bytes at its end.
        let end: UInt64
    }

    private(set) var phase = Phase.open
    private(set) var failure: JournalError?
    private(set) var heads: HeadTable
    private(set) var memory: MemoryLog
    private let options: JournalOptions
    private let pressureSize: Int
    /// Whether there is a disk at all.
    private let isOnDisk: Bool

    private var pending = PendingBuffer()
    private var spare: PendingBuffer?
    private var cuts: [Cut] = []
    private var position: Position
    private var appended: UInt64 = 0
    private var durable: UInt64 = 0

    private var writer = WriterPhase.busy
    private var isRushed = false
    private var waiters: [(target: UInt64, waiter: Waiter)] = []
    /// Those who wait for the disk and hurry nobody.
    private var patient: [(target: UInt64, waiter: Waiter)] = []
    private var spaceWaiters: [Waiter] = []
    /// How many waiters the newest write served: as many are likely to wait together again.
    private var groupSize = 0
    private var closeWaiters: [Waiter] = []

    init(options: JournalOptions, heads: HeadTable, end: Position?) {
        self.options = options
        self.heads = heads
        memory = MemoryLog(sizeMax: options.memorySizeMax)
        pressureSize = max(1, options.bufferSizeMax / 4)
        isOnDisk = end != nil
        position = end ?? .none
        if isOnDisk { leaveHole() }
    }

    // MARK: Appending

    /// How many bytes wait to be taken by the writer.
    var pendingSize: Int { pending.count }

    /// Whether callers should wait for space.
    var isUnderPressure: Bool { failure == nil && pending.count >= pressureSize }

    /// What came of an append.
    struct Appended {
        var position: Position
        var end: UInt64
        var wakesWriter: Bool
        var isUnderPressure: Bool
    }

    /// Adds an event's record to what waits to be written.
    mutating func append(
        _ head: UnsafeRawBufferPointer, _ parts: PayloadParts, slot: Int, hash: Digest, time: Int64
    ) throws(JournalError) -> Appended {
        if let problem = refusal { throw problem }
        if heads[slot].isInMemory {
            let place = memory.append(head, parts)
            heads[slot].advance(
                hash: hash, time: time, position: place, tag: EventPayload.tag(of: parts.first))
            return Appended(position: place, end: 0, wakesWriter: false, isUnderPressure: false)
        }
        let place = try makeRoom(head.count + parts.size)
        pending.append(head)
        parts.forEach { pending.append($0) }
        heads[slot].advance(
            hash: hash, time: time, position: place, tag: EventPayload.tag(of: parts.first))
        return Appended(
            position: place, end: appended, wakesWriter: noteAppend(),
            isUnderPressure: pending.count >= pressureSize)
    }

    /// Adds a chain, and the record that begins it.
    mutating func begin(
        _ entry: HeadEntry, record: UnsafeRawBufferPointer
    ) throws(JournalError) -> (slot: Int, wakesWriter: Bool) {
        if let problem = refusal { throw problem }
        guard heads.slot(of: entry.actor) == nil else { throw .chainExists(entry.actor) }
        guard heads.count < options.chainsMax else { throw .tooManyChains(heads.count) }
        var entry = entry
        entry.hasWriter = true
        guard isOnDisk, !entry.isInMemory else {
            entry.isInMemory = true
            return (heads.add(entry), false)
        }
        _ = try makeRoom(record.count)
        pending.append(record)
        return (heads.add(entry), noteAppend())
    }

    /// Hands out the writer of a chain that exists.
    mutating func resume(_ actor: ActorID) throws(JournalError) -> (slot: Int, entry: HeadEntry) {
        if let problem = refusal { throw problem }
        guard let slot = heads.slot(of: actor) else { throw .unknownChain(actor) }
        guard !heads[slot].hasWriter else { throw .chainInUse(actor) }
        heads[slot].hasWriter = true
        return (slot, heads[slot])
    }

    /// Takes note that a chain's writer is gone.
    mutating func release(slot: Int) { heads[slot].hasWriter = false }

    private var refusal: JournalError? { failure ?? (phase == .open ? nil : .closed) }

    private mutating func makeRoom(_ size: Int) throws(JournalError) -> Position {
        guard pending.count + size <= options.bufferSizeMax else {
            throw .overloaded(pending.count)
        }
        let used = Int(position.offset)
        if used + size > options.segmentSizeMax, used > SegmentHeader.size + RecordFormat.markSize {
            guard position.segment < UInt32.max else {
                throw JournalError(
                    .exhausted, "the journal has used up its segment numbers",
                    remedy: "Use another journal directory.")
            }
            cuts.append(Cut(offset: pending.count, heads: heads))
            position = Position(
                segment: position.segment + 1, offset: UInt32(SegmentHeader.size))
        }
        let place = position
        advance(size)
        appended += UInt64(size)
        return place
    }

    private mutating func advance(_ size: Int) {
        position.offset += UInt32(truncatingIfNeeded: size)
    }

    /// Leaves room for the mark that the writer fills in when it takes what follows.
    private mutating func leaveHole() {
        pending.appendHole(RecordFormat.markSize)
        advance(RecordFormat.markSize)
    }

    /// Whether the writer must be woken for what was just appended.
    private mutating func noteAppend() -> Bool {
        switch writer {
        case .busy:
            return false
        case .asleep:
            writer = .dozing
            isRushed = pending.count >= options.batchSize
            return true
        case .dozing:
            guard !isRushed, pending.count >= options.batchSize else { return false }
            isRushed = true
            return true
        case .gathering:
            return pending.count >= options.batchSize
        }
    }

    // MARK: Waiting

    /// What to do with somebody who waits.
    enum WaitAction {
        /// Nothing to wait for.
        case resume(Result<Void, JournalError>)
        /// The writer wakes them.
        case wait
        /// As `wait`, and the writer must be woken.
        case wake
    }

    /// How much was appended so far.
    var end: UInt64 { appended }

    /// Whether everything up to a total is durable; `nil` when it has to be waited for.
    func isDurable(_ target: UInt64) -> Result<Void, JournalError>? {
        if durable >= target { return .success(()) }
        return failure.map { .failure($0) }
    }

    /// Waits until everything up to a total is durable.
    mutating func sync(_ waiter: Waiter, target: UInt64) -> WaitAction {
        if let result = isDurable(target) { return .resume(result) }
        waiters.append((target, waiter))
        if writer == .gathering { return waiters.count >= groupSize ? .wake : .wait }
        if writer == .busy || isRushed { return .wait }
        isRushed = true
        return .wake
    }

    /// Waits until everything up to a total is durable, which it is when its time has come.
    mutating func settle(_ waiter: Waiter, target: UInt64) -> WaitAction {
        if let result = isDurable(target) { return .resume(result) }
        patient.append((target, waiter))
        return .wait
    }

    /// Waits until there is no pressure.
    mutating func waitForSpace(_ waiter: Waiter) -> WaitAction {
        guard isUnderPressure else { return .resume(.success(())) }
        spaceWaiters.append(waiter)
        if writer == .busy || isRushed { return .wait }
        isRushed = true
        return .wake
    }

    /// Begins to close; whoever waits is told when the files are finished.
    mutating func close(_ waiter: Waiter?) -> WaitAction {
        if phase == .closed || !isOnDisk {
            phase = .closed
            return .resume(failure.map { .failure($0) } ?? .success(()))
        }
        phase = .closing
        if let waiter { closeWaiters.append(waiter) }
        return .wake
    }

    // MARK: The writer thread

    /// What the writer thread does next. `expired` says that the delay is over, `gathered` that who was to
    /// come for the next write had time to.
    mutating func nextStep(expired: Bool, gathered: Bool) -> Step {
        let isClosing = phase == .closing
        if failure != nil {
            writer = .asleep
            return isClosing ? .finish(nil) : .sleep
        }
        if pending.count > RecordFormat.markSize {
            guard
                expired || isRushed || isClosing || !waiters.isEmpty || !spaceWaiters.isEmpty
                    || pending.count >= options.batchSize
            else {
                writer = .dozing
                return .doze
            }
            // The first of a group would have the disk for itself, and all others wait for it twice.
            let isGroup = !waiters.isEmpty && waiters.count < groupSize
            if isGroup, !gathered, !isClosing, spaceWaiters.isEmpty,
                pending.count < options.batchSize
            {
                writer = .gathering
                return .gather
            }
            return .write(take())
        }
        guard isClosing else {
            writer = .asleep
            return .sleep
        }
        return .finish(heads)
    }

    private mutating func take() -> Batch {
        let batch = Batch(buffer: pending, cuts: cuts, end: appended)
        pending = spare ?? PendingBuffer()
        spare = nil
        cuts = []
        writer = .busy
        isRushed = false
        leaveHole()
        return batch
    }

    /// Takes note of what came of a batch. Returns who has to be told.
    mutating func complete(
        _ batch: Batch, _ problem: JournalError?
    ) -> [(Waiter, Result<Void, JournalError>)] {
        if let problem { return fail(problem) }
        durable = batch.end
        batch.buffer.reset()
        spare = batch.buffer
        let done = waiters.filter { $0.target <= durable }
        groupSize = done.count
        waiters.removeAll { $0.target <= durable }
        let settled = patient.filter { $0.target <= durable }
        patient.removeAll { $0.target <= durable }
        var told = (done + settled).map { ($0.waiter, Result<Void, JournalError>.success(())) }
        if !isUnderPressure {
            told += spaceWaiters.map { ($0, .success(())) }
            spaceWaiters = []
        }
        return told
    }

    private mutating func fail(
        _ problem: JournalError
    ) -> [(Waiter, Result<Void, JournalError>)] {
        failure = problem
        pending = PendingBuffer()
        cuts = []
        let told = (waiters + patient).map {
            ($0.waiter, Result<Void, JournalError>.failure(problem))
        }
        let space = spaceWaiters.map { ($0, Result<Void, JournalError>.failure(problem)) }
        waiters = []
        patient = []
        spaceWaiters = []
        return told + space
    }

    /// Takes note that the files are finished. Returns who has to be told.
    mutating func finished(
        _ problem: JournalError?
    ) -> [(Waiter, Result<Void, JournalError>)] {
        phase = .closed
        failure = failure ?? problem
        let result: Result<Void, JournalError> = failure.map { .failure($0) } ?? .success(())
        defer { (closeWaiters, patient) = ([], []) }
        return (closeWaiters + patient.map(\.waiter)).map { ($0, result) }
    }
}
