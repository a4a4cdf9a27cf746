// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
public import TheaterPlatform
internal import TheaterValue

/// Parents and children: who they are, and starting them again.
extension ActorSystem {
    // MARK: Starting again

    /// Starts an actor again: stops its present life in order, and begins a new one with the same
    /// identity, name and chain. Does not count as a restart of its supervisor.
    ///
    /// - Throws: `actor.not-found`, `actor.restarting` when somebody does the same, `actor.ended` when
    ///   somebody stops it meanwhile, `actor.supervision` when the parent is ending, or what ended the new
    ///   life's start.
    @concurrent
    public func restart(_ id: ActorID, grace: Duration = .seconds(5)) async throws(ActorError) {
        let lineage = roster.withLock { roster in
            roster.lineages[id] ?? roster.cells[id].flatMap { roster.lineage(of: $0) }
        }
        guard let lineage else {
            _ = try cell(id)
            throw ActorError(.stopping, "\(id) is ending; start it again when it is over")
        }
        guard let parent = lineage.parent else { return try await restartRoot(lineage, grace) }
        try check(await parent.team?.restart(id) ?? .stopping, lineage)
    }

    private func restartRoot(
        _ lineage: Lineage, _ grace: Duration
    ) async throws(ActorError) {
        let id = lineage.id
        guard let cell = liveCell(id), lineage.beginRestart() else {
            throw ActorError(
                .restarting, "\(id) is being started again already; try again in a moment")
        }
        let name = cell.name
        observatory.keep(cell)
        defer {
            roster.withLock { $0.endRestart(lineage, name) }
            observatory.settle(id)
        }
        _ = await stopTree(cell, grace: grace)
        guard !lineage.isReleased else {
            throw ActorError(.ended, "somebody else ended '\(name)' while it was started again")
        }
        let state = lineage.beginLife()
        try await startLife(id, cell.blueprint, state: state, lineage: lineage)
    }

    private func check(
        _ outcome: Team.Machine.Outcome, _ lineage: Lineage
    ) throws(ActorError) {
        switch outcome {
        case .done: return
        case .failed:
            throw lineage.startError
                ?? ActorError(.supervision, "the child \(lineage.id) did not start")
        case .unknown: throw Self.notFound(lineage.id)
        case .released:
            throw ActorError(
                .ended,
                "somebody else ended '\(lineage.blueprint?.name ?? "\(lineage.id)")' while it was started "
                    + "again")
        case .stopping:
            throw ActorError(.supervision, "the parent is ending and starts no more children")
        case .overloaded:
            throw ActorError(
                .supervision,
                "\(Team.Machine.requestsMax) requests wait for the supervisor; try again later")
        }
    }

    // MARK: Children

    /// The identities of an actor's children, in the order in which they were started.
    public func children(of id: ActorID) throws(ActorError) -> [ActorID] {
        _ = try cell(id)
        let team = roster.withLock { $0.lineages[id] }?.team
        return team?.children.filter { !$0.isPrivate }.map(\.id) ?? []
    }

    /// The parent of an actor; `nil` for a root, and for one that is forgotten.
    public func parent(of id: ActorID) -> ActorID? {
        roster.withLock { $0.lineages[id]?.parent?.id }
    }

    /// How often an actor was started again.
    public func restarts(of id: ActorID) -> Int {
        roster.withLock { $0.lineages[id] }?.restarts ?? 0
    }

    /// The live actors as trees: each root with its children below it.
    public func tree() -> [ActorTree] {
        let roots = roster.withLock { roster in
            roster.cells.values.filter { roster.lineages[$0.id]?.parent == nil }
        }
        return roots.sorted { $0.id < $1.id }.map { tree(from: $0.id, $0.name) }
    }

    /// A live actor with those below it.
    ///
    /// - Throws: `actor.not-found`.
    public func tree(below id: ActorID) throws(ActorError) -> ActorTree {
        tree(from: id, try cell(id).name)
    }

    private func tree(from id: ActorID, _ name: String) -> ActorTree {
        let lineage = roster.withLock { $0.lineages[id] }
        let children = lineage?.team?.children ?? []
        return ActorTree(
            id: id, name: name, status: status(of: id) ?? .stopped,
            restarts: lineage?.restarts ?? 0,
            children: children.map { tree(from: $0.id, $0.blueprint?.name ?? "") })
    }

    /// An actor's place and the supervisor of its children, made when they are first wanted; `nil` when
    /// its end is being carried out.
    func family(of cell: Cell) -> (lineage: Lineage, team: Team)? {
        roster.withLock { roster in
            guard let lineage = roster.lineage(of: cell) else { return nil }
            let team = lineage.team {
                Team(
                    owner: cell.id, settings: cell.blueprint.manifest.supervision, system: self,
                    world: world)
            }
            return (lineage, team)
        }
    }

    func addChild(
        _ blueprint: Blueprint, of parent: ActorID, spec: ChildSpec, waiter: ResultBox?,
        id: ActorID? = nil
    ) async throws(ActorError) -> ActorID {
        let family = family(of: try cell(parent))
        let lineage = Lineage(
            id ?? world.newActorID(), parent: family?.lineage, spec: spec,
            blueprint: blueprint, waiter: waiter)
        try check(await family?.team.add(lineage) ?? .stopping, lineage)
        return lineage.id
    }

    /// Stops a child and forgets it.
    func removeChild(_ id: ActorID, of parent: ActorID) async throws(ActorError) {
        let lineage = try child(id, of: parent)
        guard let team = lineage.parent?.team else { throw Self.notFound(id) }
        try check(await team.remove(id), lineage)
    }

    func restartChild(_ id: ActorID, of parent: ActorID) async throws(ActorError) {
        let lineage = try child(id, of: parent)
        guard let team = lineage.parent?.team else { throw Self.notFound(id) }
        try check(await team.restart(id), lineage)
    }

    /// A child of an actor; nobody else's.
    func child(_ id: ActorID, of parent: ActorID) throws(ActorError) -> Lineage {
        if let lineage = roster.withLock({ $0.lineages[parent] })?.team?.child(id) {
            return lineage
        }
        throw ActorError(
            .notAChild,
            "\(id) is not a child of \(parent); only its parent may act on an actor")
    }

    /// Starts the children that an actor's manifest declares, from left to right.
    func startDeclared(_ cell: Cell) async throws(ActorError) {
        guard let (parent, team) = family(of: cell) else { return try await endedEarly(cell) }
        var list: [Lineage] = []
        do throws(ActorError) {
            list = try await declaredChildren(cell, parent)
        } catch {
            throw await failStart(
                cell, "a child that its manifest declares cannot be made: \(error.message)")
        }
        switch await team.start(list) {
        case .started: return
        case .failed(let id):
            let error = list.first { $0.id == id }?.startError
            throw await failStart(
                cell,
                "its child '\(list.first { $0.id == id }?.blueprint?.name ?? "\(id)")' did not start: "
                    + "\(error?.message ?? "it was stopped")")
        case .stopped: try await endedEarly(cell)
        }
    }

    /// The children that an actor's manifest declares, from left to right, each with a new identity.
    ///
    /// - Parameter names: those that are left out.
    func declaredChildren(
        _ cell: Cell, _ parent: Lineage, without names: Set<String> = []
    ) async throws(ActorError) -> [Lineage] {
        var list: [Lineage] = []
        for declaration in cell.blueprint.manifest.children
        where !names.contains("\(cell.name)/\(declaration.name)") {
            let found = try await resolve(
                ActorReference(
                    manifest: declaration.manifest, wasm: declaration.wasm,
                    base: cell.blueprint.origin, scope: cell.blueprint.scope))
            var request = SpawnRequest(wasm: found.wasm, manifest: found.manifest)
            request.scope = cell.blueprint.scope
            request.isAuthored =
                request.scope != .everything && found.path?.isStoreReference ?? true
            request.name = "\(cell.name)/\(declaration.name)"
            request.initialState = declaration.initialState
            request.manifestPath = found.path
            request.parent = cell.id
            list.append(
                Lineage(
                    world.newActorID(), parent: parent, spec: ChildSpec(declaration),
                    blueprint: try await blueprint(request)))
        }
        return list
    }

    /// An actor ends before its children run, which is in order when it asked for that itself.
    private func endedEarly(_ cell: Cell) async throws(ActorError) {
        switch await cell.awaitEnd() {
        case .completed: return
        case .stopped, .killed:
            throw ActorError(
                .supervision,
                "'\(cell.name)' did not start: it was stopped while its children started")
        case .failed(let error): throw error
        }
    }

    private func failStart(_ cell: Cell, _ reason: String) async -> ActorError {
        let error = ActorError(.supervision, "'\(cell.name)' did not start: \(reason)")
        cell.fail(error)
        _ = await cell.awaitEnd()
        return error
    }

    // MARK: What teams ask for

    /// Begins a new life of a child.
    func startLife(of lineage: Lineage) async throws(ActorError) {
        guard let blueprint = lineage.blueprint else { throw Self.notFound(lineage.id) }
        let state = lineage.beginLife()
        try await startLife(lineage.id, blueprint, state: state, lineage: lineage)
        if lineage.restarts > 0 {
            logger.notice(
                "started again",
                metadata: [
                    "actor.id": "\(lineage.id)", "actor.name": "\(blueprint.name)",
                    "actor.restarts": "\(lineage.restarts)",
                ])
        }
    }

    func noteFailedStart(_ lineage: Lineage, _ error: ActorError) {
        guard lineage.isKnown else { return }
        logger.error(
            "did not start again: \(error.message)",
            metadata: [
                "actor.id": "\(lineage.id)", "actor.name": "\(lineage.blueprint?.name ?? "")",
            ])
    }

    /// A child will not live again.
    func forget(_ lineage: Lineage) {
        let isOver = roster.withLock { roster in
            guard roster.cells[lineage.id] == nil else { return false }
            roster.forget(lineage.id, lineage.blueprint?.name ?? "")
            return true
        }
        if isOver { observatory.finish(lineage.id) }
    }

    /// A supervisor's children crashed too often: it ends, and its own parent decides.
    func gaveUp(_ owner: ActorID) {
        guard let cell = liveCell(owner) else { return }
        let settings = cell.blueprint.manifest.supervision
        cell.fail(
            ActorError(
                .supervision,
                "the children of '\(cell.name)' were started again more than \(settings.intensity) "
                    + "times within \(settings.period); mend them, or raise intensity under "
                    + "[supervision]"))
    }

    // MARK: What cells tell

    /// A life is about to be over: its children end first.
    func ending(_ cell: Cell, isForced: Bool) async {
        guard let lineage = roster.withLock({ $0.beginEnd(cell) }), let team = lineage.team
        else { return }
        if !world.has(.orphanedChildren) { await team.stopAll(isForced: isForced) }
        lineage.forgetTeam()
    }

    /// Whether a life that ends now is one that a resume of its parent has to follow with another.
    func isFollowed(_ cell: Cell, _ reason: ExitReason) -> Bool {
        guard let parent = roster.withLock({ $0.lineages[cell.id] })?.parent,
            parent.blueprint?.manifest.chain.isDurable == true
        else { return false }
        return parent.team?.willLive(cell.id, after: reason) ?? false
    }

    /// A life is over, and nothing of it is left.
    func ended(_ cell: Cell, _ reason: ExitReason) {
        let lineage = roster.withLock { $0.end(cell, reason) }
        if world.has(.keptNames) { _ = roster.withLock { $0.reserve(cell.name, for: cell.id) } }
        observatory.ended(cell, reason, isForGood: lineage?.parent == nil)
        guard let lineage, let parent = lineage.parent else { return }
        lineage.keep(lastState: cell.state)
        if let team = parent.team { team.ended(lineage, reason) } else { forget(lineage) }
    }
}

/// A live actor and its children.
public struct ActorTree: Sendable, Hashable {
    /// The actor.
    public let id: ActorID
    /// Its name.
    public let name: String
    /// Where it stands.
    public let status: ActorStatus
    /// How often it was started again.
    public let restarts: Int
    /// Its children, in the order in which they were started.
    public let children: [ActorTree]
}
