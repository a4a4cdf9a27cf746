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
    ///     once the others are over and the durable ones rest between two calls, and must close the journal:
    ///     what ends after it is in no chain. A call that is not over within the grace period is cut off, as
    ///     a crash would, and goes on at the resume.
    @concurrent
    public func shutDown(
        grace: Duration = .seconds(5), within deadline: Duration? = nil,
        sealing seal: (@Sendable () async -> Void)? = nil
    ) async {
        let resting: [Cell]
        if let seal {
            resting = await restDurable(grace: grace)
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
        for cell in resting { cell.wake() }
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

    /// Stops the trees of actors that are not durable, and then has all that is left rest between two calls.
    ///
    /// - Returns: those who rest.
    private func restDurable(grace: Duration) async -> [Cell] {
        let others = roster.withLock { roster in
            roster.ordered.filter {
                roster.lineages[$0.id]?.parent == nil && !$0.manifest.chain.isDurable
            }
        }
        await withDiscardingTaskGroup { group in
            for root in others { group.addTask { _ = await self.stopTree(root, grace: grace) } }
        }
        let deadline = world.now().advanced(by: grace)
        return await withTaskGroup(of: Cell?.self) { group in
            for cell in roster.withLock({ $0.ordered }) {
                group.addTask { await cell.rest(by: deadline) ? cell : nil }
            }
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
    }
}
