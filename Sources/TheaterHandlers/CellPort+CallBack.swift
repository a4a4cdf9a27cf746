// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterValue

extension CellPort {
    /// Calls back, and again as long as the actor is too busy to begin and the call is wanted.
    func callBack(
        _ function: String, _ arguments: [Value], while isWanted: () -> Bool
    ) async -> Result<Value, CallbackError> {
        while true {
            guard isWanted() else {
                return .failure(CallbackError(.ended, "nobody wants '\(function)' any more"))
            }
            let result = await callEvenWhenFull(function, arguments)
            guard case .failure(let error) = result, error.code == .late else { return result }
        }
    }

    /// The same for one of many callbacks.
    ///
    /// - Returns: whether it makes sense to call back again.
    func goesOn(
        _ function: String, _ arguments: [Value], while isWanted: () -> Bool
    ) async -> Bool {
        while isWanted() {
            guard case .failure(let error) = await callEvenWhenFull(function, arguments)
            else { return true }
            if error.code != .late { return error.code == .failed }
        }
        return false
    }
}
