// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

/// A node in memory whose chains are replayed.
struct Theatre {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let node: Node
    var system: ActorSystem { node.system }

    init(environment: [String: String] = [:]) throws {
        node = try Node(
            NodeOptions(
                guestsMax: 32, environment: environment, handlers: [TryHandler.self]),
            logger: Self.quiet)
    }

    func spawn(
        _ wat: String, change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        try await spawn(wasm: Engine.assemble(wat: wat), change: change)
    }

    func spawn(
        wasm: [UInt8], change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        let manifest = Manifest(
            name: "actor", package: "test.wasm",
            handlers: [HandlerGrant(type: "runtime"), HandlerGrant(type: "try")])
        var request = SpawnRequest(wasm: wasm, manifest: manifest)
        change(&request)
        return try await system.spawn(request)
    }

    func events(of id: ActorID) async throws -> [ChainEvent] {
        var cursor = try await node.journal.events(of: id)
        var events: [ChainEvent] = []
        while let event = try cursor.next() { events.append(event) }
        return events
    }

    /// What the node keeps.
    var library: StoredCode { StoredCode(node.store, logger: Self.quiet) }

    /// Replays a chain with what the node keeps, or other code.
    func replay(
        _ events: [ChainEvent], until: UInt64? = nil, wasm: [UInt8]? = nil
    ) async throws -> ReplayVerdict {
        let options = Node.registry([TryHandler.self]).replayOptions(until: until)
        let events = ReplayEvents(events)
        if let wasm {
            let replayer = Replayer(
                engine: system.engine, library: OneCode(ReplayCode(wasm: wasm)), options: options)
            return try await replayer.replay(events)
        }
        let replayer = Replayer(
            engine: system.engine, library: library, options: options)
        return try await replayer.replay(events)
    }

    /// Replays a chain, which must show no difference; the text says what it shows.
    @discardableResult
    func expectFaithful(
        _ id: ActorID, _ location: Testing.SourceLocation = #_sourceLocation
    ) async throws -> ReplayVerdict {
        let events = try await events(of: id)
        let calls = TryHandler.answered.withLock { $0[id] }
        let verdict = try await replay(events)
        #expect(
            verdict.isFaithful, "\(verdict.divergence.map { "\($0)" } ?? "")",
            sourceLocation: location)
        #expect(verdict.counts.events == UInt64(events.count), sourceLocation: location)
        #expect(
            TryHandler.answered.withLock { $0[id] } == calls, "a handler was asked",
            sourceLocation: location)
        return verdict
    }
}

/// Echoes, waits, fails and denies.
struct TryHandler: Handler {
    static let name = "try"
    static let interfaces = [
        HostInterface(
            pact: """
                interface try {
                    @package: string = "test:try"
                    exports {
                        same: func(value: string) -> string
                        large: func(size: u32) -> list<u8>
                        later: func(value: string) -> result<string, string>
                        never: func(value: string) -> result<string, string>
                        fail: func(value: string) -> result<_, string>
                        trap: func(value: string) -> u32
                        deny: func(value: string) -> result<_, string>
                        put: func(value: string) -> result<string, string>
                        burn: func(value: string) -> u32
                        hang: func(value: string) -> result<string, string>
                    }
                }
                """,
            suspending: ["later", "never", "put", "burn", "hang"],
            effects: ["put": .once, "burn": .once, "hang": .once])
    ]

    /// How many calls of an actor were answered.
    static let answered = Mutex<[ActorID: Int]>([:])
    /// Told when a guest waits for ever.
    static let waiting = Mutex<AsyncStream<Void>.Continuation?>(nil)

    private let actor: ActorID

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        actor = context.actorID
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply {
        Self.answered.withLock { $0[actor, default: 0] += 1 }
        let argument = call.arguments.first ?? .unit
        let error = HostError("try.\(call.function)", "no \(call.function) today")
        switch call.function {
        case "same": return .value(argument)
        case "large":
            guard case .u32(let size) = argument else { return .failure(error) }
            return .value(.bytes((0..<size).map { UInt8(truncatingIfNeeded: $0) }))
        case "later", "put":
            return .later {
                await Task.yield()
                return .success(.result(ok: .string, err: .string, .ok(argument)))
            }
        case "never", "hang":
            return .later {
                Self.waiting.withLock { $0 }?.yield()
                let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
                for await _ in stream {}
                withExtendedLifetime(continuation) {}
                return .failure(error)
            }
        case "deny": return .denied(error)
        default: return .failure(error)
        }
    }

    func close() async {}
}

/// Guests that pass what they get to one host function and answer with what that answers.
enum Guests {
    static let functions = [
        "same", "later", "never", "fail", "trap", "deny", "large", "put", "burn", "hang",
    ]

    /// Exports `test:guest/guest.<function>` for each host function, `keep` with a state, `echo`,
    /// `crash`, `spin`, `refuse`, and `many`, which calls `same` as often as the size of its input.
    static func all(keep: Int = 1) throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports {
                    test:try/try {
                        same: func(value: string) -> string
                        large: func(size: u32) -> list<u8>
                        later: func(value: string) -> result<string, string>
                        never: func(value: string) -> result<string, string>
                        fail: func(value: string) -> result<_, string>
                        trap: func(value: string) -> u32
                        deny: func(value: string) -> result<_, string>
                        put: func(value: string) -> result<string, string>
                        burn: func(value: string) -> u32
                        hang: func(value: string) -> result<string, string>
                    }
                }
                exports {
                    test:guest/guest {
                        same: func(value: string) -> value
                        large: func(size: u32) -> value
                        later: func(value: string) -> value
                        never: func(value: string) -> value
                        fail: func(value: string) -> value
                        trap: func(value: string) -> value
                        deny: func(value: string) -> value
                        put: func(value: string) -> value
                        burn: func(value: string) -> value
                        hang: func(value: string) -> value
                        echo: func(value: value) -> value
                        crash: func(value: value) -> value
                        spin: func(value: value) -> value
                        refuse: func(value: value) -> value
                        many: func(value: value) -> value
                        grow: func(value: value) -> u32
                    }
                }
                """, file: "test.pact")
        ).encoded()
        let passing =
            "(local.get $in) (local.get $size) (i32.const 512) (i32.const 516)"
        let answering =
            "(call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot) "
            + "(local.get $lenslot)) (i32.const 0)"
        for name in functions {
            actor.imports.append(WatActor.importing("test:try/try", name, as: name))
            actor.body.append(
                WatActor.function(
                    "test:guest/guest.\(name)", "(drop (call $\(name) \(passing))) \(answering)"))
        }
        let echo =
            "(call $answer (local.get $in) (local.get $size) (local.get $slot) (local.get $lenslot))"
        let number = try CGRF.encode(.u32(0))
        actor.body += [
            WatActor.function("test:guest/guest.echo", "\(echo) (i32.const 0)"),
            WatActor.function("test:guest/guest.crash", "unreachable"),
            WatActor.function("test:guest/guest.spin", "(loop $l (br $l)) (i32.const 0)"),
            WatActor.function(
                "test:guest/guest.many",
                """
                (local.set $i (local.get $size))
                (loop $l (drop (call $same \(passing)))
                  (local.set $i (i32.sub (local.get $i) (i32.const \(keep)))) (br_if $l (local.get $i)))
                \(answering)
                """),
            WatActor.answering(
                "test:guest/guest.refuse", Array("no\u{7}, not today".utf8), at: 40960, status: -1),
            // The answer's number is its last four bytes.
            WatActor.data(number, at: 49152),
            WatActor.function(
                "test:guest/guest.grow",
                """
                (local.set $i (memory.grow (i32.const 16)))
                (i32.store (i32.const \(49152 + number.count - 4)) (local.get $i))
                (call $answer (i32.const 49152) (i32.const \(number.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
        ]
        return actor.wat
    }

    /// Exports `tell`, which answers with the variable that it is asked for, and `keep`, which asks and
    /// answers nothing of it.
    static func environment() throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports { theater:simple/environment { get-var: func(name: string) -> option<string> } }
                exports {
                    test:guest/guest {
                        tell: func(name: string) -> value
                        keep: func(name: string) -> value
                    }
                }
                """, file: "test.pact")
        ).encoded()
        actor.imports = [
            WatActor.importing("theater:simple/environment", "get-var", as: "get")
        ]
        let asking =
            "(drop (call $get (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))"
        actor.body = [
            WatActor.function(
                "test:guest/guest.tell",
                """
                \(asking) (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                  (local.get $slot) (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.function(
                "test:guest/guest.keep",
                """
                \(asking) (call $answer (local.get $in) (local.get $size) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
        ]
        return actor.wat
    }

    /// Exports functions that leave constant states: `one`, `two` and `three` with totals 1, 2 and 3;
    /// `same` a constant value and no state; `no` an error, and `crash` a trap.
    ///
    /// - Parameter state: what the first parameter is called; earlier tools did not call it `state`.
    static func states(state: String = "state", third: UInt32 = 3) throws -> String {
        var actor = WatActor()
        let taking = "func(\(state): value) -> result<value, string>"
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                exports {
                    test:states/states {
                        one: \(taking)
                        two: \(taking)
                        three: \(taking)
                        same: func() -> u32
                        no: \(taking)
                        crash: \(taking)
                    }
                }
                """, file: "test.pact")
        ).encoded()
        func answer(_ value: Value) throws -> [UInt8] {
            try CGRF.encode(.result(ok: .tuple([]), err: .string, .ok(.tuple([value]))))
        }
        let prefix = "test:states/states."
        actor.body = [
            WatActor.answering(prefix + "one", try answer(total(1)), at: 32768),
            WatActor.answering(prefix + "two", try answer(total(2)), at: 36864),
            WatActor.answering(prefix + "three", try answer(total(third)), at: 40960),
            WatActor.answering(prefix + "same", try CGRF.encode(.u32(7)), at: 45056),
            WatActor.answering(
                prefix + "no",
                try CGRF.encode(
                    .result(ok: .tuple([]), err: .string, .err(.string("not today")))), at: 49152),
            WatActor.function(prefix + "crash", "unreachable"),
        ]
        return actor.wat
    }

    /// A state with a total, and as many names.
    static func total(_ number: UInt32) -> Value {
        let names = (0..<number).map { Value.string("name \($0)") }
        return .record(
            Value.Record(
                "state",
                [.init("total", .u32(number)), .init("names", .list(.string, names))]))
    }

    /// Exports `count`, which answers how often it was called, a number in the guest's memory alone;
    /// `keep`, which stores its input; and `crash`.
    static func counter() throws -> String {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports {
                    theater:simple/store {
                        store: func(store-id: string, content: list<u8>) -> result<string, string>
                    }
                }
                exports {
                    test:guest/guest {
                        count: func() -> u32
                        keep: func(store-id: string, content: list<u8>) -> value
                        crash: func() -> u32
                    }
                }
                """, file: "test.pact")
        ).encoded()
        actor.imports = [WatActor.importing("theater:simple/store", "store", as: "store")]
        let number = try CGRF.encode(.u32(0))
        actor.body = [
            "(global $count (mut i32) (i32.const 0))",
            WatActor.data(number, at: 49152),
            WatActor.function(
                "test:guest/guest.count",
                """
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (i32.store (i32.const \(49152 + number.count - 4)) (global.get $count))
                (call $answer (i32.const 49152) (i32.const \(number.count)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.function(
                "test:guest/guest.keep",
                """
                (drop (call $store (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516))
                  (local.get $slot) (local.get $lenslot)) (i32.const 0)
                """),
            WatActor.function("test:guest/guest.crash", "unreachable"),
        ]
        return actor.wat
    }

    static func name(_ function: String) -> String { "test:guest/guest.\(function)" }
}

extension ChainEvent {
    /// The event with another payload and its old hash.
    func altered(payload: [UInt8]) -> ChainEvent {
        ChainEvent(
            actor: actor, sequence: sequence, parent: parent, type: type, time: time,
            payload: payload, payloadDigest: payloadDigest, hash: hash)
    }

    /// The event without its payload.
    var dropped: ChainEvent {
        ChainEvent(
            actor: actor, sequence: sequence, parent: parent, type: type, time: time, payload: nil,
            payloadDigest: payloadDigest, hash: hash)
    }

    /// The event at another place of its chain, with its old hashes.
    func renumbered(_ sequence: UInt64) -> ChainEvent {
        ChainEvent(
            actor: actor, sequence: sequence, parent: parent, type: type, time: time,
            payload: payload, payloadDigest: payloadDigest, hash: hash)
    }

    /// The event after another, with another payload, and hashes to fit.
    func forged(_ payload: EventPayload? = nil, after parent: Digest) -> ChainEvent {
        let bytes = payload?.encode() ?? self.payload ?? []
        func made(_ hash: Digest) -> ChainEvent {
            ChainEvent(
                actor: actor, sequence: sequence, parent: parent,
                type: payload?.type.name ?? type, time: time, payload: bytes,
                payloadDigest: .sha256(of: bytes), hash: hash)
        }
        return made(made(.zero).computedHash)
    }
}

/// A chain with one event's payload replaced, and every hash made anew.
func forging(
    _ events: [ChainEvent], at sequence: Int, _ payload: EventPayload
) -> [ChainEvent] {
    var forged: [ChainEvent] = []
    for (index, event) in events.enumerated() {
        let parent = forged.last?.hash ?? ChainHead.genesis(of: event.actor)
        forged.append(event.forged(index == sequence ? payload : nil, after: parent))
    }
    return forged
}

/// Events of one chain, numbered and hashed anew.
func reforged(_ events: [ChainEvent]) -> [ChainEvent] {
    forging(
        events.enumerated().map { $1.renumbered(UInt64($0)) }, at: -1, .denied(what: "", reason: "")
    )
}
