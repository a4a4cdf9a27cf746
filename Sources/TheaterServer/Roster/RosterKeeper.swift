// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterAPI
internal import TheaterChain
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterStore

/// The roster of a node: which actors are to run, kept in a file, and what makes it true.
///
/// What is wanted is on disk before anything is done for it, so that a crash loses no wish: the next start of
/// the node does what is left. One change at a time.
final class RosterKeeper: Sendable {
    /// How many actors are started or ended at once.
    private static let width = 8

    private struct State {
        var content: RosterFile.Content?
        var isBusy = false
        /// Why actors of the roster could not be started, by name.
        var problems: [String: Problem] = [:]
    }

    private let file: RosterFile
    private let actors: ActorRoutes
    private let life: ServerLife
    private let logger: Logger
    private let state = Mutex(State())

    private var node: ServedNode { actors.node }

    init(path: String, actors: ActorRoutes, life: ServerLife, logger: Logger) {
        file = RosterFile(path: path)
        self.actors = actors
        self.life = life
        self.logger = logger
    }

    // MARK: Looking

    /// The roster, each actor with how it stands.
    func show() async throws(Problem) -> JSONValue {
        let content = try await content()
        let problems = state.withLock { $0.problems }
        let items = content.entries.map { entry -> JSONValue in
            let live = live(entry.name)
            let status = live.flatMap { node.system.status(of: $0.id)?.description }
            return .object(
                [.init("name", .string(entry.name))] + entry.members + [
                    .init("id", .optional(live?.id.description)),
                    .init("status", .optional(status)),
                    .init("error", RosterChange.json(live == nil ? problems[entry.name] : nil)),
                ])
        }
        return ["revision": .integer(content.revision), "actors": .array(items)]
    }

    // MARK: Changing

    /// What is asked for.
    struct Wish: Sendable {
        var entries: [RosterEntry]
        /// The revision that it is made from; `nil` when it does not matter.
        var revision: UInt64?
        var isTrial = false
        var gate = UpgradeRequest.Gate.refuse
        var grace = Duration.seconds(5)
    }

    /// Makes the roster what is wished, and what runs what the roster says.
    func put(_ wish: Wish) async throws(Problem) -> JSONValue {
        try begin()
        defer { end() }
        var content = try await content()
        if let revision = wish.revision, revision != content.revision {
            throw Problem(
                .rosterChanged,
                "the roster has the revision \(content.revision), not \(revision); read it again")
        }
        let wanted = try understood(wish.entries)
        if !wish.isTrial { try await checkModules(wanted) }
        let plan = RosterPlan(
            present: Dictionary(
                content.entries.map { ($0.name, $0) }, uniquingKeysWith: { $1 }),
            live: live)
        var changes = try plan.changes(wanted)
        if !wish.isTrial {
            let entries = wanted.map(\.entry)
            if entries != content.entries {
                content.revision += 1
                content.entries = entries
                try await write(content)
            }
            changes = await perform(changes, wanted, wish)
            remember(changes)
        }
        return [
            "revision": .integer(content.revision), "dry_run": .bool(wish.isTrial),
            "changes": .array(changes.map(\.json)),
        ]
    }

    /// Starts what the roster says and does not run: at the start of the node.
    ///
    /// Fails for nobody: what cannot be started is logged and shown, and the others are started.
    func startAll() async {
        guard (try? begin()) != nil else { return }
        defer { end() }
        let entries: [RosterEntry]
        do throws(Problem) {
            entries = try await content().entries
        } catch {
            life.setAilment("roster", error.detail)
            logger.error("\(error)")
            return
        }
        var wanted: [RosterActor] = []
        var changes: [RosterChange] = []
        for entry in entries {
            do throws(Problem) {
                let actor = try understood(entry)
                wanted.append(actor)
                if live(actor.name) == nil { changes.append(RosterChange(.start, actor.name)) }
            } catch {
                var change = RosterChange(.start, entry.name)
                change.problem = error
                changes.append(change)
            }
        }
        let bad = changes.filter { $0.problem != nil }
        let done = await perform(
            changes.filter { $0.problem == nil }, wanted, Wish(entries: entries))
        remember(bad + done)
        guard !life.isDraining else { return }
        for change in bad + done {
            guard let problem = change.problem else { continue }
            logger.error("'\(change.name)' of the roster was not started: \(problem)")
        }
        logger.info("\(entries.count) actors are on the roster")
    }

    private func begin() throws(Problem) {
        let isFree = state.withLock { state in
            defer { state.isBusy = true }
            return !state.isBusy
        }
        guard isFree else {
            throw Problem(.busy, "the roster is being changed already; try again later")
        }
    }

    private func end() { state.withLock { $0.isBusy = false } }

    private func remember(_ changes: [RosterChange]) {
        state.withLock { state in
            for change in changes {
                state.problems[change.name] = change.kind == .stop ? nil : change.problem
            }
        }
    }

    // MARK: Understanding

    private func understood(_ entries: [RosterEntry]) throws(Problem) -> [RosterActor] {
        guard entries.count <= RosterFile.countMax else {
            throw Problem(
                status: 422, code: Problem.Code.rosterFull.rawValue,
                detail: "there are \(entries.count) actors, and the most is \(RosterFile.countMax)")
        }
        var wanted: [String: RosterActor] = [:]
        for entry in entries {
            let actor = try understood(entry)
            guard wanted.updateValue(actor, forKey: actor.name) == nil else {
                throw Problem(
                    .rosterDuplicate,
                    "two manifests have the name '\(actor.name)'; give one of them another")
            }
        }
        return wanted.values.sorted { $0.name < $1.name }
    }

    private func understood(_ entry: RosterEntry) throws(Problem) -> RosterActor {
        let manifest = try actors.manifest(
            entry.manifest, variables: entry.variables, state: entry.initialState)
        return RosterActor(entry: entry.named(manifest.name), manifest: manifest)
    }

    private func checkModules(_ wanted: [RosterActor]) async throws(Problem) {
        let digests = Set(wanted.map(\.entry.module))
        let outcome = await node.store.perform { (store) throws(StoreError) -> ContentID? in
            for digest in digests where try store.size(of: digest, in: .modules) == nil {
                return digest
            }
            return nil
        }
        switch outcome {
        case .success(nil): return
        case .success(let missing?):
            throw Problem(
                .unknownModule,
                "the node does not keep the module \(missing); send it to /v1/modules first")
        case .failure(let error): throw Problem(error)
        }
    }

    private func live(_ name: String) -> RosterPlan.Live? {
        let system = node.system
        guard let id = system.actor(named: name),
            let status = system.status(of: id), !status.isEnded,
            let module = try? system.module(of: id), let manifest = try? system.manifest(of: id)
        else { return nil }
        return RosterPlan.Live(
            id: id, isChild: system.parent(of: id) != nil, module: module.description,
            manifest: manifest.recorded)
    }

    // MARK: Doing

    private func perform(
        _ changes: [RosterChange], _ wanted: [RosterActor], _ wish: Wish
    ) async -> [RosterChange] {
        let wanted = Dictionary(wanted.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        // Who leaves makes room for those who come.
        let leaving = changes.filter { $0.kind == .stop }
        let rest = changes.filter { $0.kind != .stop }
        var done: [RosterChange] = []
        for group in [leaving, rest] {
            done += await withTaskGroup(of: RosterChange.self) { tasks in
                var results: [RosterChange] = []
                for (index, change) in group.enumerated() {
                    if index >= Self.width, let result = await tasks.next() {
                        results.append(result)
                    }
                    tasks.addTask { await self.perform(change, wanted[change.name], wish) }
                }
                for await result in tasks { results.append(result) }
                return results
            }
        }
        return done.sorted { $0.name < $1.name }
    }

    private func perform(
        _ change: RosterChange, _ actor: RosterActor?, _ wish: Wish
    ) async -> RosterChange {
        var change = change
        do throws(Problem) {
            if life.isDraining { throw Problem(.unready, "the node is ending") }
            switch change.kind {
            case .keep: break
            case .stop:
                if let id = change.id { try await stop(id, wish) }
            case .start:
                if let actor { change.id = try await spawn(try await request(actor)) }
            case .upgrade:
                if let actor, let id = change.id { try await upgrade(id, actor, wish) }
            case .replace:
                guard let actor else { break }
                let request = try await request(actor)
                // The old one goes on when the new one cannot be.
                do throws(ActorError) {
                    _ = try await node.system.check(request)
                } catch {
                    throw Problem(error)
                }
                if let id = change.id { try await stop(id, wish) }
                change.id = try await spawn(request)
            }
        } catch {
            change.problem = error
        }
        return change
    }

    private func request(_ actor: RosterActor) async throws(Problem) -> SpawnRequest {
        SpawnRequest(
            wasm: try await actors.wasm(actor.entry.module.description), manifest: actor.manifest)
    }

    private func spawn(_ request: SpawnRequest) async throws(Problem) -> ActorID {
        do throws(ActorError) {
            return try await node.control.send { .spawnActor(request, $0) }
        } catch {
            throw Problem(error)
        }
    }

    private func stop(_ id: ActorID, _ wish: Wish) async throws(Problem) {
        do throws(ActorError) {
            _ = try await node.control.send { .stopActor(id, grace: wish.grace, $0) }
        } catch {
            // It may have ended meanwhile, which is what is wanted.
            guard [.ended, .notFound].contains(error.code) else { throw Problem(error) }
        }
    }

    private func upgrade(
        _ id: ActorID, _ actor: RosterActor, _ wish: Wish
    ) async throws(Problem) {
        var request = UpgradeRequest(wasm: try await actors.wasm(actor.entry.module.description))
        request.gate = wish.gate
        let prepared = request
        do throws(ActorError) {
            _ = try await node.control.send { .upgradeActor(id, prepared, $0) }
        } catch {
            throw Problem(error)
        }
    }

    // MARK: The file

    /// What is on disk. A file that could not be read is read again, so that mending it is enough.
    private func content() async throws(Problem) -> RosterFile.Content {
        if let content = state.withLock({ $0.content }) { return content }
        let content = try await onDisk { (file) throws(Problem) in try file.read() }
        life.setAilment("roster", nil)
        return state.withLock { state in
            if let known = state.content { return known }
            state.content = content
            return content
        }
    }

    private func write(_ content: RosterFile.Content) async throws(Problem) {
        try await onDisk { (file) throws(Problem) in try file.write(content) }
        state.withLock { $0.content = content }
    }

    /// Works on the file on a thread of its own.
    private func onDisk<Result: Sendable>(
        _ work: @escaping @Sendable (RosterFile) throws(Problem) -> Result
    ) async throws(Problem) -> Result {
        let file = file
        let outcome: Swift.Result<Result, Problem> = await withCheckedContinuation {
            continuation in
            let hasStarted = WorkerThread.start(name: "roster") {
                do throws(Problem) {
                    continuation.resume(returning: .success(try work(file)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !hasStarted {
                continuation.resume(
                    returning: .failure(
                        Problem(
                            .internal, "the system gives no thread to work on the roster with")))
            }
        }
        return try outcome.get()
    }
}
