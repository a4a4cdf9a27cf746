// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
internal import TheaterPlatform

/// What a supervisor does about its children: OTP's semantics as a state machine.
///
/// Events go in, actions come out; whoever drives it performs the actions and feeds their outcomes back.
/// As in OTP it does one thing at a time: what happens while a start or a stop is under way waits.
/// No locks, no tasks; the time is passed in.
struct Supervisor<ID: Hashable & Sendable> {
    private struct Child {
        let id: ID
        let spec: ChildSpec
        var phase = Phase.down
        /// Counts its lives.
        var life: UInt64 = 0
        /// How it ended before its start was reported.
        var early: Exit?
        var isReleased = false

        /// Whether its spec wants it back after such an end.
        func returns(after exit: Exit) -> Bool {
            switch (spec.restart, exit) {
            case (.temporary, _), (.transient, .normal): false
            case (.transient, .abnormal), (.permanent, _): true
            }
        }
    }

    /// Why a plan is carried out; decides what a failed start leads to.
    private enum Purpose {
        case initial
        case restart(ID)
        case add(ID, Ticket)
        case manual(ID, Ticket)
        case remove(ID, Ticket)
        case giveUp
        case failedStart(ID)
        case shutDown
    }

    private enum Step {
        case stop(ID)
        case start(ID)
        case wait(Duration)
    }

    private enum Current {
        case stop(ID)
        case start(ID)
        case wait(UInt64)
    }

    private let settings: SupervisionSettings
    private var children: [Child] = []
    private var restarts = RestartHistory()
    private var plan: ArraySlice<Step> = []
    private var purpose: Purpose?
    private var current: Current?
    private var exits: [(id: ID, life: UInt64, exit: Exit)] = []
    private var requests: [Event] = []
    private var token: UInt64 = 0
    /// Whether the stop of all children is still to be planned.
    private var mustShutDown = false
    /// Whether it was asked for.
    private var isLeaving = false
    private(set) var isEnded = false

    /// How many requests may wait.
    static var requestsMax: Int { 1024 }

    init(_ settings: SupervisionSettings) { self.settings = settings }

    /// The children, from left to right.
    var ids: [ID] { children.map(\.id) }

    /// Where a child stands; `nil` for none of ours.
    func phase(of id: ID) -> Phase? { children.first { $0.id == id }?.phase }

    /// Whether a child that is down will be started again, as things stand.
    func willStart(_ id: ID) -> Bool {
        guard let child = kept(id) else { return false }
        return child.phase == .starting || isConcerned(id)
    }

    /// Whether a child will be started again when it ends now, as things stand.
    func willStart(_ id: ID, after exit: Exit) -> Bool {
        guard let child = kept(id) else { return false }
        if isConcerned(id) { return true }
        if case .giveUp? = purpose { return false }
        return (child.phase == .up || child.phase == .starting) && child.returns(after: exit)
    }

    /// A child that nobody has ended for good.
    private func kept(_ id: ID) -> Child? {
        isEnded || isLeaving ? nil : children.first { $0.id == id && !$0.isReleased }
    }

    /// How many restarts the present period has seen.
    var restartCount: Int { restarts.count }

    /// Whether nothing is under way.
    var isIdle: Bool { current == nil && purpose == nil && exits.isEmpty && requests.isEmpty }

    mutating func handle(_ event: Event, now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        note(event, &actions)
        advance(now, &actions)
        return actions
    }

    // MARK: Events

    private mutating func note(_ event: Event, _ actions: inout [Action]) {
        switch event {
        case .start(let list):
            // Children that were added before, by `init` for one, may be on their way.
            if isEnded { actions.append(.allStopped) }
            if !isEnded, !isLeaving { requests.insert(.start(list), at: 0) }
        case .adopt(let id, let spec):
            guard index(of: id) == nil, !isEnded, !isLeaving else { return }
            children.append(Child(id: id, spec: spec, phase: .up, life: 1))
        case .started(let id): started(id)
        case .startFailed(let id): startFailed(id)
        case .ended(let id, let exit): ended(id, exit)
        case .waited(let number):
            if case .wait(number)? = current { current = nil }
        case .add(_, _, let ticket), .restart(_, let ticket), .remove(_, let ticket):
            if isEnded || isLeaving {
                actions.append(.answer(ticket, .stopping))
            } else if requests.count >= Self.requestsMax {
                actions.append(.answer(ticket, .overloaded))
            } else {
                requests.append(event)
            }
        case .release(let id):
            guard let index = index(of: id) else { return }
            children[index].isReleased = true
            if children[index].phase == .down, !isConcerned(id) { forget(id, &actions) }
        case .shutDown:
            if isEnded { actions.append(.allStopped) }
            (mustShutDown, isLeaving) = (true, true)
            // A wait is not worth waiting for.
            if case .wait? = current { current = nil }
        }
    }

    /// Whether an exit or a step of this child is still to be looked at.
    private func isConcerned(_ id: ID) -> Bool {
        exits.contains { $0.id == id }
            || plan.contains { if case .start(id) = $0 { true } else { false } }
    }

    private mutating func started(_ id: ID) {
        guard let index = index(of: id), children[index].phase == .starting else { return }
        children[index].phase = .up
        if case .start(id)? = current { current = nil }
        if let exit = children[index].early {
            children[index].early = nil
            exited(index, exit)
        }
    }

    private mutating func startFailed(_ id: ID) {
        guard let index = index(of: id), children[index].phase == .starting else { return }
        children[index].phase = .down
        children[index].early = nil
        failure = id
        if case .start(id)? = current { current = nil }
    }

    private mutating func ended(_ id: ID, _ exit: Exit) {
        guard let index = index(of: id) else { return }
        switch children[index].phase {
        case .down: break
        case .starting: children[index].early = exit
        case .up: exited(index, exit)
        case .stopping:
            children[index].phase = .down
            if case .stop(id)? = current { current = nil }
        }
    }

    private mutating func exited(_ index: Int, _ exit: Exit) {
        children[index].phase = .down
        exits.append((children[index].id, children[index].life, exit))
    }

    /// The child whose start failed just now.
    private var failure: ID?

    // MARK: Going on

    private mutating func advance(_ now: MonotonicTime, _ actions: inout [Action]) {
        while current == nil, !isEnded {
            if mustShutDown { beginShutDown(&actions) }
            if let failed = failure {
                failure = nil
                startDidFail(failed, now, &actions)
            } else if let step = plan.popFirst() {
                take(step, &actions)
            } else if let purpose {
                self.purpose = nil
                finish(purpose, &actions)
            } else if !exits.isEmpty {
                look(at: exits.removeFirst(), now, &actions)
            } else if !requests.isEmpty {
                begin(requests.removeFirst(), &actions)
            } else {
                return
            }
        }
    }

    private mutating func take(_ step: Step, _ actions: inout [Action]) {
        switch step {
        case .stop(let id):
            guard let index = index(of: id), children[index].phase == .up else { return }
            children[index].phase = .stopping
            current = .stop(id)
            actions.append(.stop(id, children[index].spec.shutdown))
        case .start(let id):
            guard let index = index(of: id), children[index].phase == .down,
                !children[index].isReleased
            else { return }
            children[index].phase = .starting
            children[index].life += 1
            current = .start(id)
            actions.append(.start(id))
        case .wait(let duration):
            guard duration > .zero else { return }
            token += 1
            current = .wait(token)
            actions.append(.wait(duration, token))
        }
    }

    private mutating func finish(_ purpose: Purpose, _ actions: inout [Action]) {
        switch purpose {
        case .initial: actions.append(.allStarted)
        case .restart: break
        case .add(_, let ticket): actions.append(.answer(ticket, .done))
        case .manual(let id, let ticket):
            let isReleased = index(of: id).map { children[$0].isReleased } ?? true
            actions.append(.answer(ticket, isReleased ? .released : .done))
        case .remove(let id, let ticket):
            forget(id, &actions)
            actions.append(.answer(ticket, .done))
        case .giveUp: end(.gaveUp, &actions)
        case .failedStart(let id): end(.startFailed(id), &actions)
        case .shutDown: end(.allStopped, &actions)
        }
        forgetWhatIsOver(&actions)
    }

    /// Forgets those that are down for good.
    private mutating func forgetWhatIsOver(_ actions: inout [Action]) {
        for child in children where child.phase == .down && !isConcerned(child.id) {
            guard child.isReleased || child.spec.restart == .temporary else { continue }
            forget(child.id, &actions)
        }
    }

    private mutating func end(_ action: Action, _ actions: inout [Action]) {
        isEnded = true
        for child in children { actions.append(.forget(child.id)) }
        children = []
        exits = []
        refuseRequests(&actions)
        actions.append(action)
    }

    private mutating func refuseRequests(_ actions: inout [Action]) {
        for request in requests {
            if let ticket = Self.ticket(request) { actions.append(.answer(ticket, .stopping)) }
        }
        requests = []
    }

    private static func ticket(_ event: Event) -> Ticket? {
        switch event {
        case .add(_, _, let ticket), .restart(_, let ticket), .remove(_, let ticket): ticket
        default: nil
        }
    }

    // MARK: Ends of children

    private mutating func look(
        at exit: (id: ID, life: UInt64, exit: Exit), _ now: MonotonicTime,
        _ actions: inout [Action]
    ) {
        // Whoever was started again meanwhile, together with others, is looked after.
        guard let index = index(of: exit.id), children[index].phase == .down,
            children[index].life == exit.life
        else { return }
        let child = children[index]
        if child.isReleased || child.spec.restart == .temporary {
            forget(child.id, &actions)
        } else if child.returns(after: exit.exit) {
            restart(child.id, now, &actions)
        }
    }

    /// Plans a restart, or the end when there were too many.
    private mutating func restart(
        _ id: ID, _ now: MonotonicTime, _ actions: inout [Action]
    ) {
        restarts.note(now, within: settings.period)
        guard restarts.count <= settings.intensity else {
            purpose = .giveUp
            plan = stops(of: children[...])
            return
        }
        let concerned = group(of: id)
        purpose = .restart(id)
        plan = stops(of: concerned)
        // As in OTP: those that are never started again are over with the group.
        let again = concerned.filter { $0.id == id || $0.spec.restart != .temporary }
        plan.append(.wait(backoff))
        plan += again.map { .start($0.id) }
    }

    /// Stops children, from right to left.
    private func stops(of children: ArraySlice<Child>) -> ArraySlice<Step> {
        children.reversed().map { .stop($0.id) }[...]
    }

    /// The children that a restart of one of them concerns, from left to right.
    private func group(of id: ID) -> ArraySlice<Child> {
        guard let index = index(of: id) else { return [] }
        switch settings.strategy {
        case .oneForOne: return children[index...index]
        case .oneForAll: return children[...]
        case .restForOne: return children[index...]
        }
    }

    private var backoff: Duration {
        let backoff = settings.backoff
        var wait = backoff.initial
        guard wait > .zero, backoff.factor > 1 else { return min(wait, backoff.max) }
        for _ in 1..<max(1, restarts.count) {
            guard wait < backoff.max else { break }
            wait *= backoff.factor
        }
        return min(wait, backoff.max)
    }

    private mutating func startDidFail(
        _ id: ID, _ now: MonotonicTime, _ actions: inout [Action]
    ) {
        switch purpose {
        case .initial:
            purpose = .failedStart(id)
            plan = stops(of: children[...])
        case .restart:
            // As in OTP a failed restart is one more restart.
            restart(id, now, &actions)
        case .add(_, let ticket):
            purpose = nil
            plan = []
            forget(id, &actions)
            actions.append(.answer(ticket, .failed))
        case .manual(_, let ticket):
            purpose = nil
            plan = []
            actions.append(.answer(ticket, .failed))
        case .remove, .giveUp, .failedStart, .shutDown, nil: break
        }
    }

    // MARK: Requests

    private mutating func begin(_ request: Event, _ actions: inout [Action]) {
        switch request {
        case .start(let list):
            for (id, spec) in list where index(of: id) == nil {
                children.append(Child(id: id, spec: spec))
            }
            purpose = .initial
            plan = list.map { .start($0.0) }[...]
        case .add(let id, let spec, let ticket):
            guard index(of: id) == nil else { return actions.append(.answer(ticket, .failed)) }
            children.append(Child(id: id, spec: spec))
            purpose = .add(id, ticket)
            plan = [.start(id)]
        case .restart(let id, let ticket):
            guard index(of: id) != nil else { return actions.append(.answer(ticket, .unknown)) }
            purpose = .manual(id, ticket)
            plan = [.stop(id), .start(id)]
        case .remove(let id, let ticket):
            guard index(of: id) != nil else { return actions.append(.answer(ticket, .unknown)) }
            purpose = .remove(id, ticket)
            plan = [.stop(id)]
        default: break
        }
    }

    private mutating func beginShutDown(_ actions: inout [Action]) {
        mustShutDown = false
        switch purpose {
        case .add(_, let ticket)?, .manual(_, let ticket)?, .remove(_, let ticket)?:
            actions.append(.answer(ticket, .stopping))
        default: break
        }
        refuseRequests(&actions)
        failure = nil
        exits = []
        purpose = .shutDown
        plan = stops(of: children[...])
    }

    private func index(of id: ID) -> Int? { children.firstIndex { $0.id == id } }

    private mutating func forget(_ id: ID, _ actions: inout [Action]) {
        guard let index = index(of: id) else { return }
        children.remove(at: index)
        actions.append(.forget(id))
    }
}
