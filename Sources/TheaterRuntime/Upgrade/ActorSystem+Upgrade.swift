// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
public import TheaterPlatform
internal import TheaterReplay

extension ActorSystem {
    /// Exchanges the code of a live actor between two of its calls.
    ///
    /// The call that runs ends; what waits goes on with the new code. The manifest stays, and with it the grants, the
    /// limits, the handlers and what they hold. Memory is new; the state is what the new code's
    /// `theater:simple/actor.migrate` makes of it, or stays as it is. What does not fit is refused before
    /// anything happens. When the new code cannot take over, or one of its first calls fails, the old code
    /// goes on with its own memory and state. Every step is in the actor's chain.
    ///
    /// - Throws: `actor.upgrade-refused`, `actor.module`, `actor.metadata`, `actor.import-refused`,
    ///   `actor.wrong-digest` or `actor.manifest` when the code does not fit; `actor.upgrade-failed` when
    ///   it did not start or did not migrate the state; `actor.upgrading`, `actor.deadline`, `actor.not-found`,
    ///   `actor.ended`, `actor.stopping`. The actor is unharmed, whichever it is.
    @concurrent
    @discardableResult
    public func upgrade(
        _ id: ActorID, _ request: UpgradeRequest
    ) async throws(ActorError) -> UpgradeReport {
        let cell = try cell(id)
        let old = cell.blueprint
        let manifest = old.manifest
        let template = try await template(
            for: request.wasm, granted: old.granted, manifest: manifest)
        try template.checkOffers(manifest.rpc)
        try template.checkRetries(old.granted.map(\.grant), of: manifest.name)
        let (from, to) = (old.template.moduleDigest, template.moduleDigest)
        guard from != to else {
            throw ActorError(.upgradeRefused, "'\(cell.name)' has this code already, \(to)")
        }
        let check = try await check(cell, request)
        _ = await keep(request.wasm, template, manifest)
        let outcome = try await cell.exchange(
            for: old.with(template), request, engine: engine)
        cell.logger.debug(
            "the code was exchanged",
            metadata: [
                "module.old": "\(from)", "module.new": "\(to)",
                "upgrade.migrated": "\(outcome.hasMigrated)",
            ])
        return UpgradeReport(
            actor: id, from: from, to: to, hasMigrated: outcome.hasMigrated,
            isOnTrial: outcome.isOnTrial, check: check)
    }

    /// Replays an actor's chain on new code.
    private func check(
        _ cell: Cell, _ request: UpgradeRequest
    ) async throws(ActorError) -> UpgradeReport.Check? {
        guard request.gate != .none else { return nil }
        let found = await replay(cell.id, request.wasm)
        guard request.gate == .refuse else { return found }
        let reason: String
        switch found {
        case .same: return found
        case .differs(let divergence): reason = "it does not do what its chain says: \(divergence)"
        case .unknown(let error): reason = "its chain cannot be replayed: \(error)"
        }
        throw ActorError(
            .upgradeRefused,
            "'\(cell.name)' keeps its code, for the new one was to be checked before: \(reason)")
    }

    private func replay(_ id: ActorID, _ wasm: [UInt8]) async -> UpgradeReport.Check {
        guard let journal, let kept = keptCode else {
            return .unknown(
                ReplayError(.noCode, "the node records no chains, or keeps no code of them"))
        }
        do {
            let lineage = try ChainLineage(of: id, in: try await journal.reader())
            let library = NewCode(
                wasm: wasm, kept: kept, spans: try CodeSpans(try lineage.events()))
            let verdict = try await Replayer(
                engine: engine, library: library, options: replayOptions
            ).replay(try lineage.events())
            return verdict.divergence.map { .differs($0) } ?? .same(verdict.counts)
        } catch {
            return .unknown(
                error as? ReplayError
                    ?? ReplayError(.source, "the chain cannot be read: \(error)"))
        }
    }

    /// An actor has other code: so will its next life.
    func exchanged(_ cell: Cell) {
        roster.withLock { $0.lineages[cell.id] }?.blueprint = cell.blueprint
    }
}

/// New code for what other code can be asked to do, and the kept code for what was before.
private struct NewCode: ReplayLibrary {
    let wasm: [UInt8]
    let kept: any ReplayLibrary
    let spans: CodeSpans

    func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode {
        var code = try await kept.code(for: birth)
        if spans.isComparable(birth) { code.wasm = wasm }
        return code
    }
}
