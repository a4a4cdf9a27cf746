// SPDX-License-Identifier: Apache-2.0

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
        /// The operation waits under this ticket.
        case wait(Ticket)
        case rejectFull
        case rejectDraining
        case rejectEnded
    }

    enum FinishAction: Sendable {
        /// Run this one next.
        case next(Operation)
        /// Nothing waits.
        case rest
        /// Carry out the end; these will not be done.
        case end([Operation])
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
    private var waiting: [(ticket: Ticket, operation: Operation)] = []
    /// The position of the first in `waiting`: taking one does not move the others.
    private var first = 0
    private var lastTicket: Ticket = 0
    private var isRunning = false
    /// Whether new operations are refused although the end has not begun.
    private(set) var isRefusing = false
    /// What is left is not done, however the running operation ends.
    private var mustEnd = false
    let capacity: Int

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// How many operations wait.
    var depth: Int { waiting.count - first }

    /// The operation that has waited longest.
    var oldest: Operation? { depth > 0 ? waiting[first].operation : nil }

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

    /// Takes an operation in.
    ///
    /// - Parameters:
    ///   - exceedingCapacity: whether it may wait although the mailbox is full or refuses.
    ///   - make: makes the operation from its ticket when it has to wait.
    mutating func submit(
        exceedingCapacity: Bool = false, _ make: (Ticket) -> Operation
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
            guard depth < capacity || exceedingCapacity else { return .rejectFull }
            lastTicket += 1
            waiting.append((lastTicket, make(lastTicket)))
            return .wait(lastTicket)
        }
    }

    /// The running operation is over.
    mutating func finished() -> FinishAction {
        assert(isRunning, "only a running operation finishes")
        switch phase {
        case .starting, .idle, .ended: preconditionFailure("nothing ran")
        case .ending: break
        case .busy, .draining:
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
        guard let index = waiting[first...].firstIndex(where: { $0.ticket == ticket }) else {
            return nil
        }
        return waiting.remove(at: index).operation
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

    private mutating func takeNext() -> Operation? {
        guard depth > 0 else { return nil }
        let operation = waiting[first].operation
        first += 1
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.capacity <= 64)
            first = 0
        } else if first > 64, first * 2 > waiting.count {
            waiting.removeFirst(first)
            first = 0
        }
        return operation
    }

    private mutating func takeAll() -> [Operation] {
        defer {
            waiting = []
            first = 0
        }
        return waiting[first...].map(\.operation)
    }
}
