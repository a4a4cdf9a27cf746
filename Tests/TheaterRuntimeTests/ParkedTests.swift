// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Keeps the answerings of parked calls until a test answers them. Functions: `park`, `now`.
private struct ParkHandler: Handler {
    static let name = "park"
    static let interfaces = [
        HostInterface(
            pact: """
                interface park {
                    @package: string = "test:park"
                    exports {
                        park: func(name: string) -> result<string, string>
                        now: func(name: string) -> result<string, string>
                    }
                }
                """,
            suspending: ["park", "now"])
    ]
    static let parked = Mutex<[String: HostAnswering]>([:])

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply {
        guard case .string(let name)? = call.arguments.first else {
            return .failure(HostError("park.argument", "no name"))
        }
        if call.function == "now" {
            return .parked { answering in
                answering(Self.passed(name))
                answering(.failure(HostError("park.twice", "a second answer")))
            }
        }
        return .parked { answering in
            Self.parked.withLock { $0[name] = answering }
            Gate.of("parked \(name)").open()
        }
    }

    static func passed(_ name: String) -> Result<Value, HostError> {
        .success(.result(ok: .string, err: .string, .ok(.string("passed \(name)"))))
    }

    /// Waits until a call of this name is parked, and takes its answering.
    static func answering(_ name: String) async throws -> HostAnswering {
        _ = await Gate.of("parked \(name)").pass()
        return try #require(parked.withLock { $0.removeValue(forKey: name) })
    }
}

@Suite("Parked host calls")
struct ParkedTests {
    private static func guest(_ function: String) throws -> String {
        try actor(
            """
            imports { test:park/park { \(function): func(name: string) -> result<string, string> } }
            exports { test:parker/parker { go: func(name: string) -> value } }
            """
        ) { actor in
            actor.imports = [WatActor.importing("test:park/park", function, as: "wait")]
            actor.body = [
                WatActor.function(
                    "test:parker/parker.go",
                    """
                    (drop (call $wait (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                    (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
                      (local.get $lenslot)) (i32.const 0)
                    """)
            ]
        }
    }

    private static let go = "test:parker/parker.go"

    private func stage() throws -> Stage { try Stage(handlers: [ParkHandler.self]) }

    @Test("answered at once go on; the first answer counts")
    func atOnce() async throws {
        let stage = try stage()
        let id = try await stage.spawn(try Self.guest("now"), grants: ["park"])
        for round in 0..<100 {
            let answer = try await stage.system.call(id, Self.go, [.string("n\(round)")])
            #expect(answer == .result(ok: .string, err: .string, .ok(.string("passed n\(round)"))))
        }
        _ = try await stage.system.stop(id)
        // spawned, then called, host call, returned for each, then exited.
        #expect(try await stage.events(of: id).count == 302)
    }

    @Test("answered later go on where they waited")
    func later() async throws {
        let stage = try stage()
        let id = try await stage.spawn(try Self.guest("park"), grants: ["park"])
        async let answer = stage.system.call(id, Self.go, [.string("later")])
        try await ParkHandler.answering("later")(ParkHandler.passed("later"))
        #expect(
            try await answer == .result(ok: .string, err: .string, .ok(.string("passed later"))))
    }

    @Test("never answered end at the deadline, and a late answer is dropped")
    func deadline() async throws {
        let stage = try stage()
        let id = try await stage.spawn(try Self.guest("park"), grants: ["park"])
        let error = try await stage.failure(
            id, Self.go, [.string("never")], options: CallOptions(timeout: .milliseconds(20)))
        #expect(error.code == .crashed)
        #expect(error.cause?.code == .deadline)
        try await ParkHandler.answering("never")(ParkHandler.passed("never"))
        guard case .failed = try await stage.system.awaitEnd(of: id) else {
            Issue.record("the actor did not fail")
            return
        }
    }

    @Test("end at once when the actor is terminated")
    func terminated() async throws {
        let stage = try stage()
        let id = try await stage.spawn(try Self.guest("park"), grants: ["park"])
        async let failure = stage.failure(id, Self.go, [.string("killed")])
        let answering = try await ParkHandler.answering("killed")
        #expect(try await stage.system.terminate(id) == .killed)
        #expect(try await failure.code == .killed)
        answering(ParkHandler.passed("killed"))
    }
}

@Suite("Posted operations")
struct PostedTests {
    private static let echo = "test:echo/echo.echo"

    private static func echoer() throws -> String {
        try actor("exports { test:echo/echo { echo: func(v: value) -> value } }") { actor in
            actor.body = [
                WatActor.function(
                    echo,
                    """
                    (call $answer (local.get $in) (local.get $size) (local.get $slot) (local.get $lenslot))
                    (i32.const 0)
                    """)
            ]
        }
    }

    @Test("run on the caller's stack when the actor is idle, and in order otherwise")
    func order() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(try Self.echoer())
        let cell = try stage.system.cell(id)
        let export = try #require(cell.template.exports[Self.echo])
        let seen = Mutex<[Value]>([])
        let refusal = cell.post(
            export, [.u32(0)], takesState: false, isCallback: false, depth: 1
        ) { result in
            if case .success(let value) = result { seen.withLock { $0.append(value) } }
        }
        #expect(refusal == nil)
        // The actor was idle: the answer is here before anybody waited.
        #expect(seen.withLock { $0 } == [.u32(0)])
        await withCheckedContinuation { continuation in
            for number in 1...500 {
                let refusal = cell.post(
                    export, [.u32(UInt32(number))], takesState: false, isCallback: false
                ) { result in
                    if case .success(let value) = result { seen.withLock { $0.append(value) } }
                    if number == 500 { continuation.resume() }
                }
                #expect(refusal == nil)
            }
        }
        #expect(seen.withLock { $0 } == (0...500).map { .u32(UInt32($0)) })
    }

    @Test("are told exactly once when the actor ends before their turn")
    func ended() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(try waiter(), grants: ["gate"])
        let cell = try stage.system.cell(id)
        let export = try #require(cell.template.exports["test:waiter/waiter.wait"])
        let told = Mutex<[Int: [ActorError.Code]]>([:])
        for number in 0..<10 {
            let refusal = cell.post(
                export, [.string("posted ended")], takesState: false, isCallback: false
            ) { result in
                if case .failure(let error) = result {
                    told.withLock { $0[number, default: []].append(error.code) }
                }
            }
            #expect(refusal == nil)
        }
        await Gate.of("posted ended").arrived()
        #expect(try await stage.system.terminate(id) == .killed)
        #expect(
            told.withLock { $0 }
                == Dictionary(
                    uniqueKeysWithValues: (0..<10).map { ($0, [$0 == 0 ? .killed : .ended]) }))
        #expect(
            cell.post(export, [.string("posted ended")], takesState: false, isCallback: false) {
                _ in
                Issue.record("a refused operation was told")
            }?.code == .ended)
    }
}
