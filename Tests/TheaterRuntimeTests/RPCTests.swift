// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterHandlers
@testable import TheaterRuntime

@Suite("RPC")
struct RPCTests {
    static let none = Value.option(.string, nil)

    /// An actor that offers `test:svc/svc` and keeps `test:own/own` to itself.
    static func service(
        _ stage: Stage, change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        try await stage.start(
            "service",
            change: {
                $0.manifest.rpc = ["test:svc/svc"]
                change(&$0)
            },
            {
                $0.exports = [
                    ("test:svc/svc", "add: func(a: u32, b: u32) -> u32", .answer(.u32(3))),
                    ("test:svc/svc", "size: func(text: string) -> u32", .answer(.u32(4))),
                    (
                        "test:svc/svc", "pair: func(pair: tuple<u32, u32>) -> u32",
                        .answer(.u32(5))
                    ),
                    (
                        "test:svc/svc", "next: func(state: value) -> value",
                        .answer(Behaviour.ok(.string("next")))
                    ),
                    (
                        "test:svc/svc", "quiet: func(state: value) -> value",
                        .answer(Behaviour.ok())
                    ),
                    (
                        "test:svc/svc", "fail: func(state: value) -> value",
                        .answer(Behaviour.err("not today"))
                    ),
                    ("test:svc/svc", "trap: func() -> u32", .trap),
                    ("test:svc/svc", "wait: func() -> u32", .wait("rpc service", .u32(6))),
                    ("test:own/own", "secret: func() -> u32", .answer(.u32(7))),
                ]
            })
    }

    static func caller(
        _ stage: Stage, _ name: String = "caller", rpc: [String: ManifestValue] = [:]
    ) async throws -> ActorID {
        try await stage.start(name, rpc: rpc) { $0.rpc = true }
    }

    static func call(
        _ function: String, _ parameters: Value = .tuple([]), options: Value = none
    ) -> [Value] {
        [.string("service"), .string("test:svc/svc.\(function)"), parameters, options]
    }

    static func error(
        _ stage: Stage, _ caller: ActorID, _ arguments: [Value]
    ) async throws -> String {
        try #require(
            try await stage.failure(caller, "test:m/m.call", arguments).value?.asString)
    }

    @Test("the answer is one result, whose value is the callee's own, without its state")
    func values() async throws {
        let stage = try Stage.messages()
        let service = try await Self.service(stage)
        let caller = try await Self.caller(stage)
        func call(_ function: String, _ parameters: Value = .tuple([])) async throws -> Value {
            try await stage.system.call(
                caller, "test:m/m.call", Self.call(function, parameters))
        }
        func ok(_ value: Value, _ type: ValueType) -> Value {
            .result(ok: type, err: .string, .ok(value))
        }
        let u32 = ValueType.primitive(.u32)
        #expect(try await call("add", .tuple([.u32(1), .u32(2)])) == ok(.u32(3), u32))
        #expect(try await call("size", .string("text")) == ok(.u32(4), u32))
        #expect(try await call("size", .tuple([.string("text")])) == ok(.u32(4), u32))
        #expect(try await call("pair", .tuple([.u32(1), .u32(2)])) == ok(.u32(5), u32))
        #expect(
            try await call("pair", .tuple([.tuple([.u32(1), .u32(2)])])) == ok(.u32(5), u32))
        #expect(try await call("next") == ok(.string("next"), .string))
        #expect(try await call("quiet") == ok(.unit, .tuple([])))
        let recorded = try await stage.events(of: service).contains {
            if case .called("test:svc/svc.add", _, _, _) = $0 { true } else { false }
        }
        #expect(recorded, "the callee's chain has the call")
    }

    // Goal: no caller can end a callee by what it passes. Method: each mistake, then a good call.
    @Test("a wrong function, count or type is the caller's error, and the callee is unharmed")
    func callerErrors() async throws {
        let stage = try Stage.messages()
        let service = try await Self.service(stage)
        let caller = try await Self.caller(stage)
        let unknown = try await Self.error(stage, caller, Self.call("ad"))
        #expect(unknown.contains("did you mean 'test:svc/svc.add'?"))
        #expect(unknown.hasSuffix("[rpc.unknown-function]"))
        for parameters in [
            Value.tuple([]), .u32(1), .tuple([.u32(1), .string("2")]), .tuple([.u32(1), .u64(2)]),
            .tuple([.u32(1), .u32(2), .u32(3)]),
        ] {
            let error = try await Self.error(stage, caller, Self.call("add", parameters))
            #expect(error.hasSuffix("[rpc.wrong-argument]"), "\(parameters)")
        }
        let failed = try await Self.error(stage, caller, Self.call("fail"))
        #expect(failed.contains("not today") && failed.hasSuffix("[rpc.callee-error]"))
        #expect(stage.system.status(of: service) == .running, "an error value ends nobody")
        let answer = try await stage.system.call(
            caller, "test:m/m.call", Self.call("add", .tuple([.u32(1), .u32(2)])))
        #expect(answer == .result(ok: .primitive(.u32), err: .string, .ok(.u32(3))))
    }

    @Test("only what the callee's manifest offers can be called")
    func offers() async throws {
        let stage = try Stage.messages()
        _ = try await Self.service(stage)
        let caller = try await Self.caller(stage)
        for function in ["test:own/own.secret", "theater:simple/actor.init", "secret", "", "."] {
            let error = try await Self.error(
                stage, caller, [.string("service"), .string(function), .tuple([]), Self.none])
            #expect(error.contains("it offers test:svc/svc"))
            #expect(error.hasSuffix("[rpc.not-offered]"), "\(function)")
        }
        let silent = try await stage.start("silent") { actor in
            actor.exports = [("test:svc/svc", "add: func() -> u32", .answer(.u32(3)))]
        }
        let error = try await Self.error(
            stage, caller, [.id(silent), .string("test:svc/svc.add"), .tuple([]), Self.none])
        #expect(error.contains("it offers nothing") && error.hasSuffix("[rpc.not-offered]"))
    }

    @Test("unknown, over, crashed and denied are different errors; a denial is recorded")
    func targets() async throws {
        let stage = try Stage.messages()
        let service = try await Self.service(stage)
        let caller = try await Self.caller(stage)
        for address in ["nobody", "00000000-0000-4000-8000-000000000000"] {
            for function in ["call", "implements", "exports"] {
                var arguments: [Value] = [.string(address)]
                if function == "implements" { arguments.append(.string("test:svc/svc")) }
                if function == "call" {
                    arguments += [.string("test:svc/svc.add"), .tuple([]), Self.none]
                }
                let error = try await stage.failure(caller, "test:m/m.\(function)", arguments)
                #expect(error.value?.asString?.hasSuffix("[rpc.unknown-target]") == true)
            }
        }
        let limited = try await stage.start(
            "limited", rpc: ["targets": .array([.string("other")])]
        ) { $0.rpc = true }
        let denied = try await Self.error(stage, limited, Self.call("next"))
        #expect(denied.contains("'limited' may not call 'service'"))
        #expect(denied.hasSuffix("[rpc.denied]"))
        let isRecorded = try await stage.events(of: limited).contains {
            if case .denied = $0 { true } else { false }
        }
        #expect(isRecorded)
        let crashed = try await Self.error(stage, caller, Self.call("trap"))
        #expect(crashed.hasSuffix("[rpc.callee-crashed]"))
        _ = try await stage.system.awaitEnd(of: service)
        let over = try await Self.error(
            stage, caller, [.id(service), .string("test:svc/svc.add"), .tuple([]), Self.none])
        #expect(over.hasSuffix("[rpc.target-ended]"))
    }

    @Test("implements compares what an interface consists of, not what it is called")
    func implements() async throws {
        let stage = try Stage.messages()
        let service = try await Self.service(stage)
        let caller = try await Self.caller(stage)
        let same = try await stage.start("same") {
            $0.rpc = true
            $0.exports = [("test:own/own", "secret: func() -> u32", .answer(.u32(7)))]
        }
        let other = try await stage.start("other") {
            $0.rpc = true
            $0.exports = [("test:own/own", "secret: func() -> u64", .answer(.u64(7)))]
        }
        func ask(_ actor: ActorID, _ interface: String) async throws -> Value {
            try await stage.host(actor, "implements", .id(service), .string(interface))
        }
        #expect(try await ask(same, "test:own/own") == .bool(true))
        #expect(try await ask(other, "test:own/own") == .bool(false), "another of the same name")
        let interfaces = try stage.system.interfaces(of: service)
        let own = try #require(interfaces.first { $0.name == "test:own/own" })
        #expect(try await ask(caller, "test:own/own#\(own.hash)") == .bool(true))
        #expect(try await ask(caller, "test:svc/svc#\(own.hash)") == .bool(false))
        for text in ["test:own/own", "test:own/own#12", "", "#"] {
            let error = try await stage.hostError(
                caller, "implements", .id(service), .string(text))
            #expect(error.hasSuffix("[rpc.no-hash]"), "\(text)")
        }
        #expect(
            try await stage.host(caller, "exports", .id(service))
                == .list(
                    .string,
                    [.string("test:m/m"), .string("test:own/own"), .string("test:svc/svc")]))
    }

    @Test("a function that wants to know who calls is told, and nobody can say it for another")
    func callers() async throws {
        let stage = try Stage.messages()
        let service = try await stage.start(
            "service", change: { $0.manifest.rpc = ["test:svc/svc"] }
        ) {
            $0.exports = [
                ("test:svc/svc", "ask: func(a: u32, caller: string) -> u32", .answer(.u32(1))),
                (
                    "test:svc/svc", "keep: func(state: value, caller: option<string>) -> value",
                    .answer(Behaviour.ok())
                ),
            ]
        }
        let callers = [
            try await Self.caller(stage, "first"), try await Self.caller(stage, "second"),
        ]
        for caller in callers {
            for call in [Self.call("ask", .tuple([.u32(7)])), Self.call("keep")] {
                _ = try await stage.system.call(caller, "test:m/m.call", call)
            }
            let forged = try await Self.error(
                stage, caller, Self.call("ask", .tuple([.u32(7), .string("\(service)")])))
            #expect(forged.contains("[rpc.wrong-argument]"), "\(forged)")
        }
        try await stage.system.call(service, "test:svc/svc.ask", [.u32(7)])
        try await stage.system.call(service, "test:svc/svc.keep")
        var told: [Value] = []
        for event in try await stage.system.events(of: service).events {
            guard case .called(let function, let input, _, _)? = try event.decodedPayload(),
                function.hasPrefix("test:svc"), case .tuple(let items) = try CGRF.decode(input),
                let last = items.last
            else { continue }
            told.append(last)
        }
        let names = callers.map { Value.string("\($0)") }
        #expect(
            told == [
                names[0], .option(.string, names[0]), names[1], .option(.string, names[1]),
                .string("external"), .option(.string, nil),
            ])
    }

    @Test("an interface is what its functions are, not what its hash claims")
    func claims() async throws {
        let stage = try Stage.messages()
        let caller = try await Self.caller(stage)
        let forged = InterfaceHash(1, 2, 3, 4)
        let claims: [@Sendable (inout PackageMetadata) -> Void] = [
            { metadata in
                for index in metadata.exportHashes.indices {
                    metadata.exportHashes[index].hash = forged
                }
            },
            // As a tool that records none.
            { $0.exportHashes = [] },
        ]
        for (number, claim) in claims.enumerated() {
            let service = try await stage.start("service-\(number)") {
                $0.exports = [("test:own/own", "secret: func() -> u32", .answer(.u32(7)))]
                $0.claims = claim
            }
            let interfaces = try stage.system.interfaces(of: service)
            let own = try #require(interfaces.first { $0.name == "test:own/own" })
            #expect(own.hash != forged)
            #expect(try stage.system.exportHashes(of: service).map(\.name).contains(own.name))
            for (hash, isRight) in [(own.hash, true), (forged, false)] {
                let answer = try await stage.host(
                    caller, "implements", .id(service), .string("test:own/own#\(hash)"))
                #expect(answer == .bool(isRight))
            }
        }
    }

    @Test("from Swift: a handle finds, checks and calls every export")
    func handle() async throws {
        let stage = try Stage.messages()
        let ref = try stage.system.ref(to: try await Self.service(stage))
        #expect(ref.description == "service (\(ref.id))")
        let add = try ref.function("test:svc/svc.add")
        #expect(add.signature?.description == "add: func(a: u32, b: u32) -> u32")
        #expect(try await add(.u32(1), .u32(2)) == .u32(3))
        await #expect {
            try await add(.u32(1), .string("2"))
        } throws: {
            ($0 as? ActorError)?.code == .wrongArgument
        }
        #expect(throws: ActorError.self) { try ref.function("test:svc/svc.sub") }
        #expect(try await ref.call("test:own/own.secret") == .u32(7))
        #expect(try ref.interfaces().map(\.name) == ["test:m/m", "test:own/own", "test:svc/svc"])
        #expect(try ref.interfaces().map(\.isOffered) == [false, false, true])
        func interface(_ type: String) throws -> PactInterface {
            HostInterface(
                pact: """
                    interface own {
                        @package: string = "test:own"
                        exports { secret: func() -> \(type) }
                    }
                    """
            ).pact
        }
        #expect(try ref.implements(try interface("u32")))
        #expect(try !ref.implements(try interface("u64")))
        await #expect(throws: MessageError.self) { try await ref.request([1]) }
        try await stage.system.terminate(ref.id)
        #expect(ref.status == .killed)
        #expect(throws: ActorError.self) { try ref.interfaces() }
    }
}
