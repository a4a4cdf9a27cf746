// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterValue

/// A cell as its handlers see it.
struct Port: CellPort {
    weak let cell: Cell?

    func requestShutdown(result: [UInt8]?) { cell?.requestShutdown(result) }

    func recentEvents(_ countMax: Int) -> [RecentEvent] {
        cell?.recorder.recent(countMax) ?? []
    }

    func exports(_ function: String) -> Bool { cell?.template.exports[function] != nil }

    func call(
        _ function: String, _ arguments: [Value]
    ) async -> Result<Value, CallbackError> {
        await call(function, arguments, exceedsCapacity: false)
    }

    func callEvenWhenFull(
        _ function: String, _ arguments: [Value]
    ) async -> Result<Value, CallbackError> {
        await call(function, arguments, exceedsCapacity: true)
    }

    private func call(
        _ function: String, _ arguments: [Value], exceedsCapacity: Bool
    ) async -> Result<Value, CallbackError> {
        guard let cell else {
            return .failure(CallbackError(.ended, "the actor of '\(function)' is over"))
        }
        return await cell.callBack(function, arguments, exceedsCapacity: exceedsCapacity)
    }
}
