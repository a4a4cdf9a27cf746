// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterValue

/// Compares what clients were told with what the chains say, after the run.
struct Verdict {
    let history: History
    let script: Script
    let plan: Plan
    let trace: Trace
    let system: ActorSystem
    /// The chains' calls by the operation's number.
    private var begun: [UInt64: [ChainCheck.Call]] = [:]
    private var chains: [ActorID: ChainCheck] = [:]

    init(history: History, script: Script, plan: Plan, trace: Trace, system: ActorSystem) {
        self.system = system
        self.history = history
        self.script = script
        self.plan = plan
        self.trace = trace
    }

    /// Reads every chain and checks everything.
    mutating func check(_ journal: Journal) async {
        do throws(JournalError) {
            let reader = try await journal.reader()
            let report = try reader.verifyAll()
            for problem in report.problems { history.report("\(problem)") }
            for chain in reader.actors() { try check(reader, chain.actor) }
        } catch {
            history.report("the journal does not read: \(error)")
        }
        for operation in history.operations { check(operation) }
        for reader in history.readers { check(reader) }
        if plan.supervision.strategy == .oneForOne { checkIntensity() }
    }

    private mutating func check(
        _ reader: JournalReader, _ actor: ActorID
    ) throws(JournalError) {
        var check = ChainCheck(actor)
        var cursor = try reader.events(of: actor)
        while let event = try cursor.next() {
            trace.mix(event.payload ?? [])
            guard let payload = try? event.decodedPayload() else {
                history.report("event \(event.sequence) of \(actor) does not decode")
                continue
            }
            trace.remark("chain \(actor) \(payload)")
            check.take(payload, at: event.time, hash: event.hash)
        }
        check.finish()
        for problem in check.problems { history.report(problem) }
        for call in check.calls {
            if let number = call.number { begun[number, default: []].append(call) }
        }
        checkOrder(check)
        chains[actor] = check
        let status = system.status(of: actor).map(kind)
        if status != check.exits.last {
            history.report(
                "\(actor) is \(status ?? "unknown"), its chain ends with "
                    + (check.exits.last ?? "nothing"))
        }
    }

    // MARK: Subscribers and supervisors

    /// A subscriber gets the chain's own events, each in its place or counted as dropped.
    private func check(_ reader: FeedReader) {
        let actor = reader.subscription.actor
        func report(_ problem: String) { history.report("a subscriber of \(actor): \(problem)") }
        let hashes = chains[actor]?.hashes ?? []
        if reader.isDisordered { report("an event or a gap does not follow the last one") }
        let dropped = reader.subscription.droppedCount
        // One who left did not see what was dropped last.
        if reader.hasLeft ? reader.gap > dropped : reader.gap != dropped {
            report("\(reader.gap) events are missing, \(dropped) were dropped")
        }
        for (sequence, hash) in reader.events
        where sequence >= UInt64(hashes.count) || hashes[Int(sequence)] != hash {
            return report("event \(sequence) is not the chain's")
        }
        if reader.isComplete, reader.next != UInt64(hashes.count) {
            report("ends at \(reader.next) of \(hashes.count)")
        }
    }

    /// A supervisor that starts each child alone starts them again at most so often in its period.
    private func checkIntensity() {
        for parent in history.actors {
            guard let lives = chains[parent.id]?.lives, lives == 1 else { continue }
            let children = history.actors.filter { $0.parent == parent.id }
            guard !children.contains(where: \.isRestarted) else { continue }
            let times = children.flatMap { chains[$0.id]?.restarts ?? [] }.sorted()
            let intensity = plan.supervision.intensity
            for (first, last) in zip(times, times.dropFirst(intensity))
            where .nanoseconds(last - first) < plan.supervision.period {
                history.report(
                    "\(parent.id) started more than \(intensity) children again in a period")
                break
            }
        }
    }

    private func kind(_ status: ActorStatus) -> String {
        if case .failed = status { "failed" } else { "\(status)" }
    }

    /// What one sender sent arrives in the order in which it was sent.
    private func checkOrder(_ chain: ChainCheck) {
        let numbers = chain.calls.filter {
            $0.function == ScriptedGuest.handleSend || $0.function == ScriptedGuest.handleRequest
        }.compactMap(\.number)
        for (first, second) in zip(numbers, numbers.dropFirst()) where first > second {
            let kinds = [first, second].map { history.operations[Int($0) - 1].kind }
            // A request is asked in a task of its own.
            if kinds == [.send, .send] {
                history.report("message \(second) arrived after the later message \(first)")
            }
        }
    }

    private func check(_ operation: Operation) {
        let number = operation.number
        let calls = begun[number] ?? []
        func report(_ problem: String) {
            history.report(
                "\(operation.kind.rawValue) \(number) to \(operation.target): \(problem) "
                    + "(answer \(operation.outcome))")
        }
        if calls.count > 1 { return report("was done \(calls.count) times") }
        if operation.answerCount != 1 { return report("has \(operation.answerCount) answers") }
        switch operation.kind {
        case .play, .echo: check(call: operation, calls.first, report)
        case .callBack: check(callBack: operation, calls.first, report)
        case .unknown:
            if !["actor.unknown-function", "actor.not-found", "actor.ended", "actor.restarting"]
                .contains(operation.outcome)
            {
                report("a function that is none")
            }
        case .crash, .spin:
            if case .value? = operation.answer { report("has an answer and cannot") }
        case .send, .request: break
        }
        checkTime(operation, report)
    }

    private func check(
        call operation: Operation, _ call: ChainCheck.Call?, _ report: (String) -> Void
    ) {
        switch operation.answer {
        case .value(let value)?:
            if call?.outcome != .value { report("the chain says \(shown(call))") }
            if value != .u64(operation.number) { report("the answer is \(value)") }
        case .failure(let error)?:
            switch error.code {
            case .guestError:
                guard call?.outcome == .error || call?.outcome == .failed("actor.guest-error")
                else { return report("the chain says \(shown(call))") }
            case .crashed, .killed, .journal, .wrongResult:
                guard case .failed? = call?.outcome else {
                    return report("the chain says \(shown(call))")
                }
            default:
                if call != nil { report("was begun: the chain says \(shown(call))") }
                if error.code == .cancelled, !operation.isCancelled { report("nobody gave it up") }
            }
        default: report("no answer of a call")
        }
    }

    private func check(
        callBack operation: Operation, _ call: ChainCheck.Call?, _ report: (String) -> Void
    ) {
        switch operation.outcome {
        case "ok": if call?.outcome != .value { report("the chain says \(shown(call))") }
        case "callback.mailbox-full", "callback.late", "callback.ended":
            if call != nil { report("was begun: the chain says \(shown(call))") }
        case "callback.failed", "callback.crashed":
            if call?.outcome == .value { report("the chain says \(shown(call))") }
        default: report("no such function?")
        }
    }

    /// An answer comes by the deadline; work that costs no time must be punctual.
    private func checkTime(_ operation: Operation, _ report: (String) -> Void) {
        guard plan.jobCost == 0, let deadline = operation.deadline,
            let answered = operation.answered, deadline < answered
        else { return }
        report(
            "was answered \((answered.nanoseconds - deadline.nanoseconds) / 1000) µs "
                + "after its deadline")
    }

    private func shown(_ call: ChainCheck.Call?) -> String {
        call.map { "\($0.outcome.map { "\($0)" } ?? "open")" } ?? "nothing"
    }
}
