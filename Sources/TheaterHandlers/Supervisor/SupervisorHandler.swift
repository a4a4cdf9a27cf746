// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// Lets an actor have children: start and stop them, look at them, and be told of their ends.
///
/// Manifest: `type = "supervisor"`, with `children_max` (default 100). How children that the manifest
/// declares are started again is in `[[children]]`. Children that the actor spawns are not, unless their
/// own manifests say so with `restart` in `[supervision]`.
public final class SupervisorHandler: Handler {
    /// The name used in manifests.
    public static let name = "supervisor"

    /// `theater:simple/supervisor`: in the two versions that actors are built for, and in one with the
    /// functions of both.
    public static let interfaces = [
        HostInterface(pact: interface(spawn + subscribe), suspending: suspending),
        HostInterface(
            pact: interface(
                """
                spawn: func(manifest: string, init-bytes: option<list<u8>>, wasm-bytes: option<list<u8>>)
                    -> result<string, string>
                spawn-and-wait: func(manifest: string, init-bytes: option<list<u8>>, wasm-bytes:
                    option<list<u8>>, timeout-ms: option<u64>) -> result<option<list<u8>>, string>

                """ + events), suspending: suspendingWithEvents),
        HostInterface(
            pact: interface(spawn + subscribe + events), suspending: suspendingWithEvents),
    ]

    private static let spawn = """
        spawn: func(manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>)
            -> result<string, string>
        spawn-and-wait: func(manifest: string, init-state: option<value>, wasm-bytes:
            option<list<u8>>, timeout-ms: option<u64>) -> result<option<list<u8>>, string>

        """
    private static let subscribe = """
        subscribe-to-child: func(child-id: string) -> result<_, string>
        unsubscribe-from-child: func(child-id: string) -> result<_, string>

        """
    private static let events = """
        get-child-events: func(child-id: string) -> result<list<list<u8>>, string>

        """

    /// A child starts no more children of its own than its parent may.
    public static let authority: [AuthorityKey] = [.maximum("children_max", absent: 100)]

    private static let suspending: Set<String> = [
        "spawn", "spawn-and-wait", "resume", "restart-child", "stop-child",
    ]
    private static let suspendingWithEvents = suspending.union(["get-child-events"])

    private static func interface(_ functions: String) -> String {
        """
        interface supervisor {
            @package: string = "theater:simple"
            exports {
                \(functions)
                resume: func(manifest: string, state-bytes: option<list<u8>>, wasm-bytes:
                    option<list<u8>>) -> result<string, string>
                list-children: func() -> result<list<string>, string>
                restart-child: func(child-id: string) -> result<_, string>
                stop-child: func(child-id: string) -> result<_, string>
                get-child-state: func(child-id: string) -> result<option<list<u8>>, string>
            }
        }
        """
    }

    /// How many ends of children may wait for their callbacks; beyond that the oldest are dropped, and the
    /// actor is told how many.
    public static let noticesMax = 10_000
    /// How many events `get-child-events` answers.
    public static let eventsMax = 256

    private let context: HandlerContext
    private let port: any SupervisionPort
    private let childrenMax: Int
    private let notices: ChildNotices
    private let subscriptions: ChildSubscriptions

    /// Makes the handler of one actor.
    public convenience init(
        grant: inout SectionReader, context: HandlerContext
    ) throws(ManifestDiagnostics) {
        try self.init(grant: &grant, context: context, noticesMax: Self.noticesMax)
    }

    /// The same, with another bound.
    package init(
        grant: inout SectionReader, context: HandlerContext, noticesMax: Int
    ) throws(ManifestDiagnostics) {
        childrenMax = grant.integer("children_max", in: 0...100_000) ?? 100
        try grant.finish()
        self.context = context
        port = context.services.service((any SupervisionPort).self) ?? NoSupervision()
        let notices = ChildNotices(context, port, countMax: noticesMax)
        self.notices = notices
        subscriptions = ChildSubscriptions(context, port)
        port.tell(context.actorID) { [weak notices] notice in notices?.add(notice) }
    }

    /// Ends what the handler does for its actor; its children end with the actor itself.
    public func close() async {
        port.tell(context.actorID, of: nil)
        subscriptions.close()
        notices.close()
    }

    /// How many children the actor listens to.
    package var subscriptionsCount: Int { subscriptions.count }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch call.function {
        case "spawn", "resume": spawn(call)
        case "spawn-and-wait": spawnAndWait(call)
        case "list-children": .value(Self.ok(Self.strings(port.children(of: context.actorID))))
        case "restart-child", "stop-child", "get-child-state", "get-child-events",
            "subscribe-to-child", "unsubscribe-from-child":
            withChild(call)
        default:
            .failure(
                HostError(
                    "supervisor.unknown-function",
                    "'\(call.function)' is not a function of supervisor"))
        }
    }

    // MARK: Starting

    private func order(_ call: HostCall) -> Result<ChildOrder, HostError> {
        guard call.arguments.count >= 3, case .string(let text) = call.arguments[0],
            case .option(_, let state) = call.arguments[1],
            case .option(_, let wasm) = call.arguments[2]
        else { return .failure(Self.wrongArgument(call)) }
        guard port.children(of: context.actorID).count < childrenMax else {
            return .failure(
                HostError(
                    "supervisor.too-many-children",
                    "the actor has \(childrenMax) children, which is all its grant allows; raise "
                        + "children_max, or stop some"))
        }
        // A manifest has at least two lines or an equals sign; a reference has neither.
        let isText = text.utf8.contains { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "=") }
        return .success(
            ChildOrder(
                manifest: isText ? .text(text) : .reference(text), initialState: state,
                wasm: wasm?.asBytes))
    }

    private func spawn(_ call: HostCall) -> HostReply {
        let order: ChildOrder
        switch self.order(call) {
        case .success(let made): order = made
        case .failure(let error): return .failure(error)
        }
        let (port, parent) = (port, context.actorID)
        return .later {
            await port.spawn(order, parent: parent).map { Self.ok(.string($0.description)) }
        }
    }

    private func spawnAndWait(_ call: HostCall) -> HostReply {
        let order: ChildOrder
        switch self.order(call) {
        case .success(let made): order = made
        case .failure(let error): return .failure(error)
        }
        guard call.arguments.count == 4, case .option(_, let timeout) = call.arguments[3] else {
            return .failure(Self.wrongArgument(call))
        }
        var duration: Duration?
        if case .u64(let milliseconds)? = timeout {
            duration = .milliseconds(Int64(clamping: milliseconds))
        }
        let (port, parent, limit) = (port, context.actorID, duration)
        return .later {
            await port.spawnAndWait(order, timeout: limit, parent: parent).map { result in
                Self.ok(.option(.list(.primitive(.u8)), result.map { .bytes($0) }))
            }
        }
    }

    // MARK: Children

    private func withChild(_ call: HostCall) -> HostReply {
        guard case .string(let text)? = call.arguments.first else {
            return .failure(Self.wrongArgument(call))
        }
        guard let child = ActorID(text) else {
            return .failure(
                HostError(
                    "supervisor.bad-identity",
                    "'\(text.prefix(64))' is not the identity of an actor; pass what spawn or "
                        + "list-children answered"))
        }
        let (port, parent) = (port, context.actorID)
        switch call.function {
        case "restart-child":
            return .later { Self.done(await port.restart(child, parent: parent)) }
        case "stop-child":
            return .later { Self.done(await port.stop(child, parent: parent)) }
        case "get-child-state": return state(of: child)
        case "get-child-events":
            return .later {
                await port.events(of: child, countMax: Self.eventsMax, parent: parent)
                    .flatMap { events in Self.encoded(events) }
            }
        case "subscribe-to-child": return subscribe(child)
        default:
            subscriptions.remove(child)
            return .value(Self.ok(.unit))
        }
    }

    /// The state as bytes: itself when it is bytes, its CGRF form otherwise.
    private func state(of child: ActorID) -> HostReply {
        switch port.state(of: child, parent: context.actorID) {
        case .failure(let error): return .failure(error)
        case .success(let value):
            let bytes: [UInt8]?
            if case .option(_, let inner) = value, inner == nil || inner?.asBytes != nil {
                bytes = inner?.asBytes
            } else if let plain = value.asBytes {
                bytes = plain
            } else {
                do throws(CGRFError) {
                    bytes = try CGRF.encode(value)
                } catch {
                    return .failure(
                        HostError("supervisor.state", "the child's state does not encode: \(error)")
                    )
                }
            }
            return .value(Self.ok(.option(.list(.primitive(.u8)), bytes.map { .bytes($0) })))
        }
    }

    private func subscribe(_ child: ActorID) -> HostReply {
        let callback = ChildSubscriptions.callback
        guard context.cell.exports(callback) else {
            return .failure(
                HostError(
                    "supervisor.no-callback",
                    "the actor does not export \(callback), so nobody would hear the events"))
        }
        if let error = subscriptions.add(child) { return .failure(error) }
        return .value(Self.ok(.unit))
    }

    // MARK: Values

    private static func ok(_ value: Value) -> Value {
        .result(ok: .string, err: .string, .ok(value))
    }

    private static func strings(_ children: [ActorID]) -> Value {
        .list(.string, children.map { .string($0.description) })
    }

    private static func done(_ error: HostError?) -> Result<Value, HostError> {
        error.map { .failure($0) } ?? .success(ok(.unit))
    }

    private static func encoded(_ events: [RecentEvent]) -> Result<Value, HostError> {
        do throws(CGRFError) {
            var items: [Value] = []
            for event in events { items.append(.bytes(try CGRF.encode(event.value))) }
            return .success(ok(.list(.list(.primitive(.u8)), items)))
        } catch {
            return .failure(
                HostError("supervisor.events", "the child's events do not encode: \(error)"))
        }
    }

    private static func wrongArgument(_ call: HostCall) -> HostError {
        HostError(
            "supervisor.wrong-argument", "'\(call.function)' got an argument of another type")
    }
}

/// Stands in where a system has no supervision: an actor that is only checked.
private struct NoSupervision: SupervisionPort {
    private static let error = HostError(
        "supervisor.unavailable", "this system has no supervision; run the actor in a node")

    func spawn(_ order: ChildOrder, parent: ActorID) async -> Result<ActorID, HostError> {
        .failure(Self.error)
    }
    func spawnAndWait(
        _ order: ChildOrder, timeout: Duration?, parent: ActorID
    ) async -> Result<[UInt8]?, HostError> { .failure(Self.error) }
    func children(of parent: ActorID) -> [ActorID] { [] }
    func restart(_ child: ActorID, parent: ActorID) async -> HostError? { Self.error }
    func stop(_ child: ActorID, parent: ActorID) async -> HostError? { Self.error }
    func state(of child: ActorID, parent: ActorID) -> Result<Value, HostError> {
        .failure(Self.error)
    }
    func events(
        of child: ActorID, countMax: Int, parent: ActorID
    ) async -> Result<[RecentEvent], HostError> { .failure(Self.error) }
    func subscribe(
        to child: ActorID, parent: ActorID,
        sink: @escaping @Sendable (ChildEvent) async -> Void,
        ended: @escaping @Sendable () -> Void
    ) -> Result<ChildSubscription, HostError> { .failure(Self.error) }
    func missed(_ count: Int, by parent: ActorID) {}
    func tell(_ parent: ActorID, of sink: (@Sendable (ChildNotice) -> Void)?) {}
}
