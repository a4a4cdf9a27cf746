// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
internal import TheaterEngine
public import TheaterManifest
internal import TheaterPact
public import TheaterPlatform
public import TheaterReplay
public import TheaterValue

/// Where a fork leaves another actor's chain.
public struct ForkPoint: Sendable {
    /// Whose chain it is.
    public let actor: ActorID
    /// The last event that is the fork's past, too.
    public let sequence: UInt64
    /// The hash of that event.
    public let hash: Digest
    /// The actor's state after it.
    public let state: Value
    /// Whether the fork may change the world. Otherwise host functions that would are refused, which is
    /// recorded: effects, messages, calls of others and children.
    public let hasEffects: Bool
    private let life: ChainLineage
    private let options: ReplayOptions

    /// Finds a point.
    ///
    /// - Parameters:
    ///   - event: the last event that is the fork's past, too; between two calls.
    ///   - state: the actor's state after it.
    ///   - reader: of the journal that has the chain.
    ///   - options: how chains of the node are replayed.
    public init(
        at event: ChainEvent, state: Value, in reader: JournalReader, options: ReplayOptions,
        hasEffects: Bool = false
    ) throws(ReplayError) {
        actor = event.actor
        sequence = event.sequence
        hash = event.hash
        self.state = state
        self.hasEffects = hasEffects
        self.options = options
        life = try ChainLineage(of: event.actor, upTo: event.sequence, in: reader).lastLife()
    }

    /// Runs the life of the chain again, for a guest that goes on from there.
    func bring(
        _ engine: Engine, _ linked: LinkedModule, _ control: GuestControl, _ host: any GuestHost,
        _ limits: Limits, _ kept: (any ReplayLibrary)?
    ) async throws(ActorError) -> ReplayedGuest {
        // The code is linked already.
        let code = ReplayCode(wasm: [], limits: limits)
        do throws(ReplayError) {
            let library = LinkedCode(birth: try life.code(), code: code, kept: kept)
            return try await Replayer(engine: engine, library: library, options: options)
                .bring(life, linked: linked, control: control, host: host)
        } catch {
            throw ActorError(
                .fork, "the fork cannot begin at event \(sequence) of \(actor): \(error)")
        }
    }
}

extension ReplayCode {
    /// Code with the limits of a manifest.
    public init(wasm: [UInt8], limits: Limits) {
        self.init(
            wasm: wasm, limits: GuestLimits(limits),
            startFuel: min(limits.fuelPerCall, limits.fuelPerLife ?? .max))
    }
}

/// Code that is linked already, and what it replaced in the course of its life.
struct LinkedCode: ReplayLibrary {
    let birth: ReplayBirth
    let code: ReplayCode
    let kept: (any ReplayLibrary)?

    func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode {
        if birth == self.birth { return code }
        guard let kept else {
            throw ReplayError(
                .noCode,
                "the wasm \(birth.module) that the actor had before it was upgraded is not kept; fork "
                    + "it in a node that keeps code")
        }
        return try await kept.code(for: birth)
    }
}

extension ActorSystem {
    /// Starts an actor that goes on where the chain of another stands at an event: with its code, its
    /// state and what is in its memory.
    ///
    /// The chain's life is run again up to there, without any effect; `init` is not called. The fork has a
    /// chain of its own, whose first event names the other and the place. It begins without what handlers
    /// held: no timers, channels, requests or children of the other are its own, and the children that its
    /// manifest declares are not started.
    ///
    /// - Parameter request: the wasm and the manifest that the chain names, and a name for the fork.
    /// - Throws: what ``spawn(_:)`` throws, and `actor.fork` when the chain cannot be run again up to there.
    @concurrent
    public func fork(
        _ request: SpawnRequest, at point: ForkPoint
    ) async throws(ActorError) -> ActorID {
        var request = request
        request.manifest.children = []
        let blueprint = try await blueprint(request, isDryRun: !point.hasEffects)
        let id = world.newActorID()
        try await startLife(id, blueprint, state: point.state, lineage: nil, fork: point)
        return id
    }
}

extension ImportBinding {
    /// Whether the function reaches beyond the actor: an effect, or something that other actors feel.
    var reachesOut: Bool {
        if effect != nil { return true }
        guard failsWithString else { return false }
        return switch signature.interface {
        case "theater:simple/message-server-host": true
        case "theater:simple/supervisor":
            !signature.name.hasPrefix("get-") && !signature.name.hasPrefix("list-")
        case "theater:simple/rpc": signature.name == "call"
        default: false
        }
    }
}
