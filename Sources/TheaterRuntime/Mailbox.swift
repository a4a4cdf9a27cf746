// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest

/// The order of an actor's operations: one at a time, in the order of arrival, at most so many waiting.
///
/// A state machine without locks, tasks or clocks: it decides, the cell acts. Operations are known by
/// their tickets alone.
struct Mailbox<Operation: Sendable> {
    /// The number of an operation, in the order of arrival.
    typealias Ticket = UInt64

    /// Where the actor stands.
    enum Phase: Equatable {
        /// It is being started; operations wait.
        case starting
        /// Nothing runs.
        case idle
        /// One operation runs.
        case busy
        /// Nothing more is accepted; what waits is still done.
        case draining
        /// The end is being carried out; nothing runs any more.
        case ending
        /// Everything is over.
        case ended
    }

    enum SubmitAction {
        /// The submitter runs the operation itself, now.
        case run
        /// The operation waits under this ticket, perhaps in the place of another that is not done.
        case wait(Ticket, dropped: Operation?)
        case rejectFull
        case rejectDraining
        case rejectEnded
    }

    enum FinishAction: Sendable {
        /// Run this one next.
        case next(Operation)
        /// Nothing waits.
        case rest
        /// Who holds the mailbox has the turn.
        case hand
        /// Carry out the end; these will not be done.
        case end([Operation])
    }

    enum HoldAction {
        /// The one who asked has the turn.
        case held
        /// The turn is handed over when the running operation is over, before what waits.
        case wait
        /// Somebody else waits for it.
        case busy
        case rejectDraining
        case rejectEnded
    }

    enum StopAction {
        /// The one who asked carries out the end.
        case end([Operation])
        /// The one who runs the present operation will.
        case later
        /// It has happened, or is happening, already.
        case already
    }

    private(set) var phase = Phase.starting
    private struct Entry {
        let ticket: Ticket
        /// `nil` once it was taken out of its turn.
        var operation: Operation?
        let isDroppable: Bool
    }

    /// In the order of arrival. Taking one out leaves a gap, which moves no other.
    private var waiting: [Entry] = []
    /// The position of the first that waits, or the end: never a gap.
    private var first = 0
    /// How many operations wait.
    private(set) var depth = 0
    /// No operation with a lower ticket may be dropped, and how many may.
    private var droppableFrom: Ticket = 0
    private var droppableCount = 0
    private var lastTicket: Ticket = 0
    private var isRunning = false
    /// Whether new operations are refused although the end has not begun.
    private(set) var isRefusing = false
    /// Whether somebody wants the turn before everything that waits.
    private var isWanted = false
    /// What is left is not done, however the running operation ends.
    private var mustEnd = false
    let capacity: Int
    let policy: MailboxPolicy

    init(capacity: Int, policy: MailboxPolicy = .reject) {
        self.capacity = max(1, capacity)
        self.policy = policy
    }

    /// The operation that has waited longest.
    var oldest: Operation? { first < waiting.count ? waiting[first].operation : nil }

    /// The actor is ready: runs what came meanwhile.
    mutating func started() -> FinishAction {
        assert(phase == .starting || phase == .draining || phase == .ending)
        if phase == .starting { phase = .busy }
        isRunning = true
        return finished()
    }

    /// Lets the caller run an operation of its own now, if nothing runs.
    mutating func take() -> Bool {
        guard phase == .idle, !isRefusing else { return false }
        phase = .busy
        isRunning = true
        return true
    }

    /// Asks for the turn before everything that waits, for something that is no operation. Whoever has
    /// it says ``finished()`` as after one.
    mutating func hold() -> HoldAction {
        switch phase {
        case .ending, .ended: return .rejectEnded
        case .draining: return .rejectDraining
        case _ where isRefusing: return .rejectDraining
        case .idle:
            phase = .busy
            isRunning = true
            return .held
        case .starting, .busy:
            if isWanted { return .busy }
            isWanted = true
            return .wait
        }
    }

    /// Asks for the turn no longer.
    ///
    /// - Returns: whether it was asked for, and not handed over yet.
    mutating func release() -> Bool {
        defer { isWanted = false }
        return isWanted
    }

    /// Whether an operation would be taken in.
    func wouldTake(exceedingCapacity: Bool = false) -> Bool {
        switch phase {
        case .draining, .ending, .ended: false
        case _ where isRefusing && !exceedingCapacity: false
        case .idle: true
        case .starting, .busy:
            depth < capacity || exceedingCapacity || (policy == .dropOldest && droppableCount > 0)
        }
    }

    /// Takes an operation in.
    ///
    /// - Parameters:
    ///   - exceedingCapacity: whether it may wait although the mailbox is full or refuses.
    ///   - isDroppable: whether the policy may drop it while it waits.
    ///   - make: makes the operation from its ticket when it has to wait.
    mutating func submit(
        exceedingCapacity: Bool = false, isDroppable: Bool = false,
        _ make: (Ticket) -> Operation
    ) -> SubmitAction {
        switch phase {
        case .ending, .ended: return .rejectEnded
        case .draining: return .rejectDraining
        case _ where isRefusing && !exceedingCapacity: return .rejectDraining
        case .idle:
            phase = .busy
            isRunning = true
            return .run
        case .starting, .busy:
            var dropped: Operation?
            if depth >= capacity, !exceedingCapacity {
                guard policy == .dropOldest, let oldest = dropOldest() else { return .rejectFull }
                dropped = oldest
            }
            lastTicket += 1
            waiting.append(
                Entry(
                    ticket: lastTicket, operation: make(lastTicket), isDroppable: isDroppable))
            depth += 1
            if isDroppable { droppableCount += 1 }
            return .wait(lastTicket, dropped: dropped)
        }
    }

    /// The running operation is over.
    mutating func finished() -> FinishAction {
        assert(isRunning, "only a running operation finishes")
        switch phase {
        case .starting, .idle, .ended: preconditionFailure("nothing ran")
        case .ending: break
        case .busy, .draining:
            if isWanted {
                isWanted = false
                if !mustEnd { return .hand }
            }
            if !mustEnd, let operation = takeNext() { return .next(operation) }
            if phase == .busy, !mustEnd {
                phase = .idle
                isRunning = false
                return .rest
            }
            phase = .ending
        }
        isRunning = false
        return .end(takeAll())
    }

    /// Takes a waiting operation out again; `nil` when it is running or over.
    mutating func withdraw(_ ticket: Ticket) -> Operation? {
        let index = position(of: ticket)
        guard index < waiting.count, waiting[index].ticket == ticket else { return nil }
        return remove(at: index)
    }

    /// Takes no more, while others end that must end first.
    mutating func refuse() { isRefusing = true }

    /// Asks for the end: after what waits has been done, or without doing it.
    mutating func stop(drain: Bool) -> StopAction {
        switch phase {
        case .ending, .ended: return .already
        case .idle:
            phase = .ending
            return .end(takeAll())
        case .starting, .busy, .draining:
            if !drain { mustEnd = true }
            phase = .draining
            return .later
        }
    }

    /// The end has been carried out.
    mutating func end() {
        assert(phase == .ending, "the end is carried out once")
        phase = .ended
    }

    /// Takes out the oldest that may be dropped.
    private mutating func dropOldest() -> Operation? {
        guard droppableCount > 0 else { return nil }
        var index = position(of: droppableFrom)
        while index < waiting.count {
            if waiting[index].isDroppable, waiting[index].operation != nil {
                droppableFrom = waiting[index].ticket + 1
                return remove(at: index)
            }
            index += 1
        }
        return nil
    }

    /// The position of a ticket, or of the next one that is there; tickets go up.
    private func position(of ticket: Ticket) -> Int {
        var (low, high) = (first, waiting.count)
        while low < high {
            let middle = low + (high - low) / 2
            if waiting[middle].ticket < ticket { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func takeNext() -> Operation? {
        first < waiting.count ? remove(at: first) : nil
    }

    private mutating func remove(at index: Int) -> Operation? {
        guard let operation = waiting[index].operation else { return nil }
        waiting[index].operation = nil
        depth -= 1
        if waiting[index].isDroppable { droppableCount -= 1 }
        if depth == 0 {
            waiting.removeAll(keepingCapacity: waiting.capacity <= 64)
            first = 0
            return operation
        }
        while waiting[first].operation == nil { first += 1 }
        // At least half are gaps: each was made once, so this costs a constant for each.
        if waiting.count > 64, depth * 2 < waiting.count {
            waiting.removeAll { $0.operation == nil }
            first = 0
        }
        return operation
    }

    private mutating func takeAll() -> [Operation] {
        defer {
            waiting = []
            (first, depth, droppableCount) = (0, 0, 0)
        }
        return waiting[first...].compactMap(\.operation)
    }
}
