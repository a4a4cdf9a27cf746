// SPDX-License-Identifier: Apache-2.0

public import Logging
internal import Synchronization
public import TheaterChain
internal import TheaterEngine
internal import TheaterFiles
public import TheaterHandler
internal import TheaterHandlers
public import TheaterPlatform
public import TheaterProcess
public import TheaterReplay
public import TheaterRuntime
public import TheaterStore

/// What a node is made of.
public struct NodeOptions: Sendable {
    /// The data directory, which holds `journal/`, `store/` and `cache/`; `nil` keeps everything in memory.
    ///
    /// One process at a time has it.
    public var dataDirectory: String?
    /// How many actors may live at once; `nil` takes all the machine allows.
    public var guestsMax: Int?
    /// The journal's bounds.
    public var journal: JournalOptions
    /// The variables that the handler `environment` grants from; `nil` for those that the process was
    /// started with.
    public var environment: [String: String]?
    /// The program `theater-launch`, which starts processes; `nil` to look for it beside the running
    /// program.
    public var launcher: String?
    /// The terminal that actors may use; `nil` for none. Whoever made it closes it.
    public var terminal: TerminalHost?
    /// Handlers beside those that every node has.
    public var handlers: [any Handler.Type]
    /// How the actors are watched, and who gets spans of what they do.
    public var observability = ObservabilityOptions()

    /// Makes options.
    public init(
        dataDirectory: String? = nil, guestsMax: Int? = nil,
        journal: JournalOptions = JournalOptions(), environment: [String: String]? = nil,
        launcher: String? = nil, terminal: TerminalHost? = nil, handlers: [any Handler.Type] = []
    ) {
        self.terminal = terminal
        self.launcher = launcher
        self.environment = environment
        self.dataDirectory = dataDirectory
        self.guestsMax = guestsMax
        self.journal = journal
        self.handlers = handlers
    }
}

/// One runtime process: the engine, the journal and the actors, put together.
///
/// ```swift
/// let node = try Node(NodeOptions(dataDirectory: "data"), logger: logger)
/// let actor = try await node.system.spawn(SpawnRequest(wasm: wasm, manifest: manifest))
/// let answer = try await node.system.call(actor, "hello:greeter/greeter.greet", [.string("Ada")])
/// try await node.close()
/// ```
public final class Node: Sendable {
    /// The actors.
    public let system: ActorSystem
    /// The door for commands.
    public let control: ControlPlane
    /// The journal of their chains.
    public let journal: Journal
    /// The content that actors keep.
    public let store: ContentStore
    /// What chains name by digest.
    private let code: StoredCode
    /// What starts its actors' processes.
    private let processes: ProcessHost
    private let others: [any Handler.Type]
    /// What works on its actors' files.
    private let files = FileHost()
    /// The end of the actors, once it has begun.
    private let stopping = Mutex<Task<Void, Never>?>(nil)

    /// The handlers that every node offers.
    public static let standardHandlers: [any Handler.Type] = [
        RuntimeHandler.self, SupervisorHandler.self, MessageServerHandler.self, RPCHandler.self,
        StoreHandler.self, TimerHandler.self, TimingHandler.self, LoopHandler.self,
        RandomHandler.self, EnvironmentHandler.self, ProcessHandler.self,
        FilesystemHandler.self, TerminalHandler.self,
    ]

    /// Opens a node: takes the data directory, recovers the journal, makes the engine. Effects that a
    /// crash cut off are logged, and settled where their policy says how.
    ///
    /// - Throws: `JournalError`, `StoreError` or `DiskError` when the directory is taken or unusable,
    ///   `EngineError` when the engine cannot be made.
    public init(_ options: NodeOptions = NodeOptions(), logger: Logger) throws {
        let journal =
            if let directory = options.dataDirectory {
                try Self.openJournal(in: directory, options.journal)
            } else {
                Journal.inMemory(options: options.journal)
            }
        try DoubtfulEffects.settle(in: journal, logger: logger)
        let engine = try Engine(
            EngineOptions(
                guestsMax: options.guestsMax,
                cacheDirectory: options.dataDirectory.map { $0 + "/cache" }))
        let store =
            if let directory = options.dataDirectory {
                try ContentStore.open(directory: directory + "/store")
            } else {
                ContentStore.inMemory()
            }
        var services = HandlerServices()
        services.provide(store)
        services.provide(
            EnvironmentVariables(options.environment ?? SystemEnvironment.variables()))
        let processes = ProcessHost(launcher: options.launcher)
        services.provide(processes)
        services.provide(files)
        if let terminal = options.terminal { services.provide(terminal) }
        self.processes = processes
        self.journal = journal
        self.store = store
        others = options.handlers
        services.provide(NodeSecrets(), as: (any SecretPort).self)
        code = StoredCode(store, logger: logger)
        let registry = Self.registry(options.handlers)
        system = ActorSystem(
            engine: engine, journal: journal, handlers: registry, logger: logger,
            services: services, resolver: NodeResolver(store: store), keeper: code,
            snapshots: StoredSnapshots(store, logger: logger), replay: registry.replayOptions(),
            observability: options.observability)
        var control = ControlServices()
        control.makeStore = { () throws(ActorError) in Self.newNamespace().name }
        self.control = ControlPlane(system, services: control)
    }

    // MARK: After a crash

    /// Brings the durable actors back that the end of the process before took, with all below them: see
    /// ``ActorSystem/resume(_:from:options:)``. A node that opens a data directory calls it once, when it
    /// is ready to serve.
    ///
    /// - Parameter wanted: which actors without a parent; `nil` for all.
    /// - Throws: `actor.resume` when chains cannot be read. What is wrong with one actor is in the report.
    public func resume(_ wanted: Set<ActorID>? = nil) async throws(ActorError) -> ResumeReport {
        try await system.resume(
            wanted, from: code, options: Self.registry(others).replayOptions())
    }

    /// The wasm that an actor had at the end of its chain.
    ///
    /// - Throws: `replay.incomplete` when the chain has no life, `replay.no-code` when the code is not kept.
    public func wasm(of actor: ActorID) async throws(ReplayError) -> [UInt8] {
        let reader: JournalReader
        do throws(JournalError) {
            reader = try await journal.reader()
        } catch {
            throw ReplayError.unreadable("the journal", error)
        }
        return try await code.code(for: try ChainLineage(of: actor, in: reader).code()).wasm
    }

    // MARK: The store

    /// A new, empty namespace of the store, for actors whose manifests name it as their `store_id`.
    public func newStore() -> StoreNamespace { Self.newNamespace() }

    /// A namespace exists by its name; nothing is kept for it before something is put there.
    private static func newNamespace() -> StoreNamespace {
        StoreNamespace("store-\(ActorID.random())") ?? StoreNamespace(of: .random())
    }

    /// Removes content that no label, chain or kept content names. See ``ContentStore/collect(grace:isTrial:roots:progress:)``.
    ///
    /// Reads every chain, on a thread of its own; actors may run meanwhile. What is old, has no name, and is
    /// mentioned for the first time meanwhile may still be removed.
    ///
    /// - Throws: `JournalError` when a chain cannot be read, `StoreError` as the collection does.
    public func collectStore(
        grace: Duration = .seconds(3600), isTrial: Bool = false
    ) async throws -> StoreCollection {
        let (reader, store) = (try await journal.reader(), store)
        let outcome: Result<StoreCollection, any Error> = await withCheckedContinuation {
            continuation in
            let hasStarted = WorkerThread.start(name: "collection") {
                continuation.resume(
                    returning: Result {
                        let roots = try ChainContent.mentioned(in: reader, of: store)
                        return try store.collect(grace: grace, isTrial: isTrial) { roots }
                    })
            }
            if !hasStarted {
                continuation.resume(
                    returning: .failure(
                        ActorError(.journal, "the system gives no thread to read chains with")))
            }
        }
        return try outcome.get()
    }

    /// The handlers that every node offers, and others; paths in grants are compared as the system
    /// understands them.
    public static func registry(_ others: [any Handler.Type] = []) -> HandlerRegistry {
        HandlerRegistry(standardHandlers + others) { CanonicalPath.resolve($0) }
    }

    /// Makes the data directory with the folders above it, for its owner alone, and opens its journal.
    private static func openJournal(
        in directory: String, _ options: JournalOptions
    ) throws -> Journal {
        var path = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            path += "/" + part
            do throws(DiskError) {
                try SystemDisk().makeDirectory(path)
            } catch {
                guard error.errno == DiskError.existsErrno else { throw error }
            }
        }
        return try Journal.open(directory: directory + "/journal", options: options)
    }

    /// Stops every actor in order, each within the grace period, and brings the journal to disk.
    ///
    /// - Parameter sparesDurable: whether durable actors get no end, so that ``resume(_:)`` of the next node brings
    ///   them back where they stand; see ``ActorSystem/shutDown(grace:within:sealing:)``.
    /// - Throws: `JournalError` when the disk refuses the last events.
    public func close(grace: Duration = .seconds(5), sparesDurable: Bool = false) async throws {
        await stopActors(grace: grace, sparesDurable: sparesDurable)
        await control.close()
        await processes.close()
        files.close()
        store.close()
        try await journal.close()
    }

    /// The first part of ``close(grace:sparesDurable:)``. Who asks again waits for what was asked first.
    public func stopActors(grace: Duration = .seconds(5), sparesDurable: Bool = false) async {
        let task = stopping.withLock { stopping in
            if let stopping { return stopping }
            let task = Task { [system, journal] in
                guard sparesDurable else { return await system.shutDown(grace: grace) }
                await system.shutDown(
                    grace: grace,
                    sealing: {
                        // What it refuses, ``close(grace:sparesDurable:)`` says.
                        try? await journal.close()
                    })
            }
            stopping = task
            return task
        }
        await task.value
    }
}
