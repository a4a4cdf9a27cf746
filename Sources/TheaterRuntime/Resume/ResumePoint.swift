// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterReplay

/// Where the crash of a node left an actor, as its chain says it.
struct ResumePoint: Sendable {
    /// A call that the crash cut off.
    struct Call: Sendable {
        let sequence: UInt64
        let function: String
        let parameters: [UInt8]
        let fuel: UInt64
    }

    let actor: ActorID
    /// How many events the chain has.
    let count: UInt64
    /// What the life was made from.
    let birth: ReplayBirth
    let parent: ActorID?
    /// The state that the life began with.
    let firstState: [UInt8]
    /// When the life began.
    let bornAt: WallTime
    /// Whether what reaches beyond the actor is refused, because it is a fork.
    let isDryRun: Bool
    let placement: Placement?
    /// The call that the crash cut off.
    let call: Call?
    /// Whether any call of the life has begun.
    let hasCalls: Bool
    /// An effect of that call of which nobody knows whether it took place, and that nobody may repeat.
    let doubt: UInt64?
    /// Whether the actor has said that it takes messages, as far as the way back led.
    let isRegistered: Bool
    /// The newest event that is more than a note.
    let lastSequence: UInt64
    /// Why the life was ending when the crash came; `nil` for one that goes on.
    let failure: String?
    /// When the chain's last event was recorded.
    let lastTime: WallTime
    let lineage: ChainLineage
    let options: ReplayOptions
    /// The life as it was some way before the end; `nil` when it is run again from its beginning.
    let snapshot: ActorSnapshot?
    /// Whether the guest called nobody before its first call.
    let startsQuietly: Bool
    /// Whether the code was exchanged in the course of the life.
    let hasUpgrades: Bool
    /// An exchange of the code that the crash cut off before the new code had the actor.
    let cutUpgrade: (sequence: UInt64, step: CodeUpgrade, function: String?)?

    /// How many events stand before the call that was cut off.
    var standing: UInt64 { call?.sequence ?? cutUpgrade?.sequence ?? count }

    /// Runs the life again up to the call that was cut off.
    func bring(
        _ engine: Engine, _ linked: LinkedModule, _ control: GuestControl, _ host: any GuestHost,
        _ limits: Limits, exports: [String: FunctionSignature], _ kept: (any ReplayLibrary)?
    ) async throws(ActorError) -> ReplayedGuest {
        // The code is linked already.
        let code = ReplayCode(wasm: [], limits: limits)
        do throws(ReplayError) {
            if hasUpgrades {
                let library = LinkedCode(birth: birth, code: code, kept: kept)
                return try await Replayer(engine: engine, library: library, options: options)
                    .bring(
                        lineage, linked: linked, control: control, host: host, exports: exports)
            }
            return try await Replayer(engine: engine, library: OneCode(code), options: options)
                .bring(
                    lineage, linked: linked, control: control, host: host, exports: exports,
                    from: snapshot?.life)
        } catch {
            throw ActorError(
                .resume,
                "the actor \(actor) cannot be brought back to where its chain ends: \(error)")
        }
    }
}

extension ResumePoint {
    /// How many events are read at once on the way back.
    private static let blockSize: UInt64 = 1024

    /// What is gathered on the way back from the end of a chain to the beginning of its last life.
    fileprivate struct Walk {
        var birth: ChainEvent?
        var placement: Placement?
        var call: Call?
        var hasCalls = false
        var failure: String?
        /// Whether it is known how the chain's last call stands.
        var isDecided = false
        var isInCall = false
        var outcomes: Set<UInt64> = []
        var doubt: UInt64?
        var isRegistered = false
        var lastSequence: UInt64?
        /// The kind of the event after the one that was taken last, if it is more than a note.
        var following: EventPayload.Kind?
        /// Whether the code that the actor has called nobody before its first call; `nil` until that is known.
        var isQuiet: Bool?
        /// Whether an exchange of the code was undone, whose beginning is still to come.
        var isUndone = false
        var hasUpgrades = false
        var cutUpgrade: (sequence: UInt64, step: CodeUpgrade, function: String?)?
    }

    /// Finds where the chain of an actor that is not over stands.
    ///
    /// - Throws: `actor.resume` when the chain cannot be read, or begins no life.
    static func find(
        _ actor: ActorID, in reader: JournalReader, options: ReplayOptions,
        snapshot: ActorSnapshot? = nil
    ) throws(ActorError) -> ResumePoint {
        let begin = snapshot?.life.sequence ?? 0
        let count = reader.summary(of: actor)?.count ?? 0
        var walk = Walk()
        var end = count
        do {
            while end > begin, walk.birth == nil {
                let start = end - min(end - begin, blockSize)
                var cursor = try reader.events(of: actor, in: start..<end)
                var block: [ChainEvent] = []
                while let event = try cursor.next() { block.append(event) }
                for event in block.reversed() where walk.birth == nil {
                    try walk.take(event)
                }
                end = start
            }
        } catch {
            throw ActorError(.resume, "the chain of \(actor) cannot be read: \(error)")
        }
        if snapshot != nil, walk.hasUpgrades {
            // It is of code that the actor has no more.
            return try find(actor, in: reader, options: options)
        }
        if walk.birth == nil, let snapshot {
            return try goOn(from: snapshot, walk, count, reader, options)
        }
        guard let event = walk.birth, let first = ReplayBirth(event) else {
            throw ActorError(
                .resume,
                "what the chain of \(actor) says of the beginning of its last life is not there; if its "
                    + "payloads were dropped, restore a backup")
        }
        var (parent, state, isDryRun): (ActorID?, [UInt8], Bool) = (nil, [], false)
        switch try? event.decodedPayload() {
        case .spawned(_, _, _, let known, _, let first)?: (parent, state) = (known, first)
        case .forked(let fork)?: (state, isDryRun) = (fork.state, fork.isDryRun)
        default: break
        }
        let standing = walk.call?.sequence ?? walk.cutUpgrade?.sequence ?? count
        let lineage: ChainLineage
        var birth = first
        do throws(ReplayError) {
            lineage =
                if event.type == EventType.forked.name || walk.hasUpgrades {
                    try ChainLineage(of: actor, upTo: standing - 1, in: reader).lastLife()
                } else {
                    ChainLineage(life: actor, in: event.sequence..<standing, reader)
                }
            if walk.hasUpgrades { birth = try lineage.code() }
        } catch {
            throw ActorError(.resume, "the chain of \(actor) cannot be read: \(error)")
        }
        return ResumePoint(
            actor: actor, count: count, birth: birth, parent: parent, firstState: state,
            bornAt: event.time,
            isDryRun: isDryRun, placement: walk.placement, call: walk.call,
            hasCalls: walk.hasCalls || isDryRun || event.type == EventType.forked.name,
            doubt: walk.doubt, isRegistered: walk.isRegistered,
            lastSequence: walk.lastSequence ?? 0, failure: walk.failure,
            lastTime: reader.summary(of: actor)?.lastTime ?? event.time, lineage: lineage,
            options: options, snapshot: nil,
            startsQuietly: walk.isQuiet ?? false, hasUpgrades: walk.hasUpgrades,
            cutUpgrade: walk.cutUpgrade)
    }

    /// The point of a life whose beginning is in a snapshot.
    private static func goOn(
        from snapshot: ActorSnapshot, _ walk: Walk, _ count: UInt64, _ reader: JournalReader,
        _ options: ReplayOptions
    ) throws(ActorError) -> ResumePoint {
        let life = snapshot.life
        let standing = walk.call?.sequence ?? count
        return ResumePoint(
            actor: life.actor, count: count,
            birth: ReplayBirth(
                of: life.actor, sequence: snapshot.birth, module: life.module,
                manifest: snapshot.manifest,
                name: snapshot.name),
            parent: snapshot.parent, firstState: snapshot.firstState, bornAt: snapshot.bornAt,
            isDryRun: false, placement: walk.placement ?? life.record.placement, call: walk.call,
            hasCalls: true, doubt: walk.doubt,
            isRegistered: walk.isRegistered || life.record.isRegistered,
            lastSequence: walk.lastSequence ?? life.sequence - 1, failure: walk.failure,
            lastTime: reader.summary(of: life.actor)?.lastTime ?? snapshot.bornAt,
            lineage: ChainLineage(life: life.actor, in: life.sequence..<standing, reader),
            options: options, snapshot: snapshot, startsQuietly: true, hasUpgrades: false,
            cutUpgrade: nil)
    }

    /// The newest snapshot of an actor that its chain agrees with.
    static func snapshot(
        of actor: ActorID, in reader: JournalReader, _ keeper: (any SnapshotKeeper)?
    ) async -> ActorSnapshot? {
        guard let keeper, let count = reader.summary(of: actor)?.count, count > 0 else {
            return nil
        }
        var bound = count + 1
        while let found = await keeper.snapshot(of: actor, before: bound) {
            let sequence = found.life.sequence
            bound = sequence
            guard found.birth < sequence, sequence <= count,
                var cursor = try? reader.events(of: actor, in: (sequence - 1)..<sequence),
                let event = try? cursor.next(), event.hash == found.life.head
            else { continue }
            return found
        }
        return nil
    }
}

extension ResumePoint.Walk {
    /// Whether what follows the beginning of code is none of its calls.
    private var hasQuietStart: Bool {
        switch following {
        case nil, .called, .upgrade: true
        default: false
        }
    }

    /// Takes the event before those that were taken.
    mutating func take(_ event: ChainEvent) throws(PayloadError) {
        guard let payload = event.payload, let kind = EventPayload.kind(of: payload) else {
            // Only a life whose payloads are all there can be brought back; the replay says so.
            if event.type == EventType.spawned.name { birth = event }
            isDecided = true
            return
        }
        if kind != .note, lastSequence == nil { lastSequence = event.sequence }
        defer { if kind != .note { following = kind } }
        switch kind {
        case .spawned, .forked:
            birth = event
            // The past of a fork is in another chain.
            isQuiet = isQuiet ?? (kind == .spawned && hasQuietStart)
        case .note:
            if case .note(.durable(let known))? = try event.decodedPayload(), placement == nil {
                placement = known
            }
        case .called:
            hasCalls = true
            guard !isDecided,
                case .called(let function, let parameters, let fuel, _)? =
                    try event.decodedPayload()
            else { return }
            (isDecided, isInCall) = (true, true)
            call = ResumePoint.Call(
                sequence: event.sequence, function: function, parameters: parameters,
                fuel: fuel ?? .max)
        case .returned: isDecided = true
        case .failed:
            guard !isDecided, case .failed(_, let kind, let message)? = try event.decodedPayload()
            else { return }
            isDecided = true
            if kind != ActorError.Code.guestError.rawValue { failure = message }
        case .limit:
            guard !isDecided, case .limit(_, let message)? = try event.decodedPayload() else {
                return
            }
            (isDecided, failure) = (true, message)
        case .exited: isDecided = true
        case .outcome, .outcomeError, .settled:
            guard !isDecided else { return }
            switch try event.decodedPayload() {
            case .outcome(_, _, let intent, _)?, .outcomeError(_, _, let intent, _)?,
                .settled(let intent, _, _)?:
                outcomes.insert(intent)
            default: break
            }
        case .intent:
            guard !isDecided, !outcomes.contains(event.sequence),
                case .intent(_, _, _, _, .ask)? = try event.decodedPayload()
            else { return }
            doubt = event.sequence
        case .hostCall:
            if event.type == LifeRecord.registering { isRegistered = true }
        case .upgrade:
            guard case .upgrade(let step)? = try event.decodedPayload() else { return }
            if !hasUpgrades, step.stage == .begun {
                // What followed was the new code's, which never had the actor.
                cutUpgrade = (event.sequence, step, call?.function)
                (call, failure, doubt) = (nil, nil, nil)
            }
            (hasUpgrades, isDecided) = (true, true)
            switch step.stage {
            case .undone: isUndone = true
            case .done, .kept: break
            case .begun:
                if !isUndone, cutUpgrade?.sequence != event.sequence {
                    isQuiet = isQuiet ?? hasQuietStart
                }
                isUndone = false
            }
        case .hostError, .denied: break
        }
    }
}
