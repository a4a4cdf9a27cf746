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
        guard let cell else { return Self.over(function) }
        return await cell.callBack(function, arguments)
    }

    func callEvenWhenFull(
        _ function: String, _ arguments: [Value]
    ) async -> Result<Value, CallbackError> {
        guard let cell else { return Self.over(function) }
        return await cell.callBack(function, arguments, exceedsCapacity: true)
    }

    private static func over(_ function: String) -> Result<Value, CallbackError> {
        .failure(CallbackError(.ended, "the actor of '\(function)' is over"))
    }
}
