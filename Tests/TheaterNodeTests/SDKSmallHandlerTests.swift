// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterCapability
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterValue

/// Goal: timers, loops, chance, waits and variables work from the code that an author writes, through a
/// node with its real clock. Method: one project of the SDK that uses all five.
@Suite("Small handlers from the SDK", .timeLimit(.minutes(3)))
struct SDKSmallHandlerTests {
    private static let pact = """
        record state {
            ticks: list<string>,
            turns: u32,
        }
        imports {
            theater:simple/timer {
                set-interval: func(name: string, interval-ms: u64) -> result<string, string>
                clear-interval: func(name: string) -> result<_, string>
                now: func() -> u64
            }
            theater:simple/timer-once {
                set-timeout: func(name: string, delay-ms: u64) -> result<string, string>
            }
            theater:simple/loop {
                start-loop: func(initial-state: list<u8>) -> result<_, string>
                stop-loop: func() -> result<_, string>
            }
            theater:simple/timing {
                now: func() -> u64
                sleep: func(duration: u64) -> result<_, string>
                deadline: func(timestamp: u64) -> result<_, string>
            }
            theater:simple/random {
                random-bytes: func(length: u32) -> result<list<u8>, string>
                random-range: func(min: u64, max: u64) -> result<u64, string>
                random-float: func() -> result<f64, string>
                generate-uuid: func() -> result<string, string>
            }
            theater:simple/environment {
                get-var: func(name: string) -> option<string>
                list-vars: func() -> list<tuple<string, string>>
                exists: func(name: string) -> bool
            }
        }
        exports {
            theater:simple/actor {
                init: func(state: value) -> result<state, string>
            }
            theater:simple/timer {
                handle-tick: func(state: state, name: string) -> result<state, string>
            }
            theater:simple/loop-client {
                loop: func(state: state, bytes: list<u8>) ->
                    result<tuple<state, option<list<u8>>>, string>
            }
            demo:small/small {
                surroundings: func(state: state) -> result<tuple<state, list<string>>, string>
                chance: func(state: state) -> result<tuple<state, list<string>>, string>
                wait: func(state: state) -> result<tuple<state, u64>, string>
                seen: func(state: state) -> result<tuple<state, list<string>, u32>, string>
            }
        }
        """

    private static let source = """
        import TheaterGuest

        enum Actor: Exports {
            static func initialize(_ argument: Argument) throws(Failure) -> State {
                _ = try Timer.setInterval("beat", intervalMs: 10)
                _ = try TimerOnce.setTimeout("once", delayMs: 1)
                try Loop.startLoop([3])
                return State(ticks: [], turns: 0)
            }

            static func handleTick(_ state: inout State, name: String) throws(Failure) {
                state.ticks.append(name)
                let beats = state.ticks.filter { $0 == "beat" }
                if name == "beat", beats.count == 3 { try Timer.clearInterval(name) }
            }

            static func loop(_ state: inout State, bytes: [UInt8]) throws(Failure) -> [UInt8]? {
                state.turns += 1
                return bytes[0] > 1 ? [bytes[0] - 1] : nil
            }

            static func surroundings(_ state: inout State) throws(Failure) -> [String] {
                var lines = Environment.listVars().map { "\\($0.0)=\\($0.1)" }
                lines.append(Environment.getVar("APP_NAME") ?? "none")
                lines.append(Environment.getVar("PATH") ?? "none")
                lines.append(Environment.exists("HOME") ? "a home" : "no home")
                return lines
            }

            static func chance(_ state: inout State) throws(Failure) -> [String] {
                let bytes = try Random.randomBytes(4)
                let number = try Random.randomRange(10, max: 20)
                let fraction = try Random.randomFloat()
                let isFraction = fraction >= 0 && fraction < 1
                return [
                    "\\(bytes.count)", "\\(number)", isFraction ? "fraction" : "wrong",
                    try Random.generateUuid(),
                ]
            }

            static func wait(_ state: inout State) throws(Failure) -> UInt64 {
                let before = Timing.now()
                try Timing.sleep(5)
                try Timing.deadline(before)
                return Timer.now() - before
            }

            static func seen(_ state: inout State) throws(Failure) -> ([String], UInt32) {
                (state.ticks, state.turns)
            }
        }
        """

    private static let manifest = """
        name = "demo"
        package = "demo.wasm"
        [[handler]]
        type = "timer"
        [[handler]]
        type = "timing"
        [[handler]]
        type = "loop"
        [[handler]]
        type = "random"
        seed = 42
        [[handler]]
        type = "environment"
        allowed_vars = ["APP_*"]
        allow_list_all = true
        """

    @Test("an author's actor ticks, loops, draws, waits and reads what it is granted")
    func all() async throws {
        let wasm = try await buildActor(pact: Self.pact, source: Self.source).wasm
        let node = try Node(
            NodeOptions(
                guestsMax: 4, environment: ["APP_NAME": "demo", "HOME": "/root", "PATH": "/bin"]),
            logger: .quiet)
        let system = node.system
        let manifest = try Manifest.parse(Self.manifest, file: "manifest.toml")
        func lines(_ id: ActorID, _ function: String) async throws -> [String] {
            let answer = try await system.call(id, "demo:small/small.\(function)")
            return try #require(answer.asItems).compactMap(\.asString)
        }
        let first = try await system.spawn(
            SpawnRequest(wasm: wasm, manifest: manifest, name: "first"))
        let second = try await system.spawn(
            SpawnRequest(wasm: wasm, manifest: manifest, name: "second"))
        #expect(
            try await lines(first, "surroundings") == [
                "APP_NAME=demo", "demo", "none", "no home",
            ])
        let drawn = try await lines(first, "chance")
        #expect(drawn[0] == "4" && drawn[2] == "fraction" && ActorID(drawn[3]) != nil)
        #expect((10..<20).contains(try #require(Int(drawn[1]))))
        #expect(try await lines(second, "chance") == drawn, "both have one seed")
        let waited = try await system.call(first, "demo:small/small.wait")
        #expect(try #require(waited.integer(as: UInt64.self)) >= 5)
        // Each look waits in the guest, so ticks and turns come in between.
        var ticks: [String] = []
        var turns: UInt32 = 0
        while ticks.count < 4 || turns < 3 {
            try Task.checkCancellation()
            _ = try await system.call(first, "demo:small/small.wait")
            let seen = try await system.call(first, "demo:small/small.seen").asItems
            ticks = try #require(seen?.first?.asItems).compactMap(\.asString)
            turns = try #require(seen?.last?.integer(as: UInt32.self))
        }
        #expect(ticks.first == "beat", "the first tick of an interval comes at once")
        #expect(ticks.sorted() == ["beat", "beat", "beat", "once"])
        #expect(turns == 3)
        try await expectReplays(of: node, chains: 2)
        try await node.close()
    }

    @Test("a node shows its actors nothing of its own environment unless it is granted")
    func registry() throws {
        let registry = Node.registry()
        for name in ["timer", "timing", "loop", "random", "environment"] {
            let type = try #require(registry.handler(named: name))
            let manifest = Manifest(
                name: "a", package: "a.wasm", handlers: [HandlerGrant(type: name)])
            let granted = try registry.grants(of: manifest)
            #expect(granted.effective.refusals.isEmpty)
            #expect(!type.authority.isEmpty)
        }
        let bare = Manifest(
            name: "a", package: "a.wasm", handlers: [HandlerGrant(type: "environment")])
        let held = try registry.grants(of: bare).effective.grants
        let wide = Manifest(
            name: "b", package: "b.wasm",
            handlers: [
                HandlerGrant(
                    type: "environment", configuration: ["allowed_vars": .array([.string("*")])])
            ])
        let child = try registry.grants(of: wide, parent: held)
        let grant = try #require(child.handlers.first?.grant)
        #expect(grant.configuration["allowed_vars"] == .array([]), "narrowed to nothing")
    }
}
