// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// Lets an actor have children: start and stop them, look at them, and be told of their ends.
///
/// Manifest: `type = "supervisor"`, with `children_max` (default 100). How children that the manifest
/// declares are started again is in `[supervision]`; children that the actor spawns are not, unless it
/// asks.
public final class SupervisorHandler: Handler {
    /// The name used in manifests.
    public static let name = "supervisor"

    /// `theater:simple/supervisor`, in the two versions that actors are built for.
    public static let interfaces = [
        HostInterface(
            pact: interface(
                """
                spawn: func(manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>)
                    -> result<string, string>
                spawn-and-wait: func(manifest: string, init-state: option<value>, wasm-bytes:
                    option<list<u8>>, timeout-ms: option<u64>) -> result<option<list<u8>>, string>
                subscribe-to-child: func(child-id: string) -> result<_, string>
                unsubscribe-from-child: func(child-id: string) -> result<_, string>
                """), suspending: suspending),
        HostInterface(
            pact: interface(
                """
                spawn: func(manifest: string, init-bytes: option<list<u8>>, wasm-bytes: option<list<u8>>)
                    -> result<string, string>
                spawn-and-wait: func(manifest: string, init-bytes: option<list<u8>>, wasm-bytes:
                    option<list<u8>>, timeout-ms: option<u64>) -> result<option<list<u8>>, string>
                get-child-events: func(child-id: string) -> result<list<list<u8>>, string>
                """), suspending: suspending.union(["get-child-events"])),
    ]

    /// A child starts no more children of its own than its parent may.
    public static let authority: [AuthorityKey] = [.maximum("children_max", absent: 100)]

    private static let suspending: Set<String> = [
        "spawn", "spawn-and-wait", "resume", "restart-child", "stop-child",
    ]

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

    /// How many ends of children may wait for their callbacks; the oldest are dropped beyond that.
    public static let noticesMax = 10_000
    /// How many events `get-child-events` answers.
    public static let eventsMax = 256

    private struct State {
        var notices: [ChildNotice] = []
        var isTelling = false
        var isClosed = false
        var task: Task<Void, Never>?
        var subscriptions: [ActorID: ChildSubscription] = [:]
    }

    private let context: HandlerContext
    private let port: any SupervisionPort
    private let childrenMax: Int
    private let state = Mutex(State())

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        childrenMax = grant.integer("children_max", in: 0...100_000) ?? 100
        try grant.finish()
        self.context = context
        port = context.services.service((any SupervisionPort).self) ?? NoSupervision()
        port.tell(context.actorID) { [weak self] notice in self?.add(notice) }
    }

    /// Ends what the handler does for its actor; its children end with the actor itself.
    public func close() async {
        port.tell(context.actorID, of: nil)
        let (task, subscriptions) = state.withLock { state in
            state.isClosed = true
            state.notices = []
            defer { state.subscriptions = [:] }
            return (state.task, state.subscriptions)
        }
        for subscription in subscriptions.values { subscription.cancel() }
        task?.cancel()
    }

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
        default: return unsubscribe(child)
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
        let callback = "theater:simple/supervisor-handlers.handle-child-event"
        guard context.cell.exports(callback) else {
            return .failure(
                HostError(
                    "supervisor.no-callback",
                    "the actor does not export \(callback), so nobody would hear the events"))
        }
        if state.withLock({ $0.subscriptions[child] }) != nil {
            return .value(Self.ok(.unit))
        }
        let cell = context.cell
        let made = port.subscribe(to: child, parent: context.actorID) { event in
            switch event {
            case .event(let type, let payload):
                _ = await cell.callEvenWhenFull(
                    callback, [.string(child.description), .string(type), .bytes(payload)])
            case .gap(let count):
                _ = await cell.callEvenWhenFull(
                    callback,
                    [
                        .string(child.description), .string("theater-runtime/gap"),
                        .bytes(Array("\(count)".utf8)),
                    ])
            }
        }
        switch made {
        case .failure(let error): return .failure(error)
        case .success(let subscription):
            let known = state.withLock { state in
                state.isClosed
                    ? subscription : state.subscriptions.updateValue(subscription, forKey: child)
            }
            known?.cancel()
            return .value(Self.ok(.unit))
        }
    }

    private func unsubscribe(_ child: ActorID) -> HostReply {
        state.withLock { $0.subscriptions.removeValue(forKey: child) }?.cancel()
        return .value(Self.ok(.unit))
    }

    // MARK: Callbacks

    private func add(_ notice: ChildNotice) {
        let mustStart = state.withLock { state in
            guard !state.isClosed else { return false }
            if state.notices.count >= Self.noticesMax { state.notices.removeFirst() }
            state.notices.append(notice)
            defer { state.isTelling = true }
            return !state.isTelling
        }
        guard mustStart else { return }
        let task = context.world.start { [weak self] in await self?.tell() }
        state.withLock { $0.task = task }
    }

    /// Calls the actor back, one notice after the other.
    private func tell() async {
        while let notice = nextNotice() {
            let (function, arguments) = Self.callback(notice)
            guard context.cell.exports(function) else { continue }
            // An actor that is busy for long is told later.
            var result = await context.cell.callEvenWhenFull(function, arguments)
            while case .failure(let error) = result, error.code == .late, !isClosed {
                result = await context.cell.callEvenWhenFull(function, arguments)
            }
            if case .failure(let error) = result, error.code != .ended {
                context.logger.warning("the callback \(function) failed: \(error.message)")
            }
        }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func nextNotice() -> ChildNotice? {
        state.withLock { state in
            guard !state.notices.isEmpty, !state.isClosed else {
                state.isTelling = false
                return nil
            }
            return state.notices.removeFirst()
        }
    }

    private static func callback(_ notice: ChildNotice) -> (String, [Value]) {
        let interface = "theater:simple/supervisor-handlers"
        switch notice {
        case .exited(let child, let result):
            return (
                "\(interface).handle-child-exit",
                [
                    .string(child.description),
                    .option(.list(.primitive(.u8)), result.map { .bytes($0) }),
                ]
            )
        case .stopped(let child):
            return ("\(interface).handle-child-external-stop", [.string(child.description)])
        case .failed(let child, let code, let message):
            let (name, tag): (String, UInt32) =
                switch code {
                case "actor.deadline": ("operation-timeout", 0)
                case "actor.wrong-result": ("type-mismatch", 4)
                case "actor.shutting-down": ("shutting-down", 2)
                default: ("internal", 5)
                }
            let error = Value.record(
                Value.Record(
                    "wit-actor-error",
                    [
                        .init(
                            "error-type",
                            .variant(
                                Value.Variant("wit-error-type", name, tag: tag))),
                        .init(
                            "data",
                            .option(
                                .list(.primitive(.u8)),
                                .bytes(Array("\(message) [\(code)]".utf8)))),
                    ]))
            return ("\(interface).handle-child-error", [.string(child.description), error])
        }
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
        sink: @escaping @Sendable (ChildEvent) async -> Void
    ) -> Result<ChildSubscription, HostError> { .failure(Self.error) }
    func tell(_ parent: ActorID, of sink: (@Sendable (ChildNotice) -> Void)?) {}
}
