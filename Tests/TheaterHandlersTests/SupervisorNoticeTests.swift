// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Testing
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

/// What the supervisor's handler keeps, and when it lets it go. The actor and the tree are the test's own.
@Suite("What the supervisor keeps", .timeLimit(.minutes(1)))
struct SupervisorNoticeTests {
    private static func id(_ number: UInt64) -> ActorID { ActorID(high: 1, low: number) }
    private static let own = ActorID(high: 9, low: 9)
    private static let handlers = "theater:simple/supervisor-handlers"

    private static func make(
        _ cell: Listener, _ tree: Tree, log: Lines = Lines(), noticesMax: Int = 3
    ) throws -> SupervisorHandler {
        var services = HandlerServices()
        services.provide(tree, as: (any SupervisionPort).self)
        let context = HandlerContext(
            actorID: own, actorName: "test",
            logger: Logger(label: "test") { _ in LineHandler(lines: log) }, cell: cell,
            services: services)
        var reader = HandlerGrant(type: "supervisor").reader()
        return try SupervisorHandler(grant: &reader, context: context, noticesMax: noticesMax)
    }

    private static func answer(
        _ handler: SupervisorHandler, _ function: String, _ child: ActorID
    ) async -> Result<Value, HostError> {
        let call = HostCall(
            interface: "theater:simple/supervisor", function: function,
            arguments: [.string(child.description)])
        switch handler.answer(call) {
        case .value(let value): return .success(value)
        case .failure(let error): return .failure(error)
        case .later(let operation): return await operation()
        default: return .failure(HostError("test.form", "an unexpected form of answer"))
        }
    }

    @Test("ends beyond the bound are counted and logged, and the actor is told how many")
    func missed() async throws {
        let (cell, tree, log) = (Listener(), Tree(), Lines())
        let handler = try Self.make(cell, tree, log: log)
        cell.hold()
        tree.tellEnd(.exited(Self.id(0), nil))
        try await cell.reached(1)
        for number in 1...5 { tree.tellEnd(.exited(Self.id(UInt64(number)), nil)) }
        #expect(tree.missed == 2)
        cell.letGo()
        try await cell.reached(5)
        let calls = cell.calls
        #expect(calls.map { $0.0 }.filter { $0.hasSuffix("handle-child-exit") }.count == 4)
        #expect(calls[1].0 == "\(Self.handlers).handle-child-event")
        #expect(
            calls[1].1 == [
                .string(Self.own.description), .string("theater-runtime/notices-lost"),
                .bytes(Array("2".utf8)),
            ])
        #expect(
            [0, 2, 3, 4].map { calls[$0].1.first }
                == [0, 3, 4, 5].map { .string("\(Self.id(UInt64($0)))") })
        #expect(log.all.contains { $0.contains("the oldest are dropped") })
        #expect(log.all.contains { $0.contains("was not told of 2 ends") })
        await handler.close()
    }

    @Test("a subscription is forgotten when its stream ends, and can be made again")
    func streamEnd() async throws {
        let (cell, tree) = (Listener(), Tree())
        let handler = try Self.make(cell, tree)
        for round in 1...3 {
            let child = Self.id(1)
            #expect(try await Self.answer(handler, "subscribe-to-child", child).isOK)
            #expect(try await Self.answer(handler, "subscribe-to-child", child).isOK)
            #expect(tree.subscribed == round, "twice is once")
            #expect(handler.subscriptionsCount == 1)
            tree.endStreams()
            #expect(handler.subscriptionsCount == 0)
        }
        tree.endsAtOnce()
        #expect(try await Self.answer(handler, "subscribe-to-child", Self.id(2)).isOK)
        #expect(handler.subscriptionsCount == 0)
        #expect(tree.cancelled == 1, "what ended before it was known is let go")
        tree.refuses()
        let refused = await Self.answer(handler, "subscribe-to-child", Self.id(3))
        guard case .failure(let error) = refused else { throw Missing() }
        #expect(error.code == "supervisor.not-a-child")
        #expect(handler.subscriptionsCount == 0)
        await handler.close()
    }

    @Test("an event that cannot begin in time is told later, unless nobody wants it any more")
    func late() async throws {
        let (cell, tree) = (Listener(), Tree())
        let handler = try Self.make(cell, tree)
        let child = Self.id(1)
        #expect(try await Self.answer(handler, "subscribe-to-child", child).isOK)
        cell.beLate(3)
        await tree.say(.event(type: "a", payload: [1]))
        await tree.say(.gap(7))
        await tree.say(.broken("no disk"))
        #expect(
            cell.calls.map { $0.1[1].asString } == ["a", "a", "a", "a"] + [
                "theater-runtime/gap", "theater-runtime/broken",
            ])
        #expect(cell.calls.last?.1.last == .bytes(Array("no disk".utf8)))
        #expect(try await Self.answer(handler, "unsubscribe-from-child", child).isOK)
        await tree.say(.event(type: "b", payload: []))
        #expect(cell.calls.count == 6)
        await handler.close()
    }

    @Test("a state and events that do not encode are the caller's errors")
    func encoding() async throws {
        let tree = Tree()
        let handler = try Self.make(Listener(), tree)
        for (function, code) in [
            ("get-child-state", "supervisor.state"), ("get-child-events", "supervisor.events"),
        ] {
            guard case .failure(let error) = await Self.answer(handler, function, Self.id(1)) else {
                throw Missing()
            }
            #expect(error.code == code)
        }
        await handler.close()
    }

    struct Missing: Error {}
}

extension Result where Success == Value, Failure == HostError {
    fileprivate var isOK: Bool {
        get throws { try get() == .result(ok: .string, err: .string, .ok(.unit)) }
    }
}

/// An actor that writes down how it is called back.
private final class Listener: CellPort {
    private struct State {
        var calls: [(String, [Value])] = []
        var lates = 0
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var calls: [(String, [Value])] { state.withLock { $0.calls } }

    func hold() { state.withLock { $0.isHeld = true } }

    func letGo() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    /// So many calls do not begin in time.
    func beLate(_ count: Int) { state.withLock { $0.lates = count } }

    /// Waits until it was called so often.
    func reached(_ count: Int) async throws {
        while calls.count < count {
            try #require(!Task.isCancelled, "\(calls.count) calls of \(count) came")
            await Task.yield()
        }
    }

    func requestShutdown(result: [UInt8]?) {}
    func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
    func exports(_ function: String) -> Bool { true }

    func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
        let isLate = state.withLock { state in
            state.calls.append((function, arguments))
            defer { state.lates -= 1 }
            return state.lates > 0
        }
        if isLate { return .failure(CallbackError(.late, "too late")) }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isHeld { state.held.append(continuation) }
                return !state.isHeld
            }
            if isFree { continuation.resume() }
        }
        return .success(.unit)
    }
}

/// A tree that does what the test says.
private final class Tree: SupervisionPort {
    private struct State {
        var notices: (@Sendable (ChildNotice) -> Void)?
        var sink: (@Sendable (ChildEvent) async -> Void)?
        var ended: [@Sendable () -> Void] = []
        var missed = 0
        var subscribed = 0
        var cancelled = 0
        var endsAtOnce = false
        var refuses = false
    }

    private let state = Mutex(State())

    var missed: Int { state.withLock { $0.missed } }
    var subscribed: Int { state.withLock { $0.subscribed } }
    var cancelled: Int { state.withLock { $0.cancelled } }

    func tellEnd(_ notice: ChildNotice) { state.withLock { $0.notices }?(notice) }
    func say(_ event: ChildEvent) async { await state.withLock { $0.sink }?(event) }
    func endsAtOnce() { state.withLock { $0.endsAtOnce = true } }
    func refuses() { state.withLock { $0.refuses = true } }

    func endStreams() {
        let ended = state.withLock { state in
            defer { state.ended = [] }
            return state.ended
        }
        for end in ended { end() }
    }

    func tell(_ parent: ActorID, of sink: (@Sendable (ChildNotice) -> Void)?) {
        state.withLock { $0.notices = sink }
    }

    func missed(_ count: Int, by parent: ActorID) { state.withLock { $0.missed += count } }

    func subscribe(
        to child: ActorID, parent: ActorID,
        sink: @escaping @Sendable (ChildEvent) async -> Void,
        ended: @escaping @Sendable () -> Void
    ) -> Result<ChildSubscription, HostError> {
        let (refuses, endsAtOnce) = state.withLock { state in
            state.subscribed += 1
            state.sink = sink
            if !state.endsAtOnce { state.ended.append(ended) }
            return (state.refuses, state.endsAtOnce)
        }
        if refuses { return .failure(HostError("supervisor.not-a-child", "a stranger")) }
        if endsAtOnce { ended() }
        return .success(ChildSubscription { self.state.withLock { $0.cancelled += 1 } })
    }

    private static let none = HostError("test.none", "the test has no such thing")

    func spawn(_ order: ChildOrder, parent: ActorID) async -> Result<ActorID, HostError> {
        .failure(Self.none)
    }
    func spawnAndWait(
        _ order: ChildOrder, timeout: Duration?, parent: ActorID
    ) async -> Result<[UInt8]?, HostError> { .failure(Self.none) }
    func children(of parent: ActorID) -> [ActorID] { [] }
    func restart(_ child: ActorID, parent: ActorID) async -> HostError? { Self.none }
    func stop(_ child: ActorID, parent: ActorID) async -> HostError? { Self.none }

    /// A state that is no value of its own type.
    func state(of child: ActorID, parent: ActorID) -> Result<Value, HostError> {
        .success(.tuple([.list(.primitive(.u8), [.string("no byte")])]))
    }

    /// An event whose type is larger than any value may be.
    func events(
        of child: ActorID, countMax: Int, parent: ActorID
    ) async -> Result<[RecentEvent], HostError> {
        .success([
            RecentEvent(
                sequence: 0, hash: [], parent: [],
                type: String(repeating: "x", count: CGRF.Limits().payloadMax + 1),
                time: WallTime(nanoseconds: 0), payload: [])
        ])
    }
}

private final class Lines: Sendable {
    private let kept = Mutex<[String]>([])
    var all: [String] { kept.withLock { $0 } }
    func add(_ line: String) { kept.withLock { $0.append(line) } }
}

private struct LineHandler: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.add("\(event.message)") }
}
