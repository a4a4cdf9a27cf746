// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterValue

/// The runtime's owner of one guest actor: its mailbox, its guest, its state, its recorder.
///
/// Whoever submits an operation to an idle cell runs it on its own task; otherwise it waits, and the task
/// that runs the one before hands over. So at any time at most one task is the *runner*.
final class Cell: @unchecked Sendable {
    /// What others may see and change at any time.
    struct Shared {
        var mailbox: Mailbox<Operation>
        var exit: ExitReason?
        /// What the end will be when nothing else happens first.
        var requested: ExitReason?
        var watchers: [CheckedContinuation<ExitReason, Never>] = []
        /// Who waits for the turn between two calls.
        var holder: CheckedContinuation<TurnOutcome, Never>?
        /// The state after the last call, for others to read.
        var state: Value
    }

    let id: ActorID
    /// Beside the identity: a list of all cells goes no further than here and to `shared`.
    let name: String
    /// What it is made from, and what that is exchanged for.
    let code: CellCode
    let control: GuestControl
    private let systemLogger: Logger
    /// What the actor's handlers may use of the node.
    let services: HandlerServices
    let world: World
    let deadlines: Deadlines
    let recorder: Recorder
    let meter: ActorMeter
    let shared: Mutex<Shared>
    /// What a durable actor keeps of its mail; touched under the lock of `shared` alone.
    let inbox: Inbox?

    // SAFETY: touched by the runner alone, and the mailbox has one runner at a time: handing over goes
    // through its lock.
    var guest: Guest?
    /// What the chain notes of the life, for an actor that was brought back.
    var record = LifeRecord()
    /// When snapshots are taken; `nil` for an actor of which there are none.
    var snapshots: SnapshotSchedule?
    var host: CellHost?
    var handlers: [any Handler] = []
    var state: Value
    var step = Step.fresh
    /// How many runners of other cells wait below the present one on its stack.
    var depth = 0
    /// When the running operation must be over.
    var callDeadline: MonotonicTime?
    /// When the last operation was over.
    var lastEnd: MonotonicTime?
    /// The fuel that calls of this life have burnt.
    var fuelBurnt: UInt64 = 0

    private let link: SystemLink
    /// The actors it belongs to, while they exist.
    var system: ActorSystem? { link.system }
    var manifest: Manifest { code.first.manifest }
    var blueprint: Blueprint { code.present }
    var template: ActorTemplate { code.present.template }

    init(
        id: ActorID, blueprint: Blueprint, recorder: Recorder, state: Value, logger: Logger,
        services: HandlerServices, world: World, deadlines: Deadlines,
        link: SystemLink, meter: ActorMeter, inbox: Inbox? = nil
    ) {
        self.inbox = inbox
        self.meter = meter
        self.id = id
        name = blueprint.name
        code = CellCode(blueprint)
        self.link = link
        self.recorder = recorder
        self.state = state
        systemLogger = logger
        self.services = services
        self.world = world
        self.deadlines = deadlines
        control = GuestControl(world: world, deadlines: deadlines)
        shared = Mutex(
            Shared(
                mailbox: Mailbox(
                    capacity: blueprint.manifest.limits.mailbox,
                    policy: blueprint.manifest.limits.mailboxPolicy),
                state: state))
    }

    /// A logger that carries the actor's identity.
    var logger: Logger { Self.logger(systemLogger, id, name) }

    private static func logger(_ logger: Logger, _ id: ActorID, _ name: String) -> Logger {
        var logger = logger
        logger[metadataKey: "actor.id"] = .stringConvertible(id)
        logger[metadataKey: "actor.name"] = .string(name)
        return logger
    }

    // MARK: Seen from outside

    var info: ActorInfo {
        shared.withLock { shared in
            ActorInfo(
                id: id, name: name, status: Self.status(shared), mailboxDepth: shared.mailbox.depth)
        }
    }

    private static func status(_ shared: Shared) -> ActorStatus {
        if let exit = shared.exit { return exit.status }
        switch shared.mailbox.phase {
        case _ where shared.mailbox.isRefusing: return .stopping
        case .starting: return .starting
        case .idle, .busy: return .running
        case .draining, .ending, .ended: return .stopping
        }
    }

    /// Waits until the actor is over and has given back everything it held.
    func awaitEnd() async -> ExitReason {
        await withCheckedContinuation { continuation in
            let exit = shared.withLock { shared -> ExitReason? in
                if shared.exit == nil { shared.watchers.append(continuation) }
                return shared.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    // MARK: Start

    /// Makes the guest and runs `init`. Called once, by the task that spawns the actor.
    func start(engine: Engine, fork: ForkPoint? = nil) async throws(ActorError) {
        do throws(ActorError) {
            try await makeGuest(engine, fork)
            if fork == nil { try await initialize() }
            // Under strict durability an actor that somebody was told of is there after a crash.
            try await recorder.settle()
        } catch {
            _ = shared.withLock { $0.mailbox.stop(drain: false) }
            note(.failed(error))
            await handOver(shared.withLock { $0.mailbox.started() })
            throw error
        }
        await handOver(shared.withLock { $0.mailbox.started() })
        // `init` itself may have asked for the end.
        if case .completed? = shared.withLock({ $0.requested }) { _ = await awaitEnd() }
    }

    func makeGuest(
        _ engine: Engine, _ fork: ForkPoint?, resume: ResumePoint? = nil
    ) async throws(ActorError) {
        let limits = manifest.limits
        let port = Port(cell: self)
        let (id, name, systemLogger) = (id, name, systemLogger)
        let context = HandlerContext(
            actorID: id, actorName: name, logger: Self.logger(systemLogger, id, name), cell: port,
            services: services,
            world: world)
        for (index, (grant, type)) in recorder.grants.enumerated() {
            do throws(ManifestDiagnostics) {
                var reader = grant.reader()
                handlers.append(try type.init(grant: &reader, context: context))
            } catch {
                throw ActorError(.manifest, "handler \(index + 1) of '\(name)': \(error)")
            }
        }
        let host = CellHost(
            template: template, handlers: handlers, recorder: recorder, meter: meter, world: world,
            isDryRun: blueprint.isDryRun)
        self.host = host
        if let resume { return try await bring(resume, engine, host) }
        if let fork {
            let brought = try await fork.bring(
                engine, template.linked, control, host, limits, system?.keptCode)
            (guest, fuelBurnt) = (brought.guest, brought.fuelUsed)
            host.hasBegun = true
            meter.memory(guest?.memorySize ?? 0)
            return
        }
        do throws(EngineError) {
            guest = try await Guest(
                template.linked, engine: engine, host: host, control: control,
                limits: GuestLimits(limits),
                budget: CallBudget(
                    fuel: min(limits.fuelPerCall, limits.fuelPerLife ?? .max),
                    deadline: world.now().advanced(by: limits.initTimeout)))
        } catch {
            throw host.journalFailure ?? .crashed(in: FailureText.start, error)
        }
        host.hasBegun = true
        meter.memory(guest?.memorySize ?? 0)
    }

    func initialize() async throws(ActorError) {
        guard let function = template.exports["theater:simple/actor.init"] else { return }
        guard function.signature?.parameters.count ?? 1 <= 1 else {
            throw ActorError(
                .metadata, "the actor declares \(function.usage); init takes the state alone")
        }
        let now = world.now()
        let operation = Operation(
            function: function, arguments: [], takesState: true,
            fuel: manifest.limits.fuelPerCall,
            deadline: now.advanced(by: manifest.limits.initTimeout), submitted: now, reply: .none)
        switch await run(operation, at: now) {
        case .success: return
        case .failure(let error) where error.code == .guestError && manifest.onError == .continue:
            logger.warning("\(error.message); it goes on with its first state")
        case .failure(let error): throw error
        }
    }
}
