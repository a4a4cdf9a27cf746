// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// What a test of the handlers for time, chance and surroundings needs: for each of them the functions
/// that a guest imports.
enum SmallHandler {
    typealias Function = (interface: String, name: String, parameters: String, result: String)

    static let timer: [Function] = [
        (
            "theater:simple/timer", "set-interval", "name: string, interval-ms: u64",
            "result<string, string>"
        ),
        ("theater:simple/timer", "clear-interval", "name: string", "result<_, string>"),
        ("theater:simple/timer", "now", "", "u64"),
        (
            "theater:simple/timer-once", "set-timeout", "name: string, delay-ms: u64",
            "result<string, string>"
        ),
    ]
    static let loop: [Function] = [
        ("theater:simple/loop", "start-loop", "initial-state: list<u8>", "result<_, string>"),
        ("theater:simple/loop", "stop-loop", "", "result<_, string>"),
    ]
    static let timing: [Function] = [
        ("theater:simple/timing", "now", "", "u64"),
        ("theater:simple/timing", "sleep", "duration: u64", "result<_, string>"),
        ("theater:simple/timing", "deadline", "timestamp: u64", "result<_, string>"),
    ]
    static let random: [Function] = [
        ("theater:simple/random", "random-bytes", "length: u32", "result<list<u8>, string>"),
        ("theater:simple/random", "random-range", "min: u64, max: u64", "result<u64, string>"),
        ("theater:simple/random", "random-float", "", "result<f64, string>"),
        ("theater:simple/random", "generate-uuid", "", "result<string, string>"),
    ]
    static let environment: [Function] = [
        ("theater:simple/environment", "get-var", "name: string", "option<string>"),
        ("theater:simple/environment", "list-vars", "", "list<tuple<string, string>>"),
        ("theater:simple/environment", "exists", "name: string", "bool"),
    ]

    static let tick = "theater:simple/timer.handle-tick"
    static let turn = "theater:simple/loop-client.loop"
}

extension MessageActor {
    mutating func onTick(_ behaviour: Behaviour) {
        exports.append(
            (
                "theater:simple/timer", "handle-tick: func(state: value, name: string) -> value",
                behaviour
            ))
    }

    mutating func onTurn(_ behaviour: Behaviour) {
        exports.append(
            (
                "theater:simple/loop-client",
                "loop: func(state: value, bytes: list<u8>) -> value", behaviour
            ))
    }

    /// An export `test:x/x.NAME` that takes nothing.
    mutating func offer(_ name: String, _ behaviour: Behaviour) {
        exports.append(("test:x/x", "\(name): func() -> value", behaviour))
    }
}

extension ManualClock {
    /// Waits until somebody has gone to sleep so often for exactly so long.
    func sleeps(_ count: Int, of milliseconds: Int) async throws {
        while sleepCount(of: .milliseconds(milliseconds)) < count { try await Stage.pause() }
    }
}

extension Stage {
    static func small(
        _ clock: ManualClock, environment: [String: String]? = nil
    ) throws -> Stage {
        var services = HandlerServices()
        if let environment { services.provide(EnvironmentVariables(environment)) }
        return try Stage(
            handlers: [
                RuntimeHandler.self, GateHandler.self, TimerHandler.self, LoopHandler.self,
                TimingHandler.self, RandomHandler.self, EnvironmentHandler.self,
            ],
            world: clock.world, services: services)
    }

    /// Starts an actor that imports all functions of one handler.
    func small(
        _ handler: String, _ functions: [SmallHandler.Function],
        _ keys: [String: ManifestValue] = [:], name: String = "actor",
        change: (inout SpawnRequest) -> Void = { _ in },
        _ make: (inout MessageActor) -> Void = { _ in }
    ) async throws -> ActorID {
        try await start(
            name,
            change: { request in
                request.manifest.limits.callTimeout = .seconds(86_400)
                request.manifest.handlers.append(
                    HandlerGrant(type: handler, configuration: keys))
                change(&request)
            },
            { actor in
                actor.messages = false
                actor.others = functions
                make(&actor)
            })
    }

    /// The last arguments of every call of a callback.
    func calls(_ id: ActorID, of callback: String) async throws -> [Value] {
        try await events(of: id).compactMap { event -> Value? in
            guard case .called(callback, let bytes, _, _) = event else { return nil }
            let value = try CGRF.decode(bytes)
            if case .tuple(let items) = value { return items.last }
            return value
        }
    }

    /// Lets others run; a test that waits for what never comes ends with its time.
    static func pause() async throws {
        try Task.checkCancellation()
        await Task.yield()
    }

    /// Waits until a callback has been called so often.
    func wait(for count: Int, of callback: String, _ id: ActorID) async throws {
        while try await calls(id, of: callback).count < count { try await Self.pause() }
    }

    /// The reasons of the denials in an actor's chain.
    func denials(_ id: ActorID) async throws -> [String] {
        try await events(of: id).compactMap { event in
            if case .denied(_, let reason) = event { reason } else { nil }
        }
    }
}
