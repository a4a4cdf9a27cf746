// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// The tree as handlers reach it.
struct SupervisionDesk: SupervisionPort {
    let link: SystemLink

    private func system() throws(ActorError) -> ActorSystem {
        guard let system = link.system else { throw Roster.shuttingDown }
        return system
    }

    private static func hostError(_ error: ActorError) -> HostError {
        switch error.code {
        case .notAChild: HostError("supervisor.not-a-child", error.message)
        case .notFound, .ended: HostError("supervisor.child-ended", error.message)
        default: HostError("supervisor.failed", "\(error.message) (\(error.code.rawValue))")
        }
    }

    private func answer<Success>(
        _ body: (ActorSystem) throws(ActorError) -> Success
    ) -> Result<Success, HostError> {
        do throws(ActorError) {
            return .success(try body(try system()))
        } catch {
            return .failure(Self.hostError(error))
        }
    }

    private func answer<Success>(
        _ body: (ActorSystem) async throws(ActorError) -> Success
    ) async -> Result<Success, HostError> {
        do throws(ActorError) {
            return .success(try await body(try system()))
        } catch {
            return .failure(Self.hostError(error))
        }
    }

    func spawn(_ order: ChildOrder, parent: ActorID) async -> Result<ActorID, HostError> {
        await answer { (system) async throws(ActorError) in
            let (request, endWait) = try await Self.request(order, parent, system)
            defer { endWait() }
            return try await system.spawn(request)
        }
    }

    /// What an order means, with the parent's wait for the child entered.
    private static func request(
        _ order: ChildOrder, _ parent: ActorID, _ system: ActorSystem
    ) async throws(ActorError) -> (SpawnRequest, endWait: @Sendable () -> Void) {
        var request = try await system.request(order, parent: parent)
        let child = system.world.newActorID()
        request.childID = child
        return (request, system.exchange.beginWait(ofParent: parent, for: child))
    }

    func spawnAndWait(
        _ order: ChildOrder, timeout: Duration?, parent: ActorID
    ) async -> Result<[UInt8]?, HostError> {
        let waiter = ResultBox()
        let made = await answer { (system) async throws(ActorError) in
            (system, try await Self.request(order, parent, system))
        }
        switch made {
        case .failure(let error): return .failure(error)
        case .success((let system, (var request, let endWait))):
            defer { endWait() }
            request.waiter = waiter
            // Nobody would hear of a second result.
            request.childSpec.restart = .temporary
            do throws(ActorError) {
                return await result(
                    of: try await system.spawn(request), waiter, timeout, system)
            } catch {
                return .failure(Self.hostError(error))
            }
        }
    }

    private func result(
        of child: ActorID, _ waiter: ResultBox, _ timeout: Duration?, _ system: ActorSystem
    ) async -> Result<[UInt8]?, HostError> {
        let isLate = TimeoutFlag()
        let timer = timeout.map { timeout in
            system.world.start {
                guard (try? await system.world.sleep(for: timeout)) != nil else { return }
                isLate.set()
                _ = try? await system.stop(child)
            }
        }
        defer { timer?.cancel() }
        // Giving up ends the child: nobody would ever hear of it.
        let end = await withTaskCancellationHandler {
            try? await system.awaitEnd(of: child)
        } onCancel: {
            system.world.start { _ = try? await system.terminate(child) }
        }
        if isLate.isSet {
            return .failure(
                HostError(
                    "supervisor.timeout",
                    "the child \(child) had no result within \(timeout ?? .zero), and was stopped"))
        }
        // What is remembered of an actor that is over leaves a large result out.
        switch waiter.reason ?? end {
        case .completed(let result)?: return .success(result)
        case .failed(let error)?:
            return .failure(
                HostError("supervisor.child-failed", "the child \(child) failed: \(error.message)"))
        case .stopped?, .killed?, nil:
            return .failure(
                HostError("supervisor.child-stopped", "somebody stopped the child \(child)"))
        }
    }

    func children(of parent: ActorID) -> [ActorID] {
        (try? link.system?.children(of: parent)) ?? []
    }

    func restart(_ child: ActorID, parent: ActorID) async -> HostError? {
        await failure { (system) async throws(ActorError) in
            _ = try system.child(child, of: parent)
            let endWait = system.exchange.beginWait(ofParent: parent, for: child)
            defer { endWait() }
            try await system.restartChild(child, of: parent)
        }
    }

    func stop(_ child: ActorID, parent: ActorID) async -> HostError? {
        await failure { (system) async throws(ActorError) in
            _ = try system.child(child, of: parent)
            let endWait = system.exchange.beginWait(ofParent: parent, for: child)
            defer { endWait() }
            try await system.removeChild(child, of: parent)
        }
    }

    private func failure(
        _ body: (ActorSystem) async throws(ActorError) -> Void
    ) async -> HostError? {
        if case .failure(let error) = await answer(body) { return error }
        return nil
    }

    func state(of child: ActorID, parent: ActorID) -> Result<Value, HostError> {
        answer { (system) throws(ActorError) in
            _ = try system.child(child, of: parent)
            return try system.state(of: child)
        }
    }

    func events(
        of child: ActorID, countMax: Int, parent: ActorID
    ) async -> Result<[RecentEvent], HostError> {
        await answer { (system) async throws(ActorError) in
            _ = try system.child(child, of: parent)
            return try await system.newestEvents(of: child, countMax: countMax)
        }
    }

    func subscribe(
        to child: ActorID, parent: ActorID,
        sink: @escaping @Sendable (ChildEvent) async -> Void,
        ended: @escaping @Sendable () -> Void
    ) -> Result<ChildSubscription, HostError> {
        answer { (system) throws(ActorError) in
            _ = try system.child(child, of: parent)
            let subscription = try system.subscribe(to: child)
            system.world.start {
                var iterator = subscription.makeAsyncIterator()
                do throws(ActorError) {
                    while let item = try await iterator.next() {
                        switch item {
                        case .event(let event):
                            await sink(.event(type: event.type, payload: event.payload ?? []))
                        case .gap(_, let count): await sink(.gap(Int(clamping: count)))
                        }
                    }
                } catch {
                    await sink(.broken("\(error.message) [\(error.code.rawValue)]"))
                }
                ended()
            }
            return ChildSubscription { subscription.cancel() }
        }
    }

    func missed(_ count: Int, by parent: ActorID) {
        link.system?.observatory.missed(count)
    }

    private static func failure(_ child: ChildError) -> ChildFailure {
        switch (ActorError.Code(rawValue: child.code), child.cause) {
        case (.deadline, _), (_, EngineError.Code.deadline.rawValue): .timeout
        case (.wrongResult, _), (.wrongArgument, _): .wrongType
        case (.shuttingDown, _): .shuttingDown
        default: .other
        }
    }

    func tell(_ parent: ActorID, of sink: (@Sendable (ChildNotice) -> Void)?) {
        guard let system = link.system, let cell = system.liveCell(parent) else { return }
        guard let sink else {
            system.knownTeam(of: parent)?.tell(nil)
            return
        }
        system.family(of: cell)?.team.tell { result in
            switch result {
            case .success(let child): sink(.exited(child.actor, child.result))
            case .error(let child):
                sink(
                    .failed(
                        child.actor, Self.failure(child), code: child.code, message: child.message))
            case .externalStop(let child): sink(.stopped(child.actor))
            }
        }
    }
}

/// Set once a wait took too long.
private final class TimeoutFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() { flag.store(true, ordering: .relaxed) }
}

extension ActorSystem {
    /// What an order of a child means.
    func request(
        _ order: ChildOrder, parent: ActorID
    ) async throws(ActorError) -> SpawnRequest {
        let blueprint = try cell(parent).blueprint
        let base = blueprint.origin
        let scope = blueprint.scope(of: parent)
        var found: ResolvedActor
        switch order.manifest {
        case .reference(let reference):
            found = try await resolve(
                ActorReference(
                    manifest: reference, base: base, scope: scope, hasWasm: order.wasm != nil))
        case .text(let text):
            let manifest: Manifest
            do throws(ManifestDiagnostics) {
                manifest = try Manifest.parse(text, file: "<spawn>")
            } catch {
                throw ActorError(.manifest, "the manifest of the child is wrong: \(error)")
            }
            found = ResolvedActor(manifest: manifest, wasm: [], path: base)
            if order.wasm == nil {
                found.wasm = try await resolve(
                    ActorReference(
                        manifest: "", wasm: manifest.package, base: base, scope: scope)
                ).wasm
            }
        }
        var request = SpawnRequest(wasm: order.wasm ?? found.wasm, manifest: found.manifest)
        request.manifestPath = found.path
        request.scope = scope
        if case .text = order.manifest { request.isAuthored = true }
        if found.path?.isStoreReference ?? true { request.isAuthored = true }
        request.initialState = order.initialState
        request.parent = parent
        request.childSpec = ChildSpec(ofSpawned: found.manifest.supervision)
        // A name of its own: several children may have one manifest.
        request.name = try childName(found.manifest.name, parent)
        return request
    }

    private func childName(_ name: String, _ parent: ActorID) throws(ActorError) -> String {
        let whole = "\(try cell(parent).name)/\(name)"
        guard actor(named: whole) != nil else { return whole }
        return "\(whole)-\(String(world.randomWord() & 0xFFFF_FFFF, radix: 36))"
    }

    /// The newest events of an actor's chain, oldest first.
    func newestEvents(of id: ActorID, countMax: Int) async throws(ActorError) -> [RecentEvent] {
        guard let journal else {
            throw ActorError(.journal, "the actors of this system are not recorded")
        }
        do {
            let end = journal.existingHead(actor: id)?.count ?? 0
            let first = end - min(end, UInt64(clamping: countMax))
            var cursor = try await journal.events(of: id, in: first..<end)
            var newest: [RecentEvent] = []
            while let event = try await cursor.nextYielding() {
                newest.append(
                    RecentEvent(
                        sequence: event.sequence, hash: event.hash.bytes,
                        parent: event.parent.bytes, type: event.type, time: event.time,
                        payload: event.payload ?? []))
            }
            return newest
        } catch {
            throw ActorError(.journal, "the chain of \(id) cannot be read: \(error)")
        }
    }

    func knownTeam(of id: ActorID) -> Team? { roster.withLock { $0.lineages[id] }?.team }
}
