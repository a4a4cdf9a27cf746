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
    static let functions = """
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
        """
    static let interfaces = [
        HostInterface(
            pact: """
                interface try {
                    @package: string = "test:try"
                    exports { \(functions) }
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
