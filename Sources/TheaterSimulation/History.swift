// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterValue

/// One thing that a simulated client asked for, and what it was answered.
final class Operation: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    enum Kind: String {
        case play, echo, crash, spin, unknown, callBack, send, request
    }

    enum Answer {
        case value(Value)
        case failure(ActorError)
        /// An error of another kind: its code.
        case refused(String)
    }

    let number: UInt64
    let kind: Kind
    let target: ActorID
    /// Who asked; those of one sender are in order.
    let sender: String
    let begun: MonotonicTime
    /// When it must be answered.
    let deadline: MonotonicTime?
    /// Whether somebody gave it up.
    var isCancelled = false
    var task: Task<Void, Never>?
    private(set) var answer: Answer?
    private(set) var answerCount = 0
    private(set) var answered: MonotonicTime?

    init(
        _ number: UInt64, _ kind: Kind, _ target: ActorID, sender: String, begun: MonotonicTime,
        deadline: MonotonicTime?
    ) {
        self.number = number
        self.kind = kind
        self.target = target
        self.sender = sender
        self.begun = begun
        self.deadline = deadline
    }

    func take(_ answer: Answer, at time: MonotonicTime) {
        answerCount += 1
        self.answer = answer
        answered = time
    }

    /// The code of the answer, or `ok`.
    var outcome: String {
        switch answer {
        case nil: "none"
        case .value?: "ok"
        case .failure(let error)?: error.code.rawValue
        case .refused(let code)?: code
        }
    }
}

/// An actor that a simulated run started.
final class Known: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    let id: ActorID
    let name: String
    let parent: ActorID?
    /// Whether somebody else than its supervisor asked for its restart.
    var isRestarted = false
    /// What waiters learned of its end.
    var ends: [ExitReason] = []
    var endedAt: MonotonicTime?

    init(_ id: ActorID, _ name: String, parent: ActorID?) {
        self.id = id
        self.name = name
        self.parent = parent
    }
}

/// Everything that the clients of a run did and saw.
final class History: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    private(set) var operations: [Operation] = []
    var actors: [Known] = []
    var readers: [FeedReader] = []
    private(set) var problems: [String] = []
    private let trace: Trace
    private let clock: VirtualClock

    init(trace: Trace, clock: VirtualClock) {
        self.trace = trace
        self.clock = clock
    }

    func begin(
        _ kind: Operation.Kind, _ target: ActorID, sender: String, timeout: Duration? = nil
    ) -> Operation {
        let now = clock.monotonic()
        let operation = Operation(
            UInt64(operations.count) + 1, kind, target, sender: sender, begun: now,
            deadline: timeout.map { now.advanced(by: $0) })
        operations.append(operation)
        trace.note("\(kind.rawValue) \(operation.number) → \(target)")
        return operation
    }

    func end(_ operation: Operation, _ answer: Operation.Answer) {
        operation.take(answer, at: clock.monotonic())
        trace.note("answer \(operation.number) \(operation.outcome)")
        if operation.answerCount > 1 {
            report("operation \(operation.number) was answered \(operation.answerCount) times")
        }
    }

    /// A checker found something that must not be.
    func report(_ problem: String) {
        trace.note("PROBLEM \(problem)")
        if problems.count < 20 { problems.append(problem) }
    }

    func actor(_ id: ActorID) -> Known? { actors.first { $0.id == id } }
}
