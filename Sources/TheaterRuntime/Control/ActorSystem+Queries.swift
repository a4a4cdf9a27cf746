// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import Logging
internal import Synchronization
public import TheaterChain
public import TheaterManifest
public import TheaterPact
public import TheaterPlatform
public import TheaterValue

/// What can be asked of the runtime. Nothing here waits for an actor; only ``events(of:filter:)`` waits,
/// for the disk.
extension ActorSystem {
    /// What is known of the live actors, ordered by identity.
    public func actors() -> [ActorInfo] {
        roster.withLock { Array($0.cells.values) }.map(\.info).sorted { $0.id < $1.id }
    }

    /// The identities of the live actors, in order.
    public func actorIDs() -> [ActorID] { roster.withLock { Array($0.cells.keys) }.sorted() }

    /// Those of some actors that still live, in the order in which they are named.
    public func actors(among ids: ArraySlice<ActorID>) -> [ActorInfo] {
        roster.withLock { roster in ids.compactMap { roster.cells[$0] } }.map(\.info)
    }

    /// The manifest of a live actor.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func manifest(of id: ActorID) throws(ActorError) -> Manifest { try cell(id).manifest }

    /// The SHA-256 of the code that a live actor runs.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func module(of id: ActorID) throws(ActorError) -> Digest {
        try cell(id).template.moduleDigest
    }

    /// The state of a live actor after its last call that is over; does not wait for a running one.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func state(of id: ActorID) throws(ActorError) -> Value {
        try cell(id).shared.withLock { $0.state }
    }

    /// What an actor did and holds; for one of the last that ended, as it was at its end.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func metrics(of id: ActorID) throws(ActorError) -> ActorMetrics {
        if let cell = observatory.cell(id) {
            var metrics = cell.metrics(at: world.now())
            // Between two lives the cell is over and the actor is not.
            metrics.status = status(of: id) ?? metrics.status
            return metrics
        }
        if let last = observatory.lastMetrics(of: id) { return last }
        return try cell(id).metrics(at: world.now())
    }

    /// What all actors did together.
    public func totals() -> RuntimeTotals {
        var totals = observatory.totals()
        totals.deadLetters = deadLetterCounts
        return totals
    }

    /// The hashes of the interfaces that a live actor exports, computed from their functions: what the
    /// module itself says about them is not believed.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func exportHashes(of id: ActorID) throws(ActorError) -> [PackageMetadata.Hash] {
        try cell(id).template.exportHashes
    }

    /// Something to call an actor with; `nil` when none of that identity lives.
    public func handle(of id: ActorID) -> ActorHandle? {
        (try? cell(id)).map { ActorHandle(id: id, name: $0.name, system: self) }
    }

    /// What is known of an actor's children, in the order in which they were started.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func childInfos(of id: ActorID) throws(ActorError) -> [ActorInfo] {
        try children(of: id).compactMap { child in
            if let cell = liveCell(child) { return cell.info }
            guard let status = status(of: child), let last = observatory.cell(child) else {
                return nil
            }
            return ActorInfo(id: child, name: last.name, status: status, mailboxDepth: 0)
        }
    }

    /// Events of an actor's chain, oldest first; of a past actor's too. Waits until they are on disk.
    ///
    /// - Throws: `actor.unrecorded`, `actor.not-found`, or `actor.journal` when the journal cannot be read.
    @concurrent
    public func events(
        of id: ActorID, filter: EventFilter = EventFilter()
    ) async throws(ActorError) -> EventPage {
        let journal = try recorded(id)
        let first = filter.range?.lowerBound ?? 0
        let end = filter.range?.upperBound ?? .max
        var events: [ChainEvent] = []
        var (size, scanned) = (0, 0)
        do throws(JournalError) {
            var cursor = try await journal.events(of: id, in: first..<end)
            while let event = try await cursor.nextYielding() {
                scanned += 1
                if filter.wants(event.type) {
                    size += event.payload?.count ?? 0
                    guard events.isEmpty || size <= EventFilter.sizeMax else {
                        return EventPage(events: events, next: event.sequence)
                    }
                    events.append(event)
                }
                guard events.count < filter.limit, scanned < EventFilter.scanMax else {
                    let next = event.sequence + 1
                    let count = journal.existingHead(actor: id)?.count ?? 0
                    return EventPage(events: events, next: next < min(end, count) ? next : nil)
                }
            }
        } catch {
            throw ActorError(.journal, "the chain of \(id) cannot be read: \(error)")
        }
        return EventPage(events: events, next: nil)
    }

    /// Subscribes to the events of an actor's chain. See ``EventSubscription``.
    ///
    /// An actor that is over, or that the journal has from an earlier run, gives its past and ends.
    ///
    /// - Throws: `actor.unrecorded`, `actor.not-found` or `feed.full`.
    public func subscribe(
        to id: ActorID, from start: FeedStart = .now, options: FeedOptions = FeedOptions()
    ) throws(ActorError) -> EventSubscription {
        let feed = observatory.cell(id)?.recorder.feed
        return try EventSubscription(
            actor: id, journal: try recorded(id), feed: feed, from: start, options: options)
    }

    private func recorded(_ id: ActorID) throws(ActorError) -> Journal {
        guard let journal else {
            throw ActorError(
                .unrecorded,
                "the node records no chains, so \(id) has no events; give the system a journal")
        }
        if journal.existingHead(actor: id) == nil {
            _ = try cell(id)
            throw ActorError(.unrecorded, "the actor \(id) has no chain")
        }
        return journal
    }

    // MARK: Starting

    /// Starts the actor of a manifest.
    ///
    /// - Parameter wasm: the code, instead of the manifest's; a manifest as text needs it.
    /// - Throws: `actor.manifest` or `actor.module` when they cannot be read, and what
    ///   ``spawn(_:)`` throws.
    @concurrent
    public func resume(
        _ source: ManifestSource, wasm: [UInt8]? = nil
    ) async throws(ActorError) -> ActorID {
        switch source {
        case .reference(let path):
            let found = try await resolve(ActorReference(manifest: path))
            var request = SpawnRequest(wasm: wasm ?? found.wasm, manifest: found.manifest)
            request.manifestPath = found.path
            return try await spawn(request)
        case .text(let text):
            guard let wasm else {
                throw ActorError(
                    .manifest, "a manifest that is given as text needs its wasm; give both")
            }
            let manifest: Manifest
            do throws(ManifestDiagnostics) {
                manifest = try Manifest.parse(text, file: "manifest")
            } catch {
                throw ActorError(.manifest, "\(error)")
            }
            return try await spawn(SpawnRequest(wasm: wasm, manifest: manifest))
        }
    }

    // MARK: Telling

    /// Tells the subscribers of an actor that its chain has an event that its cell did not record.
    ///
    /// - Returns: how many subscribers there are.
    /// - Throws: `control.unknown-event` when the chain has no such event; `actor.unrecorded`,
    ///   `actor.not-found` or `actor.ended`.
    public func announce(event sequence: UInt64, of id: ActorID) throws(ActorError) -> Int {
        let cell = try cell(id)
        let count = try recorded(id).existingHead(actor: id)?.count ?? 0
        guard sequence < count else {
            throw ActorError(
                .unknownEvent,
                "the chain of \(id) has \(count) events and none with the sequence \(sequence); append it "
                    + "first")
        }
        return cell.recorder.feed.announce(count: sequence + 1)
    }

    /// Ends an actor because something outside of its code failed. Returns when it has given back
    /// everything.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    @concurrent
    @discardableResult
    public func fail(_ id: ActorID, _ error: ActorError) async throws(ActorError) -> ExitReason {
        let cell = try cell(id)
        cell.fail(error)
        return await cell.awaitEnd()
    }

    /// Notes that an actor wants to end, with a result for its parent: it does after its present call.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func requestShutdown(_ id: ActorID, result: [UInt8]?) throws(ActorError) {
        try cell(id).requestShutdown(result)
    }

    /// Logs and counts an error that belongs to no actor.
    public func report(_ error: ActorError) {
        observatory.instruments.errorsReported.increment()
        logger.error("the runtime failed", metadata: ["error.code": "\(error.code.rawValue)"])
    }

    /// Waits until an actor is over for good.
    ///
    /// - Throws: `actor.cancelled` when the task is cancelled before; `actor.not-found`.
    @concurrent
    public func awaitFinish(of id: ActorID) async throws(ActorError) -> ExitReason {
        if let feed = observatory.cell(id)?.recorder.feed, await !feed.awaitFinish() {
            throw ActorError(.cancelled, "nobody waits any more for the end of \(id)")
        }
        return try await awaitEnd(of: id)
    }
}
