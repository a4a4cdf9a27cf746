// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterEngine
import TheaterPlatform
import TheaterTesting

/// Answers a guest's imports with one closure, and remembers what it was asked.
final class ClosureHost: GuestHost {
    let reply: (Int, [UInt8]) -> HostAnswer
    var inputs: [[UInt8]] = []

    init(_ reply: @escaping (Int, [UInt8]) -> HostAnswer = { _, _ in .bytes(unit) }) {
        self.reply = reply
    }

    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer {
        inputs.append([UInt8](input))
        return reply(index, [UInt8](input))
    }
}

/// The CGRF bytes of the empty tuple.
let unit: [UInt8] = [
    0x43, 0x47, 0x52, 0x46, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x0B, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
    0,
]

/// A guest with what it takes to call it.
struct Scene {
    let engine: Engine
    let module: WasmModule
    let guest: Guest
    let control: GuestControl
    let host: ClosureHost

    init(
        _ wat: String, engine: Engine? = nil, mode: ImportMode = .immediate,
        host: ClosureHost = ClosureHost(), limits: GuestLimits = GuestLimits(),
        budget: CallBudget = CallBudget(fuel: 100_000_000)
    ) async throws {
        self.engine = try engine ?? Engine(EngineOptions(guestsMax: 8))
        module = try await self.engine.modules.module(for: Engine.assemble(wat: wat))
        let linked = try LinkedModule(module, modes: module.imports.map { _ in mode })
        control = GuestControl()
        self.host = host
        guest = try await Guest(
            linked, engine: self.engine, host: host, control: control, limits: limits,
            budget: budget)
    }

    func call(
        _ name: String, _ input: [UInt8] = unit, fuel: UInt64 = 1_000_000_000,
        deadline: MonotonicTime? = nil
    ) async throws -> GuestAnswer {
        let index = try #require(module.function(named: name))
        return try await guest.call(
            function: index, input: input, budget: CallBudget(fuel: fuel, deadline: deadline))
    }

    func failure(
        _ name: String, _ input: [UInt8] = unit, fuel: UInt64 = 1_000_000_000,
        deadline: MonotonicTime? = nil
    ) async throws -> EngineError {
        do {
            _ = try await call(name, input, fuel: fuel, deadline: deadline)
        } catch let error as EngineError {
            return error
        }
        throw Missing()
    }

    struct Missing: Error {}
}

extension HostAnswer {
    /// An answer that takes time.
    static func after(
        _ operation: @escaping @Sendable () async -> Result<[UInt8], EngineError>
    ) -> HostAnswer {
        .later(
            HostWait(
                operation: { await operation() },
                then: { outcome in
                    outcome as? Result<[UInt8], EngineError>
                        ?? .failure(EngineError(.hostFunction, "the answer was lost"))
                }, ifEnded: { _ in }))
    }
}
