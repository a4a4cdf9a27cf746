// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterManifest
public import TheaterPlatform

/// How actors end, with all that is below them, and how the system does.
extension ActorSystem {
    /// Stops an actor in order: its children, the last first, then itself. It takes no more calls,
    /// finishes those it has within the grace period, and is ended then in any case, with all that is
    /// below it.
    ///
    /// A supervised child that is stopped this way is not started again. Returns when the actor has given
    /// back everything it held.
    @concurrent
    @discardableResult
    public func stop(
        _ id: ActorID, grace: Duration = .seconds(5)
    ) async throws(ActorError) -> ExitReason {
        let cell = try cell(releasing: id)
        return await stopTree(cell, grace: grace)
    }

    /// Ends an actor and its children at once, inside a loop or a wait too. Returns when everything is
    /// given back. A supervised child that is ended this way is not started again.
    @concurrent
    @discardableResult
    public func terminate(_ id: ActorID) async throws(ActorError) -> ExitReason {
        let cell = try cell(releasing: id)
        return await cell.terminate()
    }

    /// A live actor, which its parent will not start again.
    private func cell(releasing id: ActorID) throws(ActorError) -> Cell {
        let lineage = roster.withLock { $0.lineages[id] }
        // Also one that is between two lives is not started again.
        lineage?.parent?.team?.feed(.release(id))
        lineage?.release()
        return try cell(id)
    }

    func stopTree(_ id: ActorID, grace: Duration) async {
        if let cell = liveCell(id) { _ = await stopTree(cell, grace: grace) }
    }

    func stopTree(_ cell: Cell, grace: Duration) async -> ExitReason {
        guard let team = knownTeam(of: cell.id) else { return await cell.stop(grace: grace) }
        // The time is that of the whole tree, whatever the children below may take.
        let timer = world.start {
            guard (try? await self.world.sleep(for: grace)) != nil else { return }
            cell.note(.killed)
            cell.kill("the actor and its children did not stop within \(grace)")
        }
        defer { timer.cancel() }
        // What was on its way to it is still done.
        cell.shared.withLock { $0.mailbox.refuse() }
        await team.stopAll(isForced: false)
        return await cell.stop(grace: grace)
    }

    /// Somebody ends an actor at once whose end is being carried out in order: its children too.
    func force(_ cell: Cell) {
        let lineage = roster.withLock { roster in
            roster.cells[cell.id] === cell ? roster.lineages[cell.id] : nil
        }
        lineage?.team?.force()
    }

    func terminateTree(_ id: ActorID) async {
        if let cell = liveCell(id) { _ = await cell.terminate() }
    }

    /// Waits until the present life of an actor is over.
    @concurrent
    public func awaitEnd(of id: ActorID) async throws(ActorError) -> ExitReason {
        let (cell, ended) = roster.withLock { ($0.cells[id], $0.ended[id]?.reason) }
        if let cell { return await cell.awaitEnd() }
        if let ended { return ended }
        throw Self.notFound(id)
    }

    /// Waits until the present life of an actor is over, and says how it ended.
    public func awaitResult(of id: ActorID) async throws(ActorError) -> ActorResult {
        ActorResult(id, try await awaitEnd(of: id))
    }

    /// Ends every actor, each tree in order and within the grace period, and starts no more. Returns when
    /// their chains are on disk.
    ///
    /// - Parameters:
    ///   - deadline: when this has passed, all that still lives is ended at once; `nil` leaves each tree its
    ///     grace period.
    ///   - seal: spares durable actors their end, so that the next node resumes them where they stand. Called
    ///     once they and all below them rest between two calls, and then the others are over; must close the
    ///     journal: what ends after it is in no chain. A call that is not over within the grace period is cut
    ///     off, as a crash would, and goes on at the resume. The others have the grace period after that.
    @concurrent
    public func shutDown(
        grace: Duration = .seconds(5), within deadline: Duration? = nil,
        sealing seal: (@Sendable () async -> Void)? = nil
    ) async {
        let resting: [Cell]
        if let seal {
            roster.withLock { $0.refusesRoots = true }
            // First, so that none of them meets an actor that was stopped, and fails on that.
            resting = await restDurable(grace: grace)
            await stopOthers(grace: grace)
            await seal()
        } else {
            resting = []
        }
        let grace = seal == nil ? grace : .zero
        let roots = roster.withLock { roster in
            roster.isShuttingDown = true
            return roster.ordered.filter { roster.lineages[$0.id]?.parent == nil }
        }
        let timer = deadline.map { deadline in
            world.start {
                guard (try? await self.world.sleep(for: deadline)) != nil else { return }
                for cell in self.roster.withLock({ $0.ordered }) {
                    cell.kill("the node did not shut down within \(deadline)")
                }
            }
        }
        for cell in resting { cell.wake(isOver: true) }
        await withDiscardingTaskGroup { group in
            for root in roots { group.addTask { _ = await self.stopTree(root, grace: grace) } }
        }
        timer?.cancel()
        await timer?.value
        deadlines.close()
        observatory.close()
        // A journal that refuses has told every actor, and tells whoever closes it.
        try? await journal?.sync()
    }

    /// Has the trees of durable actors rest between two calls.
    ///
    /// Who rests keeps others waiting for its answers. So all are let go again when not all of them rest soon.
    ///
    /// - Returns: those who rest: all, unless the grace period is over.
    private func restDurable(grace: Duration) async -> [Cell] {
        let deadline = world.now().advanced(by: grace)
        while true {
            let round = min(deadline, world.now().advanced(by: Self.restRound))
            let resting = await withTaskGroup(of: Cell?.self) { group in
                for cell in roster.withLock({ $0.cells(isDurable: true) }) {
                    group.addTask { await cell.rest(by: round) ? cell : nil }
                }
                return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            // Some may have begun or ended meanwhile.
            let wanted = roster.withLock { $0.cells(isDurable: true) }
            let ids = Set(resting.map(\.id))
            if wanted.allSatisfy({ ids.contains($0.id) }) || world.now() >= deadline {
                return resting
            }
            for cell in resting { cell.wake() }
            try? await world.sleep(for: Self.restPause)
        }
    }

    /// How long all are waited for at once, and how long they work before the next try.
    private static let restRound = Duration.milliseconds(100)
    private static let restPause = Duration.milliseconds(20)

    /// Stops the trees of actors that are not durable.
    private func stopOthers(grace: Duration) async {
        let roots = roster.withLock { roster in
            roster.cells(isDurable: false).filter { roster.lineages[$0.id]?.parent == nil }
        }
        await withDiscardingTaskGroup { group in
            for root in roots { group.addTask { _ = await self.stopTree(root, grace: grace) } }
        }
    }
}
