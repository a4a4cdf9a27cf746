// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// A system with an in-memory journal, and short ways to start actors in it.
struct Stage {
    let system: ActorSystem
    let journal: Journal
    let log: LogStore
    let handlers: HandlerRegistry

    init(
        journal: Journal = .inMemory(), guestsMax: Int = 32, yieldInterval: UInt64 = 1_000_000,
        handlers: [any Handler.Type] = [RuntimeHandler.self, GateHandler.self, StrictHandler.self],
        resolver: (any ActorResolver)? = nil, world: World = .system,
        observability: ObservabilityOptions = ObservabilityOptions(),
        services: HandlerServices = HandlerServices()
    ) throws {
        let log = LogStore()
        self.log = log
        self.journal = journal
        self.handlers = HandlerRegistry(handlers)
        system = ActorSystem(
            engine: try Engine(EngineOptions(guestsMax: guestsMax, yieldInterval: yieldInterval)),
            journal: journal, handlers: self.handlers,
            logger: Logger(label: "test") { _ in StoreLogHandler(store: log) },
            services: services, resolver: resolver, keeper: StageReplay.code,
            world: world, observability: observability)
    }

    /// Starts an actor; every handler in `grants` is granted.
    func spawn(
        _ wat: String, name: String = "actor", grants: [String] = ["runtime"],
        change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        var request = try Self.request(wat, name: name, grants: grants)
        change(&request)
        return try await system.spawn(request)
    }

    static func request(
        _ wat: String, name: String = "actor", grants: [String] = ["runtime"]
    ) throws -> SpawnRequest {
        let manifest = Manifest(
            name: name, package: "test.wasm", handlers: grants.map { HandlerGrant(type: $0) })
        return SpawnRequest(wasm: try Engine.assemble(wat: wat), manifest: manifest)
    }

    /// The error that starting an actor ends with.
    func refusal(
        _ wat: String, name: String = "actor", grants: [String] = ["runtime"],
        change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorError {
        do {
            _ = try await spawn(wat, name: name, grants: grants, change: change)
        } catch let error as ActorError {
            return error
        }
        throw Missing()
    }

    /// The error that a call ends with.
    func failure(
        _ id: ActorID, _ function: String, _ arguments: [Value] = [],
        options: CallOptions = CallOptions()
    ) async throws -> ActorError {
        do {
            try await system.call(id, function, arguments, options: options)
        } catch {
            return error
        }
        throw Missing()
    }

    /// The typed payloads of an actor's chain, which is verified and replayed first.
    func events(of id: ActorID) async throws -> [EventPayload] {
        let reader = try await journal.reader()
        let report = try reader.verify(id)
        try #require(report.isValid, "\(report.problem.map(String.init(describing:)) ?? "")")
        try await StageReplay.expectFaithful(
            id, in: reader, of: journal, handlers: handlers)
        var cursor = try reader.events(of: id)
        var payloads: [EventPayload] = []
        while let event = try cursor.next() {
            payloads.append(try #require(try event.decodedPayload()))
        }
        return payloads
    }

    struct Missing: Error {}
}

/// The metadata of a guest with these declarations.
func metadata(_ pact: String) throws -> [UInt8] {
    try PackageMetadata(package: PactPackage.parse(pact, file: "test.pact")).encoded()
}

/// A guest with these declarations.
func actor(_ pact: String, _ change: (inout WatActor) throws -> Void) throws -> String {
    var actor = WatActor()
    actor.metadata = try metadata(pact)
    try change(&actor)
    return actor.wat
}

/// A guest whose one function waits at the gate until the test opens it.
func waiter() throws -> String {
    try actor(
        """
        imports { test:gate/gate { wait: func(name: string) -> result<string, string> } }
        exports { test:waiter/waiter { wait: func(name: string) -> value } }
        """
    ) { actor in
        actor.imports = [WatActor.importing("test:gate/gate", "wait", as: "wait")]
        actor.body = [
            WatActor.function(
                "test:waiter/waiter.wait",
                """
                (drop (call $wait (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """)
        ]
    }
}

/// Lines that actors logged.
final class LogStore: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func add(_ line: String) { kept.withLock { $0.append(line) } }
}

struct StoreLogHandler: LogHandler {
    let store: LogStore
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let name = metadata["actor.name"] ?? event.metadata?["actor.name"] ?? "?"
        store.add("[\(name)] \(event.message)")
    }
}

/// Waits until the test lets it go on. Functions: `wait`, which suspends.
struct GateHandler: Handler {
    static let name = "gate"
    static let interfaces = [
        HostInterface(
            pact: """
                interface gate {
                    @package: string = "test:gate"
                    exports { wait: func(name: string) -> result<string, string> }
                }
                """,
            suspending: ["wait"])
    ]

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply {
        guard case .string(let name)? = call.arguments.first else {
            return .failure(HostError("gate.argument", "no name"))
        }
        return .later {
            switch await Gate.of(name).pass() {
            case true: .success(.result(ok: .string, err: .string, .ok(.string("passed \(name)"))))
            case false: .failure(HostError("gate.cancelled", "the wait at \(name) was cancelled"))
            }
        }
    }

    func close() async {}
}

/// A place where guests wait: arrivals are announced, and all go on once it is open.
final class Gate: Sendable {
    private struct State {
        var arrivals = 0
        var isOpen = false
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        var watchers: [(Int, CheckedContinuation<Void, Never>)] = []
    }
    private let state = Mutex(State())
    private static let gates = Mutex<[String: Gate]>([:])

    static func of(_ name: String) -> Gate {
        gates.withLock { gates in
            let gate = gates[name] ?? Gate()
            gates[name] = gate
            return gate
        }
    }

    func pass() async -> Bool {
        let number = state.withLock { state -> Int in
            state.arrivals += 1
            return state.arrivals
        }
        let passed = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goOn = state.withLock { state -> Bool? in
                    if state.isOpen { return true }
                    if Task.isCancelled { return false }
                    state.waiting[number] = continuation
                    return nil
                }
                wake()
                if let goOn { continuation.resume(returning: goOn) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: false)
        }
        return passed
    }

    private func wake() {
        let ready = state.withLock { state in
            let ready = state.watchers.filter { $0.0 <= state.arrivals }
            state.watchers.removeAll { $0.0 <= state.arrivals }
            return ready
        }
        for (_, watcher) in ready { watcher.resume() }
    }

    /// Waits until so many have arrived.
    func arrived(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state -> Bool in
                if state.arrivals >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume(returning: true) }
    }
}

/// Fails and denies. Functions: `fail` with an error value, `trap` without, `deny`.
struct StrictHandler: Handler {
    static let name = "strict"
    static let interfaces = [
        HostInterface(
            pact: """
                interface strict {
                    @package: string = "test:strict"
                    exports {
                        fail: func() -> result<_, string>
                        trap: func() -> u32
                        deny: func() -> result<_, string>
                    }
                }
                """)
    ]

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        _ = grant.string("mode")
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply {
        let error = HostError("strict.\(call.function)", "no \(call.function) today")
        return call.function == "deny" ? .denied(error) : .failure(error)
    }

    func close() async {}
}

/// Asks for the end of its actor from a task of its own, as soon as it is made.
struct QuitHandler: Handler {
    static let name = "quit"
    static let interfaces: [HostInterface] = []

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
        let cell = context.cell
        Task {
            for _ in 0..<100 { await Task.yield() }
            cell.requestShutdown(result: nil)
        }
    }

    func answer(_ call: HostCall) -> HostReply { .failure(HostError("quit.none", "no function")) }
}
