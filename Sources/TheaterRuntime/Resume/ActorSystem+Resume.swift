// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
public import TheaterPlatform
public import TheaterReplay
internal import TheaterValue

extension ActorSystem {
    /// Brings durable actors back that a crash of the node took: with their names, their parents and
    /// children, their memory, their state and the mail that they had not handled.
    ///
    /// Each chain's last life is run again up to where it ends, and goes on live. A call that the crash cut
    /// off goes on where its record ends: what it did is not done again. Children that are not durable are
    /// over, and their parents' supervisors decide about them. Actors that live are left alone.
    ///
    /// - Parameters:
    ///   - wanted: which actors without a parent; `nil` for all.
    ///   - finder: finds the code and the manifests that the chains name.
    ///   - options: how chains of the node are replayed.
    /// - Throws: `actor.unrecorded` without a journal, `actor.resume` when chains cannot be read. What is
    ///   wrong with one actor is in the report.
    @concurrent
    public func resume(
        _ wanted: Set<ActorID>? = nil, from finder: any CodeFinder, options: ReplayOptions
    ) async throws(ActorError) -> ResumeReport {
        guard let journal else {
            throw ActorError(.unrecorded, "this system records nothing that could be brought back")
        }
        let reader: JournalReader
        do throws(JournalError) {
            reader = try await journal.reader()
        } catch {
            throw ActorError(.resume, "the journal cannot be read: \(error)")
        }
        let census = await ResumeCensus(reader, options: options, snapshots) {
            self.liveCell($0) != nil
        }
        let resumption = Resumption(
            system: self, journal: journal, reader: reader, census: census, finder: finder)
        var report = ResumeReport()
        report.problems = census.unreadable.filter { wanted?.contains($0.actor) ?? true }
        var made: [Cell] = []
        for root in census.roots where wanted?.contains(root.point.actor) ?? true {
            do throws(ActorError) {
                made += try await resumption.bringTree(root)
                report.resumed.append(root.point.actor)
            } catch {
                report.problems.append(
                    ResumeReport.Problem(
                        actor: root.point.actor, name: root.name, error: error))
            }
        }
        // Nobody runs before all are there whom it may send to.
        for cell in made { cell.goOn() }
        if wanted == nil {
            for orphan in census.orphans {
                resumption.end(orphan, "its parent did not come back", "killed")
            }
        }
        await forgetSnapshots(in: journal)
        return report
    }

    /// Forgets the snapshots of actors that are over, or that the journal does not have: a crash came
    /// before they were forgotten, or the resume ended them.
    private func forgetSnapshots(in journal: Journal) async {
        guard let snapshots, let reader = try? await journal.reader() else { return }
        for actor in await snapshots.actors() where liveCell(actor) == nil {
            // Those of a chain that cannot be read may be of use to somebody who mends it.
            if let chain = reader.summary(of: actor),
                (try? ResumeCensus.end(of: chain, reader)) == nil
            {
                continue
            }
            await snapshots.forget(actor)
        }
    }
}

/// One resumption: puts trees together again.
private struct Resumption: Sendable {
    let system: ActorSystem
    let journal: Journal
    let reader: JournalReader
    let census: ResumeCensus
    let finder: any CodeFinder

    /// Brings an actor and all below it back.
    ///
    /// - Returns: those who are to go on, in that order: the children before their parents.
    func bringTree(_ root: ResumeCensus.Member) async throws(ActorError) -> [Cell] {
        try check(root)
        if let failure = root.point.failure { end(root, failure, "failed") }
        var made: [Cell] = []
        try await bring(root, parent: nil, &made)
        return made.reversed()
    }

    /// Looks for what somebody has to decide first.
    private func check(_ member: ResumeCensus.Member) throws(ActorError) {
        if let doubt = member.point.doubt {
            throw ActorError(
                .resume,
                "'\(member.name)' waits for somebody to say what came of the effect of event \(doubt): "
                    + "theater chain resolve \(member.point.actor) \(doubt) --outcome done|not-done"
            )
        }
        for child in census.children(of: member.point.actor) where child.isDurable {
            try check(child)
        }
    }

    private func bring(
        _ member: ResumeCensus.Member, parent: (lineage: Lineage, team: Team)?,
        _ made: inout [Cell]
    ) async throws(ActorError) {
        let point = member.point
        if let failure = point.failure {
            throw ActorError(.resume, "'\(member.name)' was ending when the node ended: \(failure)")
        }
        let blueprint = try await blueprint(member, parent: parent?.lineage.id)
        let lineage = Lineage(
            point.actor, parent: parent?.lineage, spec: point.placement?.spec ?? ChildSpec(),
            blueprint: blueprint, lives: Int(clamping: point.placement?.lives ?? 1))
        let cell = try await resumeLife(point, blueprint, lineage)
        if point.call != nil {
            system.exchange.endpoint(of: cell.id)?.remember(sent: census.sent(by: point))
        }
        made.append(cell)
        parent?.team.adopt(lineage)
        guard let family = system.family(of: cell) else { return }
        for child in census.children(of: point.actor) {
            await bring(child: child, of: member, family, &made)
        }
        do throws(ActorError) {
            try await system.startMissing(cell, family, census)
        } catch {
            // The others of the tree are there already, and go on.
            system.logger.error(
                "a declared child that was never started is not started: \(error.message)",
                metadata: ["actor.id": "\(point.actor)", "actor.name": "\(member.name)"])
        }
    }

    /// Makes the cell of an actor; without its snapshot when that does not fit.
    private func resumeLife(
        _ point: ResumePoint, _ blueprint: Blueprint, _ lineage: Lineage
    ) async throws(ActorError) -> Cell {
        do throws(ActorError) {
            return try await system.resumeLife(point, blueprint, lineage, reader)
        } catch {
            guard error.code == .resume, point.snapshot != nil else { throw error }
            system.logger.warning(
                "a snapshot is of no use, and the whole life is run again: \(error.message)",
                metadata: ["actor.id": "\(point.actor)", "actor.name": "\(blueprint.name)"])
        }
        let whole = try ResumePoint.find(point.actor, in: reader, options: point.options)
        return try await system.resumeLife(whole, blueprint, lineage, reader)
    }

    /// Brings a child back, or tells its parent's supervisor that it is over.
    private func bring(
        child: ResumeCensus.Member, of parent: ResumeCensus.Member,
        _ family: (lineage: Lineage, team: Team), _ made: inout [Cell]
    ) async {
        let isAwaited = child.point.placement?.isAwaited ?? false
        if child.isDurable, isAwaited || isUnknown(child, parent, family.lineage.blueprint) {
            // The call that started it goes on, and starts another.
            return end(child, "the call that started it was cut off, and is made again", "killed")
        }
        var over: (reason: ExitReason, text: String)?
        if !child.isFollowed {
            over = (.killed, "the node ended, and the actor is not durable")
            if child.isDurable {
                do throws(ActorError) {
                    return try await bring(child, parent: family, &made)
                } catch {
                    system.logger.error(
                        "did not come back: \(error.message)",
                        metadata: [
                            "actor.id": "\(child.point.actor)", "actor.name": "\(child.name)",
                        ])
                    over = (.failed(error), child.point.failure ?? error.message)
                }
            }
        }
        let blueprint = try? await blueprint(child, parent: family.lineage.id)
        var spec = child.point.placement?.spec ?? self.spec(of: child, blueprint, parent: family)
        if blueprint == nil { spec.restart = .temporary }
        let lineage = Lineage(
            child.point.actor, parent: family.lineage, spec: spec, blueprint: blueprint,
            lives: Int(clamping: child.point.placement?.lives ?? 1))
        family.team.adopt(lineage)
        guard let over else {
            // Its end was told before the crash; what is left to do is to start it.
            return family.team.feed(.ended(lineage.id, .abnormal))
        }
        end(
            child, over.text, over.reason.kind,
            isFollowed: family.team.willLive(lineage.id, after: over.reason))
        // The supervisor decides as about any other end.
        family.team.ended(lineage, over.reason)
    }

    /// Whether a parent never learned of a child: the crash came before its start was recorded.
    private func isUnknown(
        _ child: ResumeCensus.Member, _ parent: ResumeCensus.Member, _ blueprint: Blueprint?
    ) -> Bool {
        guard parent.point.call != nil, child.point.placement?.lives == 1 else { return false }
        return child.point.bornAt >= parent.point.lastTime
            && declaration(of: child, in: blueprint) == nil
    }

    private func spec(
        of child: ResumeCensus.Member, _ blueprint: Blueprint?,
        parent: (lineage: Lineage, team: Team)
    ) -> ChildSpec {
        if let declared = declaration(of: child, in: parent.lineage.blueprint) {
            return ChildSpec(declared)
        }
        return blueprint.map { ChildSpec(ofSpawned: $0.manifest.supervision) } ?? ChildSpec()
    }

    /// What the manifest of its parent declares of a child.
    private func declaration(
        of child: ResumeCensus.Member, in parent: Blueprint?
    ) -> ChildDeclaration? {
        parent?.manifest.children.first { "\(parent?.name ?? "")/\($0.name)" == child.name }
    }

    /// What an actor is made from again.
    private func blueprint(
        _ member: ResumeCensus.Member, parent: ActorID?
    ) async throws(ActorError) -> Blueprint {
        let point = member.point
        let found: (wasm: [UInt8], manifest: Manifest)
        do throws(ReplayError) {
            found = try await finder.parts(of: point.birth)
        } catch {
            throw ActorError(.resume, "what '\(member.name)' is made from is not there: \(error)")
        }
        var request = SpawnRequest(wasm: found.wasm, manifest: found.manifest)
        request.name = member.name
        request.initialState = try? CGRF.decode(point.firstState)
        request.parent = parent
        request.manifestPath = point.placement?.origin
        request.scope = point.placement?.referenceScope ?? .everything
        request.isAuthored = point.placement?.isAuthored ?? (parent != nil)
        return try await system.blueprint(request, isDryRun: point.isDryRun)
    }

    /// Records that an actor does not come back.
    ///
    /// - Parameter isFollowed: whether its supervisor starts it again.
    func end(
        _ member: ResumeCensus.Member, _ reason: String, _ kind: String, isFollowed: Bool = false
    ) {
        do throws(JournalError) {
            let chain = try journal.resumeChain(actor: member.point.actor)
            if isFollowed { try chain.append(.note(.restarting)) }
            try chain.append(.exited(kind: kind, reason: reason, result: nil))
        } catch {
            system.logger.error(
                "the end of an actor cannot be recorded: \(error)",
                metadata: ["actor.id": "\(member.point.actor)", "actor.name": "\(member.name)"])
        }
    }
}

extension ActorSystem {
    /// Makes the cell of an actor that comes back, and brings its guest to where its chain ends. It runs
    /// nothing yet.
    fileprivate func resumeLife(
        _ point: ResumePoint, _ blueprint: Blueprint, _ lineage: Lineage, _ reader: JournalReader
    ) async throws(ActorError) -> Cell {
        let name = blueprint.name
        if let problem = roster.withLock({ $0.reserve(name, for: point.actor) }) { throw problem }
        let cell: Cell
        do throws(ActorError) {
            cell = try makeCell(
                point.actor, blueprint, state: try? CGRF.decode(point.firstState),
                lineage: lineage, origin: .resumed)
        } catch {
            roster.withLock { $0.release(name, of: point.actor) }
            throw error
        }
        guard roster.withLock({ $0.admit(cell, lineage) }) else {
            await cell.abandonResume()
            throw Roster.shuttingDown
        }
        observatory.began(cell)
        do throws(ActorError) {
            try await cell.resume(point, engine: engine, reader: reader)
        } catch {
            await cell.abandonResume()
            throw error
        }
        return cell
    }

    /// Starts the children that an actor's manifest declares and that no chain tells of: the crash came
    /// before they were started.
    fileprivate func startMissing(
        _ cell: Cell, _ family: (lineage: Lineage, team: Team), _ census: ResumeCensus
    ) async throws(ActorError) {
        guard let journal, !cell.blueprint.manifest.children.isEmpty else { return }
        let since = census.member(cell.id)?.point.bornAt ?? world.wallTime()
        let started = journal.actors().filter { $0.lastTime.map { $0 >= since } ?? false }
        let missing = try await declaredChildren(
            cell, family.lineage, without: Set(started.compactMap(\.name)))
        for lineage in missing { _ = await family.team.add(lineage) }
    }
}
