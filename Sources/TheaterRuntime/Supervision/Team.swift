// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform

/// The children of one life of an actor: performs what their supervisor decides.
final class Team: Sendable {
    typealias Machine = Supervisor<ActorID>

    /// What the end of the start of the declared children is.
    enum StartOutcome: Sendable {
        case started
        case failed(ActorID)
        case stopped
    }

    private struct State {
        var machine: Machine
        var kin: [ActorID: Lineage] = [:]
        var ticket: UInt64 = 0
        var requests: [UInt64: CheckedContinuation<Machine.Outcome, Never>] = [:]
        var start: CheckedContinuation<StartOutcome, Never>?
        var ends: [CheckedContinuation<Void, Never>] = []
        var isOver = false
        /// Whether stops are not in order any more.
        var isForced = false
        var wait: Task<Void, Never>?
        var sink: (@Sendable (ActorResult) -> Void)?
    }

    let owner: ActorID
    private let world: World
    private weak let system: ActorSystem?
    private let state: Mutex<State>

    init(owner: ActorID, settings: SupervisionSettings, system: ActorSystem, world: World) {
        self.owner = owner
        self.system = system
        self.world = world
        var settings = settings
        if world.has(.oneRestartTooMany) { settings.intensity += 1 }
        state = Mutex(State(machine: Machine(settings)))
    }

    // MARK: Seen from outside

    /// The children that the parent knows of, from left to right.
    var children: [Lineage] {
        state.withLock { state in state.machine.ids.compactMap { state.kin[$0] } }
    }

    func child(_ id: ActorID) -> Lineage? { state.withLock { $0.kin[id] } }

    /// Whether a child that is over will live again.
    func willLive(_ id: ActorID) -> Bool { state.withLock { $0.machine.willStart(id) } }

    /// Whether a child will live again when its present life ends now.
    func willLive(_ id: ActorID, after reason: ExitReason) -> Bool {
        state.withLock { $0.machine.willStart(id, after: Self.exit(reason)) }
    }

    private static func exit(_ reason: ExitReason) -> Machine.Exit {
        switch reason {
        case .completed, .stopped: .normal
        case .failed, .killed: .abnormal
        }
    }

    /// Who is told of the children's ends.
    func tell(_ sink: (@Sendable (ActorResult) -> Void)?) { state.withLock { $0.sink = sink } }

    // MARK: Requests

    /// Starts the declared children, from left to right.
    func start(_ list: [Lineage]) async -> StartOutcome {
        await withCheckedContinuation { continuation in
            let actions = state.withLock { state in
                for lineage in list { state.kin[lineage.id] = lineage }
                state.start = continuation
                return state.machine.handle(
                    .start(list.map { ($0.id, $0.spec) }), now: world.now())
            }
            perform(actions)
        }
    }

    func add(_ lineage: Lineage) async -> Machine.Outcome {
        let outcome = await request { state, ticket in
            state.kin[lineage.id] = lineage
            return .add(lineage.id, lineage.spec, ticket)
        }
        // Whom the machine never took, it does not forget either.
        state.withLock { state in
            if state.machine.phase(of: lineage.id) == nil { state.kin[lineage.id] = nil }
        }
        return outcome
    }

    /// Takes in a child that runs already.
    func adopt(_ lineage: Lineage) {
        _ = lineage.becomeKnown()
        let actions = state.withLock { state in
            state.kin[lineage.id] = lineage
            return state.machine.handle(.adopt(lineage.id, lineage.spec), now: world.now())
        }
        perform(actions)
    }

    func restart(_ id: ActorID) async -> Machine.Outcome {
        await request { _, ticket in .restart(id, ticket) }
    }

    func remove(_ id: ActorID) async -> Machine.Outcome {
        await request { _, ticket in .remove(id, ticket) }
    }

    private func request(
        _ make: (inout State, Machine.Ticket) -> Machine.Event
    ) async -> Machine.Outcome {
        await withCheckedContinuation { continuation in
            let actions = state.withLock { state in
                state.ticket += 1
                state.requests[state.ticket] = continuation
                let event = make(&state, state.ticket)
                return state.machine.handle(event, now: world.now())
            }
            perform(actions)
        }
    }

    /// Feeds what happened.
    func feed(_ event: Machine.Event) {
        perform(state.withLock { $0.machine.handle(event, now: world.now()) })
    }

    /// Stops all children, the last first; with force, each at once.
    func stopAll(isForced: Bool) async {
        await withCheckedContinuation { continuation in
            let actions = state.withLock { state -> [Machine.Action]? in
                if isForced { state.isForced = true }
                // Whoever is stopped hears nothing of the ends that this is for its children.
                state.sink = nil
                guard !state.isOver else { return nil }
                state.ends.append(continuation)
                return state.machine.handle(.shutDown, now: world.now())
            }
            guard let actions else { return continuation.resume() }
            perform(actions)
            endWaits(isForced: isForced)
        }
    }

    /// Ends what is under way: a wait is cancelled, and with force nobody is stopped in order any longer.
    private func endWaits(isForced: Bool) {
        let (wait, running) = state.withLock { state in
            defer { state.wait = nil }
            return (state.wait, isForced ? state.machine.ids : [])
        }
        wait?.cancel()
        for id in running { system?.liveCell(id)?.kill("its parent was ended at once") }
    }

    /// Ends what is being stopped in order at once.
    func force() {
        state.withLock { $0.isForced = true }
        endWaits(isForced: true)
    }

    /// A child's life is over.
    func ended(_ lineage: Lineage, _ reason: ExitReason) {
        lineage.waiter?.keep(reason)
        if lineage.endsKnown(reason) { tell(lineage, reason) }
        feed(.ended(lineage.id, Self.exit(reason)))
    }

    private func tell(_ lineage: Lineage, _ reason: ExitReason) {
        guard !lineage.isPrivate else { return }
        let sink = state.withLock { $0.sink }
        sink?(ActorResult(lineage.id, reason))
        if case .killed = reason, world.has(.doubleNotice) {
            sink?(ActorResult(lineage.id, reason))
        }
    }

    // MARK: Actions

    private func perform(_ actions: [Machine.Action]) {
        // Whoever waits is told last: then what it asked for is done, and what followed from it.
        for action in actions where !Self.isTelling(action) { perform(action) }
        for action in actions where Self.isTelling(action) { perform(action) }
    }

    private static func isTelling(_ action: Machine.Action) -> Bool {
        switch action {
        case .start, .stop, .wait, .forget: false
        case .answer, .allStarted, .startFailed, .gaveUp, .allStopped: true
        }
    }

    private func perform(_ action: Machine.Action) {
        switch action {
        case .start(let id): start(id)
        case .stop(let id, let shutdown): stop(id, shutdown)
        case .wait(let duration, let token):
            let wait = world.start { [weak self, world] in
                guard (try? await world.sleep(for: duration)) != nil else { return }
                self?.feed(.waited(token))
            }
            state.withLock { $0.wait = wait }
        case .answer(let ticket, let outcome):
            state.withLock { $0.requests.removeValue(forKey: ticket) }?
                .resume(returning: outcome)
        case .forget(let id):
            if let lineage = state.withLock({ $0.kin.removeValue(forKey: id) }) {
                system?.forget(lineage)
            }
        case .allStarted: finishStart(.started)
        case .startFailed(let id):
            finishStart(.failed(id))
            finish()
        case .gaveUp:
            finishStart(.stopped)
            finish()
            system?.gaveUp(owner)
        case .allStopped:
            finishStart(.stopped)
            finish()
        }
    }

    private func finishStart(_ outcome: StartOutcome) {
        let waiter = state.withLock { state in
            defer { state.start = nil }
            return state.start
        }
        waiter?.resume(returning: outcome)
    }

    private func finish() {
        let ends = state.withLock { state in
            state.isOver = true
            defer { state.ends = [] }
            return state.ends
        }
        for end in ends { end.resume() }
    }

    private func start(_ id: ActorID) {
        guard let lineage = child(id), let system else { return feed(.startFailed(id)) }
        world.start {
            do throws(ActorError) {
                try await system.startLife(of: lineage)
                if let reason = lineage.becomeKnown() { self.tell(lineage, reason) }
                self.feed(.started(id))
            } catch {
                lineage.startError = error
                system.noteFailedStart(lineage, error)
                self.feed(.startFailed(id))
            }
        }
    }

    private func stop(_ id: ActorID, _ shutdown: ChildDeclaration.Shutdown) {
        guard let system else { return feed(.ended(id, .normal)) }
        let isForced = state.withLock { $0.isForced }
        world.start {
            switch shutdown {
            case .timeout(let grace) where !isForced: await system.stopTree(id, grace: grace)
            case .infinity where !isForced:
                await system.stopTree(id, grace: .seconds(365 * 86_400))
            default: await system.terminateTree(id)
            }
        }
    }
}
