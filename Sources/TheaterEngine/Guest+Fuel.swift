// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime

/// Fuel: the budget of a call, and the length of a time slice.
extension Guest {
    /// The fuel that the present or the last call used, as far as the engine has counted: what a call
    /// that was cut short used since it counted last is not in it.
    public var fuelUsed: UInt64 {
        guard let budget = callFuel else { return spentFuel }
        let left = fuelLeft
        return budget - min(budget, left - min(left, hostCharge))
    }

    func fuel(_ amount: UInt64) {
        // Fails only when the engine has no fuel, which EngineConfiguration rules out.
        if let error = wasmtime_context_set_fuel(context, amount) { wasmtime_error_delete(error) }
    }

    func yieldInterval(_ interval: UInt64) {
        if let error = wasmtime_context_fuel_async_yield_interval(context, interval) {
            wasmtime_error_delete(error)
        }
    }

    /// Counts the host's work for the guest as fuel: the same for the same call, so that budgets replay,
    /// and so that a guest that lives in host calls yields and ends like one that computes.
    ///
    /// - Returns: whether the guest has as much.
    func charge(_ size: Int) -> Bool {
        hostCharge += Self.hostCallCharge + UInt64(size)
        let left = fuelLeft
        guard hostCharge < left else { return false }
        if hostCharge >= engine.yieldInterval, !isSliceCut { cutSlice(leaving: left) }
        return true
    }

    /// What a host call costs beside one for each byte that crosses.
    private static let hostCallCharge: UInt64 = 1000

    /// Makes the guest yield at its next instruction that looks at the fuel.
    func cutSlice(leaving left: UInt64) {
        isSliceCut = true
        yieldInterval(1)
        fuel(left)
    }

    /// The guest has yielded or waits: takes what host calls cost, and gives it a whole slice again.
    func beginSlice() {
        guard isSliceCut || hostCharge > 0 else { return }
        let left = fuelLeft
        if isSliceCut { yieldInterval(engine.yieldInterval) }
        isSliceCut = false
        fuel(left - min(left, hostCharge))
        hostCharge = 0
    }

    var fuelLeft: UInt64 {
        var amount: UInt64 = 0
        if let error = wasmtime_context_get_fuel(context, &amount) { wasmtime_error_delete(error) }
        return amount
    }
}
