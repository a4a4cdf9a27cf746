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
        for known in history.actors {
            if let parent = known.parent { checkTold(known.id, parent) }
        }
        for channel in script.channels.channels { check(channel) }
        if system.channelCount > 0 { history.report("\(system.channelCount) channels are left") }
        if system.waitCount > 0 { history.report("\(system.waitCount) actors wait for others") }
    }

    private mutating func check(
        _ reader: JournalReader, _ actor: ActorID
    ) throws(JournalError) {
        var check = ChainCheck(
            actor, fuelPerCall: plan.fuelPerCall, fuelPerLife: plan.fuelPerLife)
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
        checkChannels(check)
        chains[actor] = check
        let status = system.status(of: actor).map(kind)
        if status != check.exits.last {
            history.report(
                "\(actor) is \(status ?? "unknown"), its chain ends with "
                    + (check.exits.last ?? "nothing"))
        }
    }

    // MARK: Channels

    private func checkChannels(_ chain: ChainCheck) {
        var check = ChannelCheck(script.channels, chain.actor)
        for call in chain.calls { check.take(call) }
        for problem in check.problems { history.report(problem) }
    }

    /// Whoever still works when a channel ends is told before it does anything that was asked later.
    private func check(_ channel: ChannelLog.Channel) {
        guard let opened = channel.opened else { return }
        for side in [channel.initiator, channel.target] {
            guard let side, let chain = chains[side],
                let end = end(of: channel, for: side, opened)
            else { continue }
            let later = chain.calls.first { call in
                guard let number = call.number, call.life == life(of: side, at: opened) else {
                    return false
                }
                return history.operations[Int(number) - 1].begun > end
            }
            guard let later else { continue }
            let isTold = chain.calls.contains {
                $0.function == ScriptedGuest.handleChannelClose
                    && $0.arguments.first?.asString == channel.id
            }
            if !isTold {
                history.report(
                    "\(side) was not told of the end of \(channel.id), and did \(later.function)")
            }
        }
    }

    /// When the other side ended a channel; `nil` when this side did, or nobody.
    private func end(
        of channel: ChannelLog.Channel, for side: ActorID, _ opened: MonotonicTime
    ) -> MonotonicTime? {
        let isInitiator = channel.initiator == side
        let other = isInitiator ? channel.target : channel.initiator
        guard other != side else { return nil }
        if let closed = channel.closed { return closed.by == side ? nil : closed.time }
        guard let other else { return nil }
        return lifeEnd(of: other, after: opened)
    }

    /// When the life of an actor ended that it had at a point in time; a later one if one ended just then.
    private func lifeEnd(of actor: ActorID, after time: MonotonicTime) -> MonotonicTime? {
        chains[actor]?.ends.map { MonotonicTime(nanoseconds: $0 - VirtualClock.wallOffset) }
            .first { $0 > time }
    }

    /// Which of its lives an actor had at a point in time, if none began just then.
    private func life(of actor: ActorID, at time: MonotonicTime) -> Int {
        let ends = chains[actor]?.ends ?? []
        return 1 + ends.count { $0 - VirtualClock.wallOffset < time.nanoseconds }
    }

    // MARK: Subscribers and supervisors

    /// A parent is told how each life of its child ended: all of them, each once, in order, until it ends
    /// itself.
    private func checkTold(_ child: ActorID, _ parent: ActorID) {
        let told = script.told[child] ?? []
        guard let chain = chains[child], let parents = chains[parent] else { return }
        let ends = chain.exits.map { $0 == "killed" ? "stopped" : $0 }
        guard ends.starts(with: told) else {
            return history.report(
                "the parent of \(child) was told \(told), its lives ended \(ends)")
        }
        guard told.count < ends.count else { return }
        // What it was not told of happened while it ended: it did nothing that was asked later.
        let time = chain.ends[told.count]
        let end = parents.ends.first { $0 >= time }
        let goesOn = parents.calls.contains { call in
            guard call.time <= end ?? .max, let number = call.number else { return false }
            let asked = history.operations[Int(number) - 1].begun.nanoseconds
            return asked > time - VirtualClock.wallOffset
        }
        if end == nil || goesOn {
            history.report(
                "the parent of \(child) was told \(told), its lives ended \(ends), and it went on")
        }
    }

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
