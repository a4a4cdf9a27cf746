// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
public import TheaterStore
internal import TheaterValue

/// Content that outlives a call: immutable blobs by their digest, and labels that name them.
///
/// Manifest: `type = "store"`. An actor has one namespace: a private one, or with `store_id` one that
/// it shares with all actors that name the same. `quota` bounds its bytes, `count_max` the pieces of
/// content, and the labels, that it may have.
///
/// What writes is an effect. Content stored twice is there once; a label set twice may undo what another
/// actor did in between.
public struct StoreHandler: Handler {
    /// The name used in manifests.
    public static let name = "store"

    /// `theater:simple/store`, and beside it what came later: `theater:simple/store-labels`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface store {
                    @package: string = "theater:simple"
                    exports {
                        new: func() -> result<string, string>
                        store: func(store-id: string, content: list<u8>) -> result<string, string>
                        get: func(store-id: string, content-ref: string) -> result<list<u8>, string>
                        exists: func(store-id: string, content-ref: string) -> result<bool, string>
                        label: func(store-id: string, label: string, content-ref: string)
                            -> result<_, string>
                        get-by-label: func(store-id: string, label: string)
                            -> result<option<string>, string>
                        remove-label: func(store-id: string, label: string) -> result<_, string>
                        store-at-label: func(store-id: string, label: string, content: list<u8>)
                            -> result<string, string>
                        replace-content-at-label: func(
                            store-id: string, label: string, content: list<u8>)
                            -> result<string, string>
                        replace-at-label: func(store-id: string, label: string, content-ref: string)
                            -> result<_, string>
                        list-all-content: func(store-id: string) -> result<list<string>, string>
                        calculate-total-size: func(store-id: string) -> result<u64, string>
                        list-labels: func(store-id: string) -> result<list<string>, string>
                    }
                }
                """,
            suspending: [
                "store", "get", "exists", "label", "get-by-label", "remove-label", "store-at-label",
                "replace-content-at-label", "replace-at-label", "list-all-content",
                "calculate-total-size", "list-labels",
            ],
            effects: [
                "store": .idempotent, "label": .once, "remove-label": .once,
                "store-at-label": .once, "replace-content-at-label": .once,
                "replace-at-label": .once,
            ]),
        HostInterface(
            pact: """
                interface store-labels {
                    @package: string = "theater:simple"
                    exports {
                        remove-from-label: func(
                            store-id: string, label: string, content-ref: string)
                            -> result<_, string>
                        compare-and-set-label: func(
                            store-id: string, label: string, expected: option<string>,
                            content-ref: option<string>) -> result<bool, string>
                        forget: func(store-id: string, content-ref: string) -> result<bool, string>
                    }
                }
                """,
            suspending: ["remove-from-label", "compare-and-set-label", "forget"],
            effects: [
                "remove-from-label": .once, "compare-and-set-label": .once, "forget": .once,
            ]),
    ]

    /// Nothing is held for an actor: what it stored stays.
    public static let isStateless = true

    /// A child's store holds no more than its parent's may. `store_id` is not declared, so a child uses
    /// the store that its parent uses: a shared one under the same name, or one of its own under none.
    public static let authority: [AuthorityKey] = [
        .maximum("quota", .bytes, absent: defaultQuota.sizeMax),
        .maximum("count_max", absent: UInt64(defaultQuota.countMax)),
    ]

    /// The most bytes that an actor may store or get at once: what crosses the boundary is recorded,
    /// and an event has a bound of its own.
    public static let contentSizeMax = 16 << 20
    /// The most bytes of one list of digests or labels: far more than the default `count_max` of digests
    /// takes.
    public static let listSizeMax = 16 << 20
    /// What a namespace may hold when the manifest does not say.
    public static let defaultQuota = StoreQuota(sizeMax: 1 << 30, countMax: 100_000)
    /// The highest `count_max`.
    public static let countMaxMax = 1_000_000

    private let scope: StoreScope
    private let store: ContentStore?

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        var namespace = StoreNamespace(of: context.actorID)
        if let id = grant.string("store_id") {
            if let named = StoreNamespace(id), !named.isPrivate, !named.isSystem {
                namespace = named
            } else if StoreNamespace(id)?.isSystem == true {
                grant.refuse(
                    "store_id",
                    "'store_id' begins with 'theater.', and those stores are the runtime's",
                    suggestion: "choose a name such as \"pages\"")
            } else if StoreNamespace(id) != nil {
                grant.refuse(
                    "store_id",
                    "'store_id' is an identity, and those name the private stores of actors",
                    suggestion: "choose a name such as \"pages\"")
            } else {
                grant.refuse(
                    "store_id", "'store_id' cannot name a store",
                    suggestion:
                        "use 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first")
            }
        }
        let size = grant.bytes("quota")
        let count = grant.integer("count_max", in: 1...Self.countMaxMax)
        try grant.finish()
        scope = StoreScope(
            namespace: namespace,
            quota: StoreQuota(
                sizeMax: size?.bytes ?? Self.defaultQuota.sizeMax,
                countMax: count ?? Self.defaultQuota.countMax))
        store = context.services.service(ContentStore.self)
    }

    /// Answers one call: decides at once what it asks for, and leaves the disk to a thread of the
    /// store.
    public func answer(_ call: HostCall) -> HostReply {
        let operation: StoreOperation
        switch StoreOperation.decide(call, scope) {
        case .success(.new(let id)): return .value(StoreOperation.ok(.string, .string(id)))
        case .success(let decided): operation = decided
        case .failure(.denied(let error)): return .denied(error)
        case .failure(.wrong(let error)): return .failure(error)
        }
        guard let store else {
            return .failure(
                HostError(
                    "store.unavailable",
                    "this node has no store. Provide a ContentStore among its services."))
        }
        let scope = scope
        guard !store.isInMemory else {
            return
                switch Result(catching: { () throws(StoreError) in
                    try operation.run(on: store, scope)
                })
            {
            case .success(let value): .value(value)
            case .failure(let error): .failure(Self.hostError(error))
            }
        }
        return .later {
            await store.perform { (store) throws(StoreError) in
                try operation.run(on: store, scope)
            }.mapError(Self.hostError)
        }
    }

    private static func hostError(_ error: StoreError) -> HostError {
        HostError(error.code.rawValue, error.message)
    }
}

/// What one actor may touch.
struct StoreScope: Sendable {
    let namespace: StoreNamespace
    let quota: StoreQuota
}
