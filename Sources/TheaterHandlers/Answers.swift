// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterValue

extension HostReply {
    /// The success of a function that answers a `result<…, string>`.
    static func ok(_ value: Value = .unit, _ type: ValueType = .tuple([])) -> HostReply {
        .value(.ok(value, type))
    }
}

extension Value {
    /// The success of a `result<…, string>`.
    static func ok(_ value: Value = .unit, _ type: ValueType = .tuple([])) -> Value {
        .result(ok: type, err: .string, .ok(value))
    }
}

extension World {
    /// The wall time in milliseconds since 1970; zero before.
    var milliseconds: UInt64 { UInt64(clamping: wallTime().nanoseconds / 1_000_000) }
}
