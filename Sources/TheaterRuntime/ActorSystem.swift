// SPDX-License-Identifier: Apache-2.0

public import Logging
internal import Synchronization
public import TheaterCapability
public import TheaterChain
public import TheaterEngine
public import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
public import TheaterPlatform
public import TheaterReplay
internal import TheaterValue

/// The actors of one node: starts them, calls them, ends them, and knows them.
///
/// Safe to share. An actor's operations run one at a time, in the order of arrival; different actors
/// run beside each other on the threads of Swift's cooperative pool, and a running guest yields after
/// each time slice, so that none starves another.
public final class ActorSystem: Sendable {
    /// How many ended actors are remembered with their reason; the oldest is forgotten first.
    public static let endedMax = Roster.endedMax

    /// The engine that the actors share.
    public let engine: Engine
    /// The journal that their chains are in; `nil` when the actors are not recorded.
    public let journal: Journal?
    private let handlers: HandlerRegistry
    private let services: HandlerServices
    let world: World
    let deadlines: Deadlines
    let logger: Logger
    /// Watches the actors and adds up what they do.
    let observatory: Observatory
    let roster = Mutex(Roster())
    private let templates = Mutex([String: ActorTemplate]())
    /// The actors' messages, and who waits for whom.
    let exchange: Exchange
    private static let templatesMax = 256
    private let link = SystemLink()
    /// Finds what children are made from.
    private let resolver: (any ActorResolver)?
    /// Keeps what actors are made from.
    private let keeper: (any CodeKeeper)?
    /// Keeps snapshots of durable actors.
    let snapshots: (any SnapshotKeeper)?
    /// How the chains of its actors are replayed.
    let replayOptions: ReplayOptions

    /// Makes a system without actors.
    ///
    /// - Parameters:
    ///   - journal: `nil` records nothing, for embedders who want the sandbox alone.
    ///   - services: what handlers may use beside the cells of their actors.
    ///   - resolver: finds the manifests and the wasm of children; `nil` when there are none.
    ///   - keeper: keeps what recorded actors are made from; `nil` keeps nothing.
    ///   - snapshots: keeps snapshots of durable actors; `nil` takes none.
    ///   - replay: how chains of its actors are replayed; `nil` for what its handlers say.
    ///   - world: the outside, simulated or real.
    ///   - observability: how the actors are watched.
    public init(
        engine: Engine, journal: Journal?, handlers: HandlerRegistry, logger: Logger,
        services: HandlerServices = HandlerServices(), resolver: (any ActorResolver)? = nil,
        keeper: (any CodeKeeper)? = nil, snapshots: (any SnapshotKeeper)? = nil,
        replay: ReplayOptions? = nil, world: World = .system,
        observability: ObservabilityOptions = ObservabilityOptions()
    ) {
        self.engine = engine
        self.journal = journal
        self.handlers = handlers
        self.world = world
        deadlines = Deadlines(world: world)
        exchange = Exchange(world: world, deadlines: deadlines)
        var services = services
        services.provide(exchange, as: (any MessagePort).self)
        services.provide(exchange, as: (any RPCPort).self)
        services.provide(SupervisionDesk(link: link), as: (any SupervisionPort).self)
        self.services = services
        self.logger = logger
        self.resolver = resolver
        self.keeper = keeper
        self.snapshots = snapshots
        self.replayOptions =
            replay ?? ReplayOptions(isSuspending: handlers.suspending)
        observatory = Observatory(observability, world: world, logger: logger)
        link.system = self
        exchange.connect(self)
    }

    /// Finds the code that chains name; `nil` when it is not kept, or kept by somebody who does not give it
    /// back.
    var keptCode: (any ReplayLibrary)? { keeper as? any ReplayLibrary }

    // MARK: Starting

    /// Starts an actor: loads its module, checks its imports against its grants, makes its guest, calls
    /// `theater:simple/actor.init` if it exports that, and starts the children that its manifest declares.
    ///
    /// With a parent the actor is a child: it ends with its parent, and is supervised as its spec says.
    /// Records the actor's birth and its `init` in a new chain. May suspend while the module is
    /// compiled and while `init` runs.
    ///
    /// - Throws: `actor.module`, `actor.wrong-digest`, `actor.metadata`, `actor.import-refused`,
    ///   `actor.manifest`, `actor.grant-exceeds-parent`, `actor.name-taken`, `actor.shutting-down`,
    ///   `actor.not-found` or `actor.ended` for a parent that does not live, what ended `init`, or
    ///   `actor.supervision` when a declared child did not start.
    @concurrent
    public func spawn(_ request: SpawnRequest) async throws(ActorError) -> ActorID {
        let blueprint = try await blueprint(request)
        if let parent = request.parent {
            return try await addChild(
                blueprint, of: parent, spec: request.childSpec, waiter: request.waiter,
                id: request.childID)
        }
        let id = world.newActorID()
        try await startLife(id, blueprint, state: nil, lineage: nil)
        return id
    }

    /// Loads and checks what an actor is made from.
    func blueprint(
        _ request: SpawnRequest, isDryRun: Bool = false
    ) async throws(ActorError) -> Blueprint {
        var manifest = request.manifest
        if request.isAuthored, let parent = request.parent {
            let held = try cell(parent).manifest
            manifest.limits = manifest.limits.within(held.limits)
            manifest.chain.durability = max(manifest.chain.durability, held.chain.durability)
        }
        if manifest.chain.isDurable, manifest.chain.durability == .memory {
            throw ActorError(
                .manifest,
                "'\(manifest.name)' is durable, and durability \"memory\" keeps nothing to bring it back "
                    + "from; set durability = \"async\" or \"strict\" under [chain]")
        }
        if manifest.chain.isDurable, let key = manifest.unrecordedKey {
            throw ActorError(
                .manifest,
                "'\(manifest.name)' is durable, and its manifest was made in code, so that '\(key)' is not "
                    + "recorded and could not be brought back; read the manifest from a text")
        }
        let granted = try grants(for: request)
        let template = try await template(
            for: request.wasm, granted: granted.handlers, manifest: manifest)
        try template.checkOffers(manifest.rpc)
        try template.checkRetries(granted.handlers.map(\.grant), of: manifest.name)
        let digest = await keep(request.wasm, template, manifest)
        return Blueprint(
            name: request.name ?? manifest.name, manifest: manifest, manifestDigest: digest,
            template: template,
            granted: granted,
            initialState: request.initialState ?? manifest.initialState ?? CallShape.noState,
            origin: request.manifestPath, scope: request.scope, isDryRun: isDryRun,
            isAuthored: request.isAuthored)
    }

    /// Sees to it that what the actor is made from can be found again by what its chain names.
    ///
    /// - Returns: the digest of the manifest.
    func keep(
        _ wasm: [UInt8], _ template: ActorTemplate, _ manifest: Manifest
    ) async -> Digest {
        guard journal != nil else { return .zero }
        let recorded = manifest.recorded
        let digest = Digest.sha256(of: recorded)
        if let keeper, !keeper.has(module: template.moduleDigest, manifest: digest) {
            await keeper.keep(
                wasm: wasm, as: template.moduleDigest, manifest: recorded, as: digest)
        }
        return digest
    }

    /// What the request's actor gets: measured against its parent, which must live.
    private func grants(for request: SpawnRequest) throws(ActorError) -> GrantedHandlers {
        var held = request.grantsMax
        if let parent = request.parent {
            held = held.restricted(to: try cell(parent).blueprint.grants)
        }
        return try handlers.grants(
            of: request.manifest, name: request.name ?? request.manifest.name, parent: held,
            logger: logger)
    }

    /// What a live actor holds, which is the most that its children get; `nil` for one that does not
    /// live.
    public func grants(of id: ActorID) -> GrantSet? { (try? cell(id))?.blueprint.grants }

    /// Starts one life of an actor, with its declared children.
    @discardableResult
    func startLife(
        _ id: ActorID, _ blueprint: Blueprint, state: Value?, lineage: Lineage?,
        fork: ForkPoint? = nil
    ) async throws(ActorError) -> Cell {
        let name = blueprint.name
        let isRoot = lineage?.parent == nil
        if let problem = roster.withLock({ $0.reserve(name, for: id, isRoot: isRoot) }) {
            throw problem
        }
        let cell: Cell
        do throws(ActorError) {
            cell = try makeCell(
                id, blueprint, state: state, lineage: lineage,
                origin: fork.map { .forked($0) } ?? .born)
        } catch {
            if lineage == nil { roster.withLock { $0.release(name, of: id) } }
            throw error
        }
        guard roster.withLock({ $0.admit(cell, lineage) }) else {
            await cell.abandon()
            throw Roster.shuttingDown
        }
        observatory.began(cell)
        try await cell.start(engine: engine, fork: fork)
        if !blueprint.manifest.children.isEmpty { try await startDeclared(cell) }
        return cell
    }

    /// Where a life comes from.
    enum LifeOrigin {
        case born
        case forked(ForkPoint)
        /// It goes on after a crash.
        case resumed

        var isResumed: Bool { if case .resumed = self { true } else { false } }
    }

    func makeCell(
        _ id: ActorID, _ blueprint: Blueprint, state: Value?, lineage: Lineage?, origin: LifeOrigin
    ) throws(ActorError) -> Cell {
        let (name, manifest, template) = (blueprint.name, blueprint.manifest, blueprint.template)
        let state = state ?? blueprint.initialState
        let writer: ChainWriter?
        let encoded: [UInt8]
        var inbox: Inbox?
        do {
            encoded = try CGRF.encode(state)
            let durability = Durability(rawValue: manifest.chain.durability.rawValue) ?? .async
            writer =
                if journal?.existingHead(actor: id) != nil {
                    try journal?.resumeChain(actor: id, durability: durability)
                } else {
                    try journal?.makeChain(actor: id, name: name, durability: durability)
                }
            if manifest.chain.isDurable, let journal {
                inbox = try Inbox(
                    of: id, name: name, durability: durability, in: journal, world: world)
            }
        } catch let error as CGRFError {
            throw ActorError(
                .wrongArgument, "the first state of '\(name)' does not encode: \(error)")
        } catch {
            throw ActorError(.journal, "'\(name)' cannot be recorded: \(error)")
        }
        let (feed, meter) = observatory.parts(of: id)
        let keepsRecent = template.imports.contains { $0.signature.name == "get-chain" }
        let recorder = Recorder(
            writer: writer, journal: journal, grants: blueprint.granted, keepsRecent: keepsRecent,
            world: world, feed: feed,
            tracer: observatory.spans.map {
                ActorTracer(actor: id, name: name, sink: $0, world: world)
            })
        let placement = inbox.map { Placement(blueprint, lineage, firstMail: $0.next) }
        switch origin {
        case .resumed: break
        case .forked(let fork): try recorder.forked(fork, blueprint, state: encoded)
        case .born:
            try recorder.spawned(
                module: template.moduleDigest,
                manifest: blueprint.manifestDigest, name: name, parent: lineage?.parent?.id,
                state: encoded)
        }
        if let placement, !origin.isResumed { try recorder.note(.durable(placement)) }
        let cell = Cell(
            id: id, blueprint: blueprint, recorder: recorder, state: state, logger: logger,
            services: services, world: world, deadlines: deadlines, link: link,
            meter: meter, inbox: inbox)
        if let placement, !origin.isResumed, let head = recorder.head {
            cell.record.placement = placement
            let every = manifest.chain.snapshotEvery
            // The past of a fork is in another chain.
            if let snapshots, every > 0, case .born = origin, !blueprint.isDryRun {
                cell.snapshots = SnapshotSchedule(
                    keeper: snapshots, every: UInt64(every), last: head.count,
                    birth: head.count - 2, bornAt: world.wallTime(), firstState: encoded,
                    parent: lineage?.parent?.id)
            }
        }
        return cell
    }

    // MARK: Loading

    /// Checks everything that starting would check, without starting anything.
    ///
    /// - Returns: what the actor exports, as it declares it.
    @concurrent
    public func check(_ request: SpawnRequest) async throws(ActorError) -> [String] {
        let granted = try grants(for: request)
        let template = try await template(
            for: request.wasm, granted: granted.handlers, manifest: request.manifest)
        try template.checkOffers(request.manifest.rpc)
        try template.checkRetries(granted.handlers.map(\.grant), of: request.manifest.name)
        return template.exports.values.map(\.usage).sorted()
    }

    func template(
        for wasm: [UInt8], granted: [(grant: HandlerGrant, type: any Handler.Type)],
        manifest: Manifest
    ) async throws(ActorError) -> ActorTemplate {
        let module: WasmModule
        let origin: ModuleCache.Origin
        do throws(EngineError) {
            (module, origin) = try await engine.modules.moduleAndOrigin(for: wasm)
        } catch {
            throw ActorError(
                .module, "the code of '\(manifest.name)' does not load: \(error.message)",
                cause: error)
        }
        if let wanted = manifest.sha256, wanted != module.digest {
            throw ActorError(
                .wrongDigest,
                "the wasm of '\(manifest.name)' has the sha256 \(module.digest), its manifest names "
                    + "\(wanted); rebuild it, or correct sha256")
        }
        let key = module.digest + granted.map { " " + $0.grant.type }.joined()
        if let known = templates.withLock({ $0[key] }) { return known }
        let loader = TemplateLoader(engine: engine, handlers: handlers, world: world)
        let template = try await loader.load(
            module, origin: origin, granted: granted, manifest: manifest)
        templates.withLock { templates in
            if templates.count >= Self.templatesMax { templates = [:] }
            templates[key] = template
        }
        return template
    }

    // MARK: Knowing

    /// Where an actor stands; `nil` for one that never was, or is forgotten.
    public func status(of id: ActorID) -> ActorStatus? {
        let (cell, lineage, ended) = roster.withLock {
            ($0.cells[id], $0.lineages[id], $0.ended[id]?.reason.status)
        }
        if let cell { return cell.info.status }
        if lineage?.parent?.team?.willLive(id) == true || lineage?.isRestarting == true {
            return .restarting
        }
        return ended
    }

    /// The live actor of a name.
    public func actor(named name: String) -> ActorID? { roster.withLock { $0.names[name] } }

    /// What an actor is called, or was.
    func name(of id: ActorID) -> String? {
        roster.withLock { $0.cells[id]?.name ?? $0.ended[id]?.name }
    }

    /// The cell of a live actor.
    func liveCell(_ id: ActorID) -> Cell? { roster.withLock { $0.cells[id] } }

    func cell(_ id: ActorID) throws(ActorError) -> Cell {
        let (cell, ended) = roster.withLock { ($0.cells[id], $0.ended[id]) }
        if let cell { return cell }
        guard let ended else { throw Self.notFound(id) }
        if status(of: id) == .restarting {
            throw ActorError(
                .restarting, "'\(ended.name)' is being started again; try again in a moment")
        }
        throw ActorError(
            .ended,
            "'\(ended.name)' is over (\(ended.reason.status)); start it again to call it")
    }

    static func notFound(_ id: ActorID) -> ActorError {
        ActorError(.notFound, "no actor has the identity \(id); list the live ones")
    }

    /// Resolves a reference to an actor's manifest.
    func resolve(
        _ reference: ActorReference
    ) async throws(ActorError) -> ResolvedActor {
        guard let resolver else {
            throw ActorError(
                .manifest,
                "this system cannot look up '\(reference.manifest)'; give it a resolver")
        }
        return try await resolver.resolve(reference)
    }
}
