// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform

/// A ring of the newest events of a chain.
private struct Newest {
    private var events: [RecentEvent] = []
    private var start = 0
    private static let countMax = 256

    mutating func add(_ event: RecentEvent) {
        if events.count < Self.countMax {
            events.append(event)
        } else {
            events[start] = event
            start = (start + 1) % Self.countMax
        }
    }

    func last(_ count: Int) -> [RecentEvent] {
        Array((events[start...] + events[..<start]).suffix(max(0, count)))
    }
}

/// Writes everything that crosses one actor's boundary into its chain.
///
/// Every method but `settle` returns without waiting. A journal that refuses is an ``ActorError`` with
/// the code `actor.journal`: what cannot be recorded does not happen.
final class Recorder: @unchecked Sendable {
    // SAFETY: used by the actor's runner alone, as its `ChainWriter` demands.
    /// `nil` for an actor that is not recorded, and after its end.
    private var writer: ChainWriter?
    /// Whose chain it is; `nil` for an actor that is not recorded.
    private let actor: ActorID?
    private let journal: Journal?
    /// The granted handlers, as recorded.
    let grants: [(grant: HandlerGrant, type: any Handler.Type)]
    /// Whether results leave only when what is recorded is on disk.
    let isStrict: Bool
    /// The newest events, for the actor's own eyes.
    private let newest = Mutex(Newest())
    private var keepsRecent: Bool
    private let world: World
    /// Where those who subscribed get the events.
    let feed: EventFeed
    /// Makes spans of what is recorded; `nil` where nobody takes any.
    let tracer: ActorTracer?

    init(
        writer: ChainWriter?, journal: Journal?,
        grants: [(grant: HandlerGrant, type: any Handler.Type)],
        keepsRecent: Bool, world: World, feed: EventFeed = EventFeed(), tracer: ActorTracer? = nil
    ) {
        self.tracer = tracer
        self.writer = writer
        actor = writer?.actor
        self.journal = journal
        self.grants = grants
        self.keepsRecent = keepsRecent
        self.world = world
        self.feed = feed
        isStrict = writer?.durability == .strict
    }

    func spawned(
        module: Digest, manifest: Digest, name: String, parent: ActorID?, state: [UInt8]
    ) throws(ActorError) {
        try append(
            .spawned(
                module: module, manifest: manifest, name: name, parent: parent,
                grants: grants.map(\.grant.type), state: state))
    }

    func forked(
        _ fork: ForkPoint, _ blueprint: Blueprint, state: [UInt8]
    ) throws(ActorError) {
        try append(
            .forked(
                Fork(
                    of: fork.actor, at: fork.sequence, hash: fork.hash,
                    module: blueprint.template.moduleDigest,
                    manifest: blueprint.manifestDigest, name: blueprint.name,
                    grants: grants.map(\.grant.type), isDryRun: blueprint.isDryRun, state: state)))
    }

    /// Records a step of an exchange of the code.
    func upgrade(_ step: CodeUpgrade) throws(ActorError) { try append(.upgrade(step)) }

    /// Begins to keep the newest events for the actor's own eyes.
    func keepRecent() { keepsRecent = true }

    func called(
        _ function: ExportBinding, _ parameters: [UInt8], fuel: UInt64
    ) throws(ActorError) {
        let head = try append(
            .called,
            .called(
                function: function.name, parameters: parameters, fuel: fuel,
                deadlineNanoseconds: nil)
        ) { (writer, time) throws(JournalError) in
            try writer.appendCalled(
                function: function.nameBytes, parameters: parameters, fuel: fuel, time: time)
        }
        tracer?.called(head)
    }

    func returned(
        _ function: ExportBinding, _ output: [UInt8], fuelUsed: UInt64
    ) throws(ActorError) {
        let head = try append(
            .returned,
            .returned(
                function: function.name, output: output, state: nil, fuelUsed: fuelUsed)
        ) { (writer, time) throws(JournalError) in
            try writer.appendReturned(
                function: function.nameBytes, output: output, fuelUsed: fuelUsed, time: time)
        }
        tracer?.ended(head, hasFailed: false)
    }

    func failed(_ function: String, _ error: ActorError) {
        if let cause = error.cause, cause.code == .outOfFuel || cause.code == .deadline {
            _ = try? append(.limit(kind: cause.code.rawValue, message: cause.message))
        }
        let head = try? append(
            .failed(function: function, kind: error.code.rawValue, message: error.description))
        tracer?.ended(head ?? nil, hasFailed: true)
    }

    /// Records a host call that is over.
    ///
    /// - Parameter isRedacted: whether the guest gets another answer than this one.
    func hostCall(
        _ type: EventType, _ input: UnsafeRawBufferPointer, _ output: [UInt8], isRedacted: Bool
    ) throws(ActorError) {
        let head = try append(
            type,
            .hostCall(interface: "", function: "", input: unsafe [UInt8](input), output: output),
            isRedacted: isRedacted
        ) { (writer, time) throws(JournalError) in
            try unsafe writer.appendHostCall(
                type, input: input.bytes, output: output.span.bytes, isRedacted: isRedacted,
                time: time)
        }
        tracer?.hostCallEnded(head)
    }

    func hostError(
        _ signature: FunctionSignature, _ input: [UInt8], _ message: String
    ) throws(ActorError) {
        let head = try append(
            .hostError(
                interface: signature.interface, function: signature.name, input: input,
                message: message))
        tracer?.hostCallEnded(head, hasFailed: true)
    }

    /// Records that an effect is about to be begun.
    ///
    /// - Returns: the place of the intent; `nil` for an actor that is not recorded.
    func intent(
        _ signature: FunctionSignature, _ input: [UInt8], _ effect: EffectKind,
        _ policy: DoubtPolicy
    ) throws(ActorError) -> EffectID? {
        let head = try append(
            .intent(
                interface: signature.interface, function: signature.name, input: input,
                effect: effect, policy: policy))
        guard let actor, let head else { return nil }
        return EffectID(actor: actor, sequence: head.sequence)
    }

    /// Records what an effect answered, or why it has no answer.
    ///
    /// - Parameter isRedacted: whether the guest gets another answer than this one.
    func outcome(
        _ signature: FunctionSignature, of intent: EffectID, _ result: Result<[UInt8], HostError>,
        isRedacted: Bool = false
    ) throws(ActorError) {
        let (interface, function) = (signature.interface, signature.name)
        switch result {
        case .success(let output):
            let head = try append(
                .outcome(
                    interface: interface, function: function, intent: intent.sequence,
                    output: output), isRedacted: isRedacted)
            tracer?.hostCallEnded(head)
        case .failure(let error):
            let head = try append(
                .outcomeError(
                    interface: interface, function: function, intent: intent.sequence,
                    message: error.description))
            tracer?.hostCallEnded(head, hasFailed: true)
        }
    }

    /// Records how an effect in doubt is settled.
    func settled(
        _ intent: EffectID, as settlement: EffectSettlement, _ note: String
    ) throws(ActorError) {
        try append(.settled(intent: intent.sequence, as: settlement, note: note))
    }

    /// Notes what bringing the actor back needs.
    func note(_ note: LifeNote) throws(ActorError) { try append(.note(note)) }

    func denied(_ what: String, _ reason: String) throws(ActorError) {
        try append(.denied(what: what, reason: reason))
        tracer?.denied()
    }

    /// Records the end.
    ///
    /// - Returns: whether the chain has it now.
    @discardableResult
    func exited(_ reason: ExitReason) -> Bool {
        let payload: EventPayload =
            switch reason {
            case .completed(let result):
                .exited(kind: "completed", reason: "the actor asked for it", result: result)
            case .stopped: .exited(kind: "stopped", reason: "stopped in order", result: nil)
            case .killed: .exited(kind: "killed", reason: "ended at once", result: nil)
            case .failed(let error): .exited(kind: "failed", reason: error.message, result: nil)
            }
        return (try? append(payload)) != nil
    }

    /// Whether bytes that cross the boundary can be recorded, with room for what is noted beside them.
    func fits(_ bytes: [UInt8]) -> Bool {
        guard let journal else { return true }
        return bytes.count <= journal.payloadSizeMax - 4096
    }

    /// With strict durability, waits until everything recorded so far is on disk.
    func settle() async throws(ActorError) {
        if isStrict { try await settleAlways() }
    }

    /// Waits until everything recorded so far is on disk, of a chain that goes there.
    func settleAlways() async throws(ActorError) {
        guard let writer else { return }
        do throws(JournalError) {
            try await writer.sync()
        } catch {
            throw Self.refused(error)
        }
    }

    /// Gives the chain free for the actor's next life.
    func close() { writer = nil }

    /// Whether more is recorded than the disk takes: ``waitForSpace()`` before going on.
    var mustWait: Bool { journal?.isUnderPressure ?? false }

    /// Waits while more is recorded than the disk takes.
    func waitForSpace() async {
        if let journal, journal.isUnderPressure { await journal.waitForSpace() }
    }

    /// Where the chain stands, for the runner; `nil` for an actor that is not recorded.
    private(set) var head: ChainHead?

    /// How many events the chain has; `nil` for an actor that is not recorded. Any task may ask.
    var chainLength: UInt64? {
        actor.flatMap { journal?.existingHead(actor: $0)?.count }
    }

    /// The newest events, oldest first. Any task may ask.
    func recent(_ countMax: Int) -> [RecentEvent] { newest.withLock { $0.last(countMax) } }

    @discardableResult
    private func append(
        _ payload: @autoclosure () -> EventPayload, isRedacted: Bool = false
    ) throws(ActorError) -> EventHead? {
        guard writer != nil else { return nil }
        let payload = payload()
        return try append(payload.type, payload, isRedacted: isRedacted) {
            (writer, time) throws(JournalError) in
            try writer.append(payload, isRedacted: isRedacted, time: time)
        }
    }

    /// Appends an event.
    ///
    /// - Parameter payload: what it says, for those who subscribed and for the actor's own eyes; not made
    ///   without any.
    /// - Returns: the event; `nil` for an actor that is not recorded.
    @discardableResult
    private func append(
        _ type: EventType, _ payload: @autoclosure () -> EventPayload, isRedacted: Bool = false,
        _ write: (ChainWriter, WallTime) throws(JournalError) -> EventHead
    ) throws(ActorError) -> EventHead? {
        guard let writer else { return nil }
        do throws(JournalError) {
            let time = world.wallTime()
            let isObserved =
                feed.isObserved && !(type == .failed && world.has(.unpublishedFailures))
            let parent = keepsRecent || isObserved ? writer.head.hash : nil
            let head = try write(writer, time)
            self.head = ChainHead(count: head.sequence + 1, hash: head.hash)
            guard let parent else { return head }
            let payload = payload()
            if keepsRecent {
                let bytes = payload.encode(isRedacted: isRedacted)
                remember(head, parent, type.name, time, bytes)
            }
            if isObserved {
                feed.publish(
                    FeedEvent(
                        head: head, parent: parent, type: type, time: time, payload: payload,
                        isRedacted: isRedacted))
            }
            return head
        } catch {
            throw Self.refused(error)
        }
    }

    private func remember(
        _ head: EventHead, _ parent: Digest, _ type: String, _ time: WallTime,
        _ payload: [UInt8]
    ) {
        let event = RecentEvent(
            sequence: head.sequence, hash: head.hash.bytes, parent: parent.bytes, type: type,
            time: time, payload: payload)
        newest.withLock { $0.add(event) }
    }

    private static func refused(_ error: JournalError) -> ActorError {
        if error.code == .payloadTooLarge {
            return ActorError(
                .tooLarge, "what the actor passed is too large to be recorded: \(error)")
        }
        return ActorError(.journal, "what the actor does can no longer be recorded: \(error)")
    }
}
