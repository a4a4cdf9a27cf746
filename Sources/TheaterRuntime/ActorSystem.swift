// SPDX-License-Identifier: Apache-2.0

public import Logging
internal import Synchronization
public import TheaterChain
public import TheaterEngine
public import TheaterHandler
internal import TheaterManifest
public import TheaterPact
public import TheaterPlatform
public import TheaterValue

/// The actors of one node: starts them, calls them, ends them, and knows them.
///
/// Safe to share. An actor's operations run one at a time, in the order of arrival; different actors
/// run beside each other on the threads of Swift's cooperative pool, and a running guest yields after
/// each time slice, so that none starves another.
public final class ActorSystem: Sendable {
    /// How many ended actors are remembered with their reason; the oldest is forgotten first.
    public static let endedMax = 10_000

    private struct Registry {
        var cells: [ActorID: Cell] = [:]
        var names: [String: ActorID] = [:]
        var ended: [ActorID: (name: String, reason: ExitReason)] = [:]
        var endedOrder: [ActorID] = []
        var endedFirst = 0
        var isShuttingDown = false
        var templates: [String: ActorTemplate] = [:]
    }

    /// The engine that the actors share.
    public let engine: Engine
    /// The journal that their chains are in; `nil` when the actors are not recorded.
    public let journal: Journal?
    private let handlers: HandlerRegistry
    private let services: HandlerServices
    private let world: World
    private let deadlines: Deadlines
    /// The actors' messages, and who waits for whom.
    let exchange: Exchange
    private let logger: Logger
    private let registry = Mutex(Registry())
    private static let templatesMax = 256

    /// Makes a system without actors.
    ///
    /// - Parameters:
    ///   - journal: `nil` records nothing, for embedders who want the sandbox alone.
    ///   - services: what handlers may use beside the cells of their actors.
    ///   - world: the outside, simulated or real.
    public init(
        engine: Engine, journal: Journal?, handlers: HandlerRegistry, logger: Logger,
        services: HandlerServices = HandlerServices(), world: World = .system
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
        self.services = services
        self.logger = logger
        exchange.connect(self)
    }

    // MARK: Starting

    /// Starts an actor: loads its module, checks its imports against its grants, makes its guest, and
    /// calls `theater:simple/actor.init` if it exports that.
    ///
    /// Records the actor's birth and its `init` in a new chain. May suspend while the module is
    /// compiled and while `init` runs.
    ///
    /// - Throws: `actor.module`, `actor.wrong-digest`, `actor.metadata`, `actor.import-refused`,
    ///   `actor.manifest`, `actor.name-taken`, `actor.shutting-down`, or what ended `init`.
    @concurrent
    public func spawn(_ request: SpawnRequest) async throws(ActorError) -> ActorID {
        let manifest = request.manifest
        let name = request.name ?? manifest.name
        let granted: [(grant: HandlerGrant, type: any Handler.Type)]
        do throws(ManifestDiagnostics) {
            granted = try handlers.granted(by: manifest)
        } catch {
            throw ActorError(.manifest, "\(error)")
        }
        let template = try await template(for: request.wasm, granted: granted, manifest: manifest)
        try template.checkOffers(manifest.rpc)
        let id = world.newActorID()
        try reserve(name, for: id)
        let cell: Cell
        do throws(ActorError) {
            cell = try makeCell(id, name, request, template, granted)
        } catch {
            release(name, of: id)
            throw error
        }
        let isAdmitted = registry.withLock { registry in
            if !registry.isShuttingDown { registry.cells[id] = cell }
            return !registry.isShuttingDown
        }
        guard isAdmitted else {
            await cell.abandon()
            throw Self.shuttingDown
        }
        try await cell.start(engine: engine)
        return id
    }

    private func makeCell(
        _ id: ActorID, _ name: String, _ request: SpawnRequest, _ template: ActorTemplate,
        _ granted: [(grant: HandlerGrant, type: any Handler.Type)]
    ) throws(ActorError) -> Cell {
        let manifest = request.manifest
        let state = request.initialState ?? manifest.initialState ?? CallShape.noState
        let writer: ChainWriter?
        let encoded: [UInt8]
        do {
            encoded = try CGRF.encode(state)
            let durability = Durability(rawValue: manifest.chain.durability.rawValue) ?? .async
            writer = try journal?.makeChain(actor: id, name: name, durability: durability)
        } catch let error as CGRFError {
            throw ActorError(
                .wrongArgument, "the first state of '\(name)' does not encode: \(error)")
        } catch {
            throw ActorError(.journal, "'\(name)' cannot be recorded: \(error)")
        }
        let keepsRecent = template.imports.contains { $0.signature.name == "get-chain" }
        let recorder = Recorder(
            writer: writer, journal: journal, grants: granted, keepsRecent: keepsRecent,
            world: world)
        try recorder.spawned(
            module: template.moduleDigest,
            manifest: .sha256(of: Array(manifest.source.utf8)), name: name, parent: request.parent,
            state: encoded)
        var logger = logger
        logger[metadataKey: "actor.id"] = .stringConvertible(id)
        logger[metadataKey: "actor.name"] = .string(name)
        let cell = Cell(
            id: id, name: name, manifest: manifest, template: template, recorder: recorder,
            state: state, logger: logger, services: services, world: world,
            deadlines: deadlines)
        cell.onEnd = { [weak self] reason in self?.forget(id, name, reason) }
        return cell
    }

    private func reserve(_ name: String, for id: ActorID) throws(ActorError) {
        let problem = registry.withLock { registry -> ActorError? in
            if registry.isShuttingDown { return Self.shuttingDown }
            if let holder = registry.names[name] {
                return ActorError(
                    .nameTaken,
                    "the name '\(name)' is taken by actor \(holder); stop that one, or choose another "
                        + "name")
            }
            registry.names[name] = id
            return nil
        }
        if let problem { throw problem }
    }

    private func release(_ name: String, of id: ActorID) {
        registry.withLock { registry in
            if registry.names[name] == id { registry.names[name] = nil }
        }
    }

    private func forget(_ id: ActorID, _ name: String, _ reason: ExitReason) {
        registry.withLock { registry in
            registry.cells[id] = nil
            if registry.names[name] == id { registry.names[name] = nil }
            registry.ended[id] = (name, Self.kept(reason))
            registry.endedOrder.append(id)
            if registry.endedOrder.count - registry.endedFirst > Self.endedMax {
                registry.ended[registry.endedOrder[registry.endedFirst]] = nil
                registry.endedFirst += 1
                if registry.endedFirst > Self.endedMax {
                    registry.endedOrder.removeFirst(registry.endedFirst)
                    registry.endedFirst = 0
                }
            }
        }
    }

    /// An ended actor's reason as it is remembered: a result over 4 KiB is in the chain alone.
    private static func kept(_ reason: ExitReason) -> ExitReason {
        if case .completed(let result?) = reason, result.count > 4096 { return .completed(nil) }
        return reason
    }

    // MARK: Loading

    /// Checks everything that starting would check, without starting anything.
    ///
    /// - Returns: what the actor exports, as it declares it.
    @concurrent
    public func check(_ request: SpawnRequest) async throws(ActorError) -> [String] {
        let granted: [(grant: HandlerGrant, type: any Handler.Type)]
        do throws(ManifestDiagnostics) {
            granted = try handlers.granted(by: request.manifest)
        } catch {
            throw ActorError(.manifest, "\(error)")
        }
        let template = try await template(
            for: request.wasm, granted: granted, manifest: request.manifest)
        try template.checkOffers(request.manifest.rpc)
        return template.exports.values.map(\.usage).sorted()
    }

    private func template(
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
        if let known = registry.withLock({ $0.templates[key] }) { return known }
        let loader = TemplateLoader(engine: engine, handlers: handlers, world: world)
        let template = try await loader.load(
            module, origin: origin, granted: granted, manifest: manifest)
        registry.withLock { registry in
            if registry.templates.count >= Self.templatesMax { registry.templates = [:] }
            registry.templates[key] = template
        }
        return template
    }

    // MARK: Calling

    /// Calls an export of an actor with checked arguments, and waits for its answer.
    ///
    /// The actor's state is not among the arguments: the runtime passes it and takes it back.
    /// Cancelling the caller withdraws a call that has not begun, and no other.
    ///
    /// - Parameters:
    ///   - function: the export, such as `hello:greeter/greeter.greet`.
    ///   - arguments: in the declared order.
    /// - Throws: an error of the caller's (`actor.not-found`, `actor.unknown-function`,
    ///   `actor.wrong-argument`, `actor.mailbox-full`, `actor.deadline`), which leaves the actor
    ///   unharmed; `actor.guest-error` with the actor's error value; or what ended the actor.
    @concurrent
    @discardableResult
    public func call(
        _ id: ActorID, _ function: String, _ arguments: [Value] = [],
        options: CallOptions = CallOptions()
    ) async throws(ActorError) -> Value {
        let cell = try cell(id)
        guard let export = cell.template.exports[function] else {
            throw Self.unknownFunction(function, of: cell)
        }
        guard let takesState = export.takesState(before: arguments.count) else {
            throw ActorError(
                .wrongArgument,
                "'\(function)' was called with \(arguments.count) arguments; it is declared as "
                    + "\(export.usage), where the runtime provides the state")
        }
        try export.check(arguments, takesState: takesState)
        return try await cell.call(export, arguments, takesState: takesState, options: options)
            .get()
    }

    static func unknownFunction(_ function: String, of cell: Cell) -> ActorError {
        let names = cell.template.exports.keys.sorted()
        let near = Suggestion.nearest(to: function, among: names)
        let hint =
            near.map { "did you mean '\($0)'?" }
            ?? (names.isEmpty
                ? "it exports none" : "it exports \(names.prefix(8).joined(separator: ", "))")
        return ActorError(.unknownFunction, "'\(cell.name)' has no function '\(function)'; \(hint)")
    }

    /// The functions that an actor exports, as it declares them, sorted.
    public func exports(of id: ActorID) throws(ActorError) -> [String] {
        try cell(id).template.exports.values.map(\.usage).sorted()
    }

    /// The declaration of one export; `nil` when its metadata says nothing of it.
    public func signature(of function: String, of id: ActorID) throws(ActorError)
        -> FunctionSignature?
    {
        let cell = try cell(id)
        guard let export = cell.template.exports[function] else {
            throw Self.unknownFunction(function, of: cell)
        }
        return export.signature
    }

    // MARK: Ending

    /// Stops an actor in order: it takes no more calls, finishes those it has within the grace period,
    /// and is ended then in any case. Returns when it has given back everything it held.
    @concurrent
    @discardableResult
    public func stop(
        _ id: ActorID, grace: Duration = .seconds(5)
    ) async throws(ActorError) -> ExitReason {
        try await cell(id).stop(grace: grace)
    }

    /// Ends an actor at once, inside a loop or a wait too. Returns when it has given back everything.
    @concurrent
    @discardableResult
    public func terminate(_ id: ActorID) async throws(ActorError) -> ExitReason {
        try await cell(id).terminate()
    }

    /// Waits until an actor is over.
    @concurrent
    public func awaitEnd(of id: ActorID) async throws(ActorError) -> ExitReason {
        let found = registry.withLock { ($0.cells[id], $0.ended[id]?.reason) }
        if let cell = found.0 { return await cell.awaitEnd() }
        if let reason = found.1 { return reason }
        throw Self.notFound(id)
    }

    /// Ends every actor, each within the grace period, and starts no more.
    @concurrent
    public func shutDown(grace: Duration = .seconds(5)) async {
        let cells = registry.withLock { registry in
            registry.isShuttingDown = true
            return Array(registry.cells.values)
        }
        await withDiscardingTaskGroup { group in
            for cell in cells { group.addTask { _ = await cell.stop(grace: grace) } }
        }
        deadlines.close()
    }

    // MARK: Knowing

    /// What is known of the live actors, ordered by identity.
    public func actors() -> [ActorInfo] {
        registry.withLock { Array($0.cells.values) }.map(\.info).sorted { $0.id < $1.id }
    }

    /// Where an actor stands; `nil` for one that never was, or is forgotten.
    public func status(of id: ActorID) -> ActorStatus? {
        let found = registry.withLock { ($0.cells[id], $0.ended[id]?.reason.status) }
        return found.0?.info.status ?? found.1
    }

    /// The live actor of a name.
    public func actor(named name: String) -> ActorID? { registry.withLock { $0.names[name] } }

    /// What an actor is called, or was.
    func name(of id: ActorID) -> String? {
        registry.withLock { $0.cells[id]?.name ?? $0.ended[id]?.name }
    }

    /// The cell of a live actor.
    func liveCell(_ id: ActorID) -> Cell? { registry.withLock { $0.cells[id] } }

    func cell(_ id: ActorID) throws(ActorError) -> Cell {
        if let cell = registry.withLock({ $0.cells[id] }) { return cell }
        if let ended = registry.withLock({ $0.ended[id] }) {
            throw ActorError(
                .ended,
                "'\(ended.name)' is over (\(ended.reason.status)); start it again to call it")
        }
        throw Self.notFound(id)
    }

    private static let shuttingDown = ActorError(
        .shuttingDown, "the node is shutting down and starts no more actors")

    private static func notFound(_ id: ActorID) -> ActorError {
        ActorError(.notFound, "no actor has the identity \(id); list the live ones")
    }
}
