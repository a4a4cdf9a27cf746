// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The functions that actor.pact exports. The types are generated from it.
enum Actor: Exports {
    /// How many changes are remembered.
    static let historyMax = 100

    static func initialize(_ argument: Argument) throws(Failure) -> State {
        State(value: 0, bounds: nil, history: [])
    }

    static func apply(_ state: inout State, change: Change) throws(Failure) -> Int64 {
        let (next, overflow) = target(of: change, from: state.value)
        guard !overflow else { throw Failure("the value would be too large") }
        if let bounds = state.bounds, next < bounds.lowest || next > bounds.highest {
            throw Failure("\(next) is outside \(bounds.lowest) to \(bounds.highest)")
        }
        state.value = next
        state.history.append(change)
        if state.history.count > historyMax { state.history.removeFirst() }
        return next
    }

    static func limit(_ state: inout State, bounds: Bounds?) throws(Failure) {
        if let bounds {
            guard bounds.lowest <= bounds.highest else { throw Failure("the bounds are empty") }
            state.value = min(max(state.value, bounds.lowest), bounds.highest)
        }
        state.bounds = bounds
    }

    static func value(_ state: inout State) throws(Failure) -> Int64 {
        state.value
    }

    static func history(_ state: inout State, newest: UInt32) throws(Failure) -> [Change] {
        Array(state.history.suffix(Int(clamping: newest)))
    }

    /// The value after a change, and whether it does not fit.
    private static func target(of change: Change, from value: Int64) -> (Int64, Bool) {
        switch change {
        case .step(.up): value.addingReportingOverflow(1)
        case .step(.down): value.subtractingReportingOverflow(1)
        case .jump(let distance): value.addingReportingOverflow(distance)
        case .reset: (0, false)
        }
    }
}
