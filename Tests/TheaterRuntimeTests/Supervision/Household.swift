// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Writes guests for trees: parents that hear of their children, and children that end in every way.
struct KinGuest {
    /// What `init` does.
    enum Birth {
        /// Keeps a first state.
        case plain
        /// Asks for its own end, with this result.
        case quit([UInt8])
        /// Traps.
        case trap
        /// Answers with an error.
        case refuse
        /// Calls the first function that it imports of the supervisor, with this input.
        case call(Value)
    }

    static let spawnAndWait =
        "spawn-and-wait: func(manifest: string, init-state: option<value>, wasm-bytes: "
        + "option<list<u8>>, timeout-ms: option<u64>) -> result<option<list<u8>>, string>"
    static let spawn =
        "spawn: func(manifest: string, init-state: option<value>, wasm-bytes: option<list<u8>>) "
        + "-> result<string, string>"
    static let subscribe = "subscribe-to-child: func(child-id: string) -> result<_, string>"
    static let unsubscribe = "unsubscribe-from-child: func(child-id: string) -> result<_, string>"
    static let state = "get-child-state: func(child-id: string) -> result<option<list<u8>>, string>"
    static let list = "list-children: func() -> result<list<string>, string>"
    static let restart = "restart-child: func(child-id: string) -> result<_, string>"
    static let events = "get-child-events: func(child-id: string) -> result<list<list<u8>>, string>"

    var birth = Birth.plain
    /// Functions of the supervisor that it imports, each with an export `test:kin/kin.NAME` that passes on.
    var supervisor: [String] = []
    /// What `handle-child-error` is declared to take.
    var errorParameters = "state: value, child-id: string, error: value"
    /// Types that its declarations use.
    var definitions = ""

    private var callbacks: [String] {
        ["handle-child-error: func(\(errorParameters)) -> value"] + Self.callbacks
    }
    private static let callbacks = [
        "handle-child-exit: func(state: value, child-id: string, result: value) -> value",
        "handle-child-external-stop: func(state: value, child-id: string) -> value",
        "handle-child-event: func(state: value, child-id: string, type: string, data: value) -> value",
    ]

    private static func name(_ declaration: String) -> String {
        String(declaration.prefix { $0 != ":" })
    }

    private static let passOn = """
        (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
          (local.get $lenslot)) (i32.const 0)
        """
    private static let echo = """
        (call $answer (local.get $in) (local.get $size) (local.get $slot) (local.get $lenslot))
        (i32.const 0)
        """

    func wasm() throws -> [UInt8] {
        let passed = supervisor.map { "\(Self.name($0)): func(v: value) -> value" }
        let imported =
            supervisor.isEmpty
            ? "" : "theater:simple/supervisor { \(supervisor.joined(separator: "\n")) }"
        return try Engine.assemble(
            wat: actor(
                """
                \(definitions)
                imports {
                    theater:simple/runtime { shutdown: func(data: option<list<u8>>) -> result<_, string> }
                    test:gate/gate { wait: func(name: string) -> result<string, string> }
                    \(imported)
                }
                exports {
                    theater:simple/actor { init: func(state: value) -> result<value, string> }
                    theater:simple/supervisor-handlers { \(callbacks.joined(separator: "\n")) }
                    test:kin/kin {
                        crash: func()
                        spin: func()
                        lie: func() -> u32
                        quit: func()
                        wait: func(name: string) -> value
                        echo: func(v: value) -> value
                        \(passed.joined(separator: "\n"))
                    }
                }
                """, write))
    }

    private func write(_ actor: inout WatActor) throws {
        let kept = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .ok(.tuple([.u32(1)]))))
        var result: [UInt8] = [7]
        if case .quit(let bytes) = birth { result = bytes }
        let data = try CGRF.encode(.option(.list(.primitive(.u8)), .bytes(result)))
        let quit = """
            (drop (call $shutdown (i32.const 70000) (i32.const \(data.count)) (i32.const 512)
              (i32.const 516)))
            """
        let keep = """
            (call $answer (i32.const 600) (i32.const \(kept.count)) (local.get $slot)
              (local.get $lenslot)) (i32.const 0)
            """
        var first = ""
        switch birth {
        case .plain: break
        case .quit: first = quit
        case .trap: first = "(unreachable)"
        case .refuse:
            let bytes = try CGRF.encode(
                .result(ok: .tuple([]), err: .string, .err(.string("not today"))))
            actor.body.append(WatActor.data(bytes, at: 90000))
            first = """
                (call $answer (i32.const 90000) (i32.const \(bytes.count)) (local.get $slot)
                  (local.get $lenslot)) (return (i32.const 0))
                """
        case .call(let input):
            let bytes = try CGRF.encode(input)
            actor.body.append(WatActor.data(bytes, at: 80000))
            first = """
                (drop (call $f0 (i32.const 80000) (i32.const \(bytes.count)) (i32.const 512)
                  (i32.const 516)))
                """
        }
        actor.pages = (4, nil)
        // What is answered lies above the allocator's first page.
        actor.allocator = Self.allocator
        actor.imports =
            [
                WatActor.importing("theater:simple/runtime", "shutdown", as: "shutdown"),
                WatActor.importing("test:gate/gate", "wait", as: "wait"),
            ]
            + supervisor.enumerated().map { index, function in
                WatActor.importing(
                    "theater:simple/supervisor", Self.name(function), as: "f\(index)")
            }
        actor.body += [
            WatActor.data(kept, at: 600), WatActor.data(data, at: 70000),
            WatActor.function("theater:simple/actor.init", first + keep),
            WatActor.function("test:kin/kin.crash", "unreachable"),
            WatActor.function("test:kin/kin.spin", "(loop $again (br $again)) (unreachable)"),
            WatActor.function("test:kin/kin.lie", Self.echo),
            WatActor.function("test:kin/kin.quit", quit + Self.echo),
            WatActor.function("test:kin/kin.echo", Self.echo),
            WatActor.function(
                "test:kin/kin.wait",
                "(drop (call $wait (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))"
                    + Self.passOn),
        ]
        for callback in callbacks {
            let name = "theater:simple/supervisor-handlers.\(Self.name(callback))"
            actor.body.append(WatActor.function(name, keep))
        }
        for (index, function) in supervisor.enumerated() {
            actor.body.append(
                WatActor.function(
                    "test:kin/kin.\(Self.name(function))",
                    "(drop (call $f\(index) (local.get $in) (local.get $size) (i32.const 512) "
                        + "(i32.const 516)))" + Self.passOn))
        }
    }

    /// Takes fresh pages for everything, far from the constants.
    private static let allocator = """
        (if (i32.le_s (local.get $n) (i32.const 0)) (then (return (i32.const 0))))
        (local.set $p (memory.grow
          (i32.add (i32.shr_u (local.get $n) (i32.const 16)) (i32.const 1))))
        (if (i32.eq (local.get $p) (i32.const -1)) (then (return (i32.const 0))))
        (i32.shl (local.get $p) (i32.const 16))
        """
}

/// A system whose resolver knows a few manifests, and short ways to use it.
struct Household: Sendable {
    /// Answers references from a table; one that begins with `slow` waits at the gate of its name first.
    private struct Cupboard: ActorResolver {
        let made: [String: (Manifest, [UInt8])]

        func resolve(_ reference: ActorReference) async throws(ActorError) -> ResolvedActor {
            if reference.manifest.hasPrefix("slow") {
                _ = await Gate.of(reference.manifest).pass()
            }
            guard let found = made[reference.manifest] else {
                throw ActorError(.manifest, "there is no '\(reference.manifest)'")
            }
            return ResolvedActor(manifest: found.0, wasm: found.1, path: reference.manifest)
        }
    }

    let stage: Stage
    var system: ActorSystem { stage.system }

    /// - Parameter kin: what references mean, beside `plain`: a manifest's children and its guest.
    init(
        _ kin: [String: (children: [ChildDeclaration], guest: KinGuest)] = [:],
        handlers: [any Handler.Type] = [], world: World = .system,
        journal: Journal = .inMemory()
    ) throws {
        var made = ["plain": (Self.manifest("plain"), try KinGuest().wasm())]
        for (name, (children, guest)) in kin {
            var manifest = Self.manifest(String(name.split(separator: "/").last ?? "kin"))
            manifest.children = children
            made[name] = (manifest, try guest.wasm())
        }
        stage = try Stage(
            journal: journal,
            handlers: [RuntimeHandler.self, GateHandler.self, SupervisorHandler.self] + handlers,
            resolver: Cupboard(made: made), world: world)
    }

    static func manifest(_ name: String) -> Manifest {
        Manifest(
            name: name, package: "test.wasm",
            handlers: ["runtime", "gate", "supervisor"].map { HandlerGrant(type: $0) })
    }

    static func declared(
        _ name: String, _ manifest: String = "plain",
        shutdown: ChildDeclaration.Shutdown = .timeout(.seconds(60))
    ) -> ChildDeclaration {
        var child = ChildDeclaration(name: name, manifest: manifest)
        child.restart = .temporary
        child.shutdown = shutdown
        return child
    }

    func request(
        _ name: String = "root", _ guest: KinGuest = KinGuest(), children: [ChildDeclaration] = [],
        change: (inout Manifest) -> Void = { _ in }
    ) throws -> SpawnRequest {
        var manifest = Self.manifest(name)
        manifest.children = children
        change(&manifest)
        return SpawnRequest(wasm: try guest.wasm(), manifest: manifest)
    }

    func root(
        _ guest: KinGuest = KinGuest(), children: [ChildDeclaration] = [],
        change: (inout Manifest) -> Void = { _ in }
    ) async throws -> ActorID {
        try await system.spawn(request("root", guest, children: children, change: change))
    }

    /// Starts a child of an actor.
    func child(
        of parent: ActorID, _ guest: KinGuest = KinGuest(), name: String = "child",
        spec: ChildSpec = ChildSpec()
    ) async throws -> ActorID {
        var request = try request(name, guest)
        request.parent = parent
        request.childSpec = spec
        return try await system.spawn(request)
    }

    /// Begins a wait at a gate in an actor, and returns when it waits there.
    func wait(_ id: ActorID, at gate: String) async -> Task<Void, Never> {
        let system = system
        let call = Task { _ = try? await system.call(id, "test:kin/kin.wait", [.string(gate)]) }
        await Gate.of(gate).arrived()
        return call
    }

    /// The arguments of the next call of a callback of an actor, without its state; waits for it.
    func called(_ id: ActorID, _ callback: String, nth: Int = 1) async throws -> [Value] {
        let name = "theater:simple/supervisor-handlers.\(callback)"
        var iterator = try system.subscribe(to: id, from: .sequence(0)).makeAsyncIterator()
        var count = 0
        while let item = try await iterator.next() {
            guard case .event(let event) = item,
                case .called(let function, let bytes, _, _)? = try event.decodedPayload(),
                function == name
            else { continue }
            count += 1
            guard count == nth else { continue }
            return Array(try #require(try CGRF.decode(bytes).asItems).dropFirst())
        }
        throw Stage.Missing()
    }

    /// Has an actor call a function of the supervisor; answers its `ok`, or the text of its error.
    func ask(
        _ id: ActorID, _ function: String, _ input: Value
    ) async throws -> (ok: Value?, error: String) {
        do throws(ActorError) {
            let answer = try await system.call(id, "test:kin/kin.\(function)", [input])
            guard case .result(_, _, .ok(let value)) = answer else { return (nil, "\(answer)") }
            return (value, "")
        } catch {
            guard error.code == .guestError else { throw error }
            return (nil, error.value?.asString ?? "")
        }
    }

    /// What `spawn` takes, and `spawn-and-wait` with `more`.
    static func order(
        _ manifest: String, state: Value? = nil, wasm: [UInt8]? = nil, more: [Value] = []
    ) -> Value {
        let bytes = ValueType.list(.primitive(.u8))
        return .tuple(
            [.string(manifest), .option(bytes, state), .option(bytes, wasm.map { .bytes($0) })]
                + more)
    }

    /// Waits until an actor of a name runs.
    func live(_ name: String, during work: Work) async throws -> ActorID {
        while true {
            if let id = system.actor(named: name), system.status(of: id) == .running { return id }
            try #require(!work.isOver && !Task.isCancelled, "'\(name)' does not come")
            await Task.yield()
        }
    }

    /// Waits until an actor is in a state, or cannot come to it any more: what leads there is over, or the
    /// time of the test is.
    func reach(_ status: ActorStatus, of id: ActorID, during work: Work) async throws {
        while system.status(of: id) != status {
            try #require(!work.isOver && !Task.isCancelled, "\(id) did not become \(status)")
            await Task.yield()
        }
    }

    /// Waits until so many calls wait for an actor.
    func reach(waiting count: Int, of id: ActorID, during work: Work) async throws {
        while system.actors().first(where: { $0.id == id })?.mailboxDepth != count {
            try #require(!work.isOver && !Task.isCancelled, "no call waits for \(id)")
            await Task.yield()
        }
    }

    /// What must hold when everybody is over.
    func isEmpty() -> Bool { system.actors().isEmpty && system.engine.guestsLive == 0 }
}

/// Something that a test does beside its other steps, and whose end it can see.
final class Work: Sendable {
    private let over = Atomic(false)
    private let body: @Sendable () async -> ActorError?
    private let task = Mutex<Task<ActorError?, Never>?>(nil)

    /// Begins it.
    init(_ body: @escaping @Sendable () async throws(ActorError) -> Void) {
        self.body = {
            do throws(ActorError) {
                try await body()
                return nil
            } catch {
                return error
            }
        }
        task.withLock { task in
            task = Task {
                let error = await self.body()
                self.over.store(true, ordering: .releasing)
                return error
            }
        }
    }

    var isOver: Bool { over.load(ordering: .acquiring) }

    /// The error that it ends with, if any.
    var error: ActorError? { get async { await task.withLock { $0 }?.value } }
}

/// Waits at the gate `closing` while its actor ends.
struct SlowCloseHandler: Handler {
    static let name = "slow-close"
    static let interfaces: [HostInterface] = []

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply { .failure(HostError("slow.none", "no function")) }

    func close() async { _ = await Gate.of("closing").pass() }
}
