// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
public import TheaterEngine
public import TheaterPact

/// Reads what a module says about itself, outside of any life.
public enum ReplayMetadata {
    /// The fuel for it: metadata is data behind a few instructions.
    private static let fuel: UInt64 = 1_000_000_000

    /// The metadata of a wasm.
    ///
    /// - Throws: `replay.module` when it does not load or has none, `replay.ceiling`.
    public static func read(
        _ code: ReplayCode, engine: Engine
    ) async throws(ReplayError) -> PackageMetadata {
        let bytes: [UInt8]
        do throws(EngineError) {
            let module = try await engine.modules.module(for: code.wasm)
            let linked = try LinkedModule(module, modes: module.imports.map { _ in .immediate })
            let budget = CallBudget(fuel: fuel)
            let guest = try await Guest(
                linked, engine: engine, host: DeafHost(), control: GuestControl(),
                limits: code.limits, budget: budget)
            bytes = try await guest.metadata(budget: budget)
        } catch {
            if error.code == .guestCeiling { throw ReplayError(.ceiling, error.message) }
            throw ReplayError(.module, "the module's metadata cannot be read: \(error.message)")
        }
        do throws(PactError) {
            return try PackageMetadata(decoding: bytes)
        } catch {
            throw ReplayError(.module, "the module's metadata cannot be read: \(error)")
        }
    }
}

/// The host of guests that may call nothing.
private final class DeafHost: GuestHost {
    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer {
        .failure(EngineError(.hostFunction, "a module that is looked at calls nothing"))
    }
}
