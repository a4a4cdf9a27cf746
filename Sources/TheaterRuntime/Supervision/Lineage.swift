// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterCapability
internal import TheaterChain
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// Everything that an actor is made from: what a new life of it needs.
final class Blueprint: Sendable {
    let name: String
    let manifest: Manifest
    /// The digest of the manifest, as chains record it; of no meaning without a journal.
    let manifestDigest: Digest
    let template: ActorTemplate
    let granted: [(grant: HandlerGrant, type: any Handler.Type)]
    /// What the actor holds, which is the most that its children get.
    let grants: GrantSet
    let initialState: Value
    /// Where the manifest was, so that references in it can be resolved, and what they may lead to.
    let origin: String?
    let scope: ReferenceScope
    /// Whether host functions that would reach beyond the actor are refused.
    let isDryRun: Bool
    /// Whether an actor wrote the manifest.
    let isAuthored: Bool

    init(
        name: String, manifest: Manifest, manifestDigest: Digest, template: ActorTemplate,
        granted: GrantedHandlers, initialState: Value,
        origin: String?, scope: ReferenceScope, isDryRun: Bool = false,
        isAuthored: Bool = false
    ) {
        self.isDryRun = isDryRun
        self.isAuthored = isAuthored
        self.name = name
        self.manifest = manifest
        self.manifestDigest = manifestDigest
        self.template = template
        self.granted = granted.handlers
        grants = granted.effective.grants
        self.initialState = initialState
        self.origin = origin
        self.scope = scope
    }

    private init(_ other: Blueprint, _ template: ActorTemplate) {
        isDryRun = other.isDryRun
        isAuthored = other.isAuthored
        name = other.name
        manifest = other.manifest
        manifestDigest = other.manifestDigest
        self.template = template
        granted = other.granted
        grants = other.grants
        initialState = other.initialState
        origin = other.origin
        scope = other.scope
    }

    /// The same with other code.
    func with(_ template: ActorTemplate) -> Blueprint { Blueprint(self, template) }

    /// What the actor itself may name: files in the folder of its manifest; when that is not on disk, in
    /// the folder that it was confined to itself.
    func scope(of actor: ActorID) -> ReferenceScope {
        if let origin, !origin.isStoreReference {
            return .named(folder: Manifest.resolve(".", relativeTo: origin), actor: actor)
        }
        guard case .named(let folder, _) = scope else { return .named(folder: nil, actor: actor) }
        return .named(folder: folder, actor: actor)
    }
}

/// An actor's place in the tree, which outlives its lives.
///
/// Made for actors that have a parent or children; most actors have none.
final class Lineage: Sendable {
    private struct State {
        var blueprint: Blueprint?
        var lives = 0
        /// Whether a start was ever reported to the parent.
        var isKnown = false
        var lastState: Value?
        var startError: ActorError?
        var team: Team?
        /// How the present life ended, when that was before its start was reported.
        var early: ExitReason?
        /// Whether somebody starts it again, who has no parent.
        var isRestarting = false
        /// Whether somebody else ends it meanwhile.
        var isReleased = false
    }

    let id: ActorID
    /// `nil` for a root.
    let parent: Lineage?
    let spec: ChildSpec
    /// Who waits for its result; then the parent is not told of it.
    let waiter: ResultBox?
    private let state: Mutex<State>

    init(
        _ id: ActorID, parent: Lineage?, spec: ChildSpec, blueprint: Blueprint?,
        lives: Int = 0, waiter: ResultBox? = nil
    ) {
        self.id = id
        self.parent = parent
        self.spec = spec
        self.waiter = waiter
        state = Mutex(State(blueprint: blueprint, lives: lives))
    }

    /// Whether the parent is not told of it.
    var isPrivate: Bool { waiter != nil }

    /// What it is made from.
    var blueprint: Blueprint? {
        get { state.withLock { $0.blueprint } }
        set { state.withLock { $0.blueprint = newValue } }
    }

    var team: Team? { state.withLock { $0.team } }

    /// The children's supervisor, made when it is first wanted.
    func team(_ make: () -> Team) -> Team {
        state.withLock { state in
            let team = state.team ?? make()
            state.team = team
            return team
        }
    }

    /// A life is over: the next one has a new team.
    func forgetTeam() { state.withLock { $0.team = nil } }

    /// How often the actor was started again.
    var restarts: Int { state.withLock { max(0, $0.lives - 1) } }

    /// What the next life starts with; counts it.
    func beginLife() -> Value? {
        state.withLock { state in
            state.lives += 1
            state.startError = nil
            state.early = nil
            return spec.state == .last ? state.lastState : nil
        }
    }

    func keep(lastState: Value) { state.withLock { $0.lastState = lastState } }

    var startError: ActorError? {
        get { state.withLock { $0.startError } }
        set { state.withLock { $0.startError = newValue } }
    }

    var isKnown: Bool { state.withLock { $0.isKnown } }

    /// Its start is reported to the parent.
    ///
    /// - Returns: how the life has ended already, of which the parent is to be told now.
    func becomeKnown() -> ExitReason? {
        state.withLock { state in
            state.isKnown = true
            defer { state.early = nil }
            return state.early
        }
    }

    /// A life has ended.
    ///
    /// - Returns: whether the parent knows of the child. If not it is told once it does.
    func endsKnown(_ reason: ExitReason) -> Bool {
        state.withLock { state in
            if !state.isKnown { state.early = reason }
            return state.isKnown
        }
    }

    /// Whether somebody starts it again, who has no parent.
    var isRestarting: Bool { state.withLock { $0.isRestarting } }

    /// Begins to start it again; `false` when somebody does already.
    func beginRestart() -> Bool {
        state.withLock { state in
            if state.isRestarting { return false }
            (state.isRestarting, state.isReleased) = (true, false)
            return true
        }
    }

    /// Somebody ends it: whoever starts it again does not go on.
    func release() { state.withLock { $0.isReleased = true } }

    var isReleased: Bool { state.withLock { $0.isReleased } }

    func endRestart() { state.withLock { $0.isRestarting = false } }
}

/// Keeps how a child ended for the one who waits for it.
final class ResultBox: Sendable {
    private let kept = Mutex<ExitReason?>(nil)

    var reason: ExitReason? { kept.withLock { $0 } }

    func keep(_ reason: ExitReason) { kept.withLock { $0 = reason } }
}

extension String {
    /// Whether the text refers to the store.
    var isStoreReference: Bool { hasPrefix("store://") }
}
