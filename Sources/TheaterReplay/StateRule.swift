// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPact
internal import TheaterValue

/// Tells from what a chain holds which calls took the actor's state, and which state they left.
struct StateRule {
    /// The functions that the code of the present life exports; `nil` when the code is not known.
    var exports: [String: FunctionSignature]?

    /// The rule of code that exports these functions; `nil` when that is not known.
    init(_ functions: [FunctionSignature]? = nil) {
        exports = functions.map {
            Dictionary($0.map { ($0.qualifiedName, $0) }) { first, _ in first }
        }
    }

    /// Whether the declaration alone says that a function takes the state.
    func declaresState(_ function: String) -> Bool? {
        if function == "theater:simple/actor.init" { return true }
        // What it answers with is the state of the code that it belongs to, which the upgrade has.
        if function == "theater:simple/actor.migrate" { return false }
        guard let signature = exports?[function] else { return exports == nil ? nil : false }
        return signature.parameters.first?.name == "state" ? true : nil
    }

    /// Whether a call was given the state: the declaration says so, or where it leaves that open, the
    /// call's first argument is the state.
    func takesState(_ function: String, _ parameters: [UInt8], state: Value?) -> Bool {
        if function == "theater:simple/actor.init" { return true }
        // It answers with the state of the code that it belongs to, which the upgrade's event has.
        if function == "theater:simple/actor.migrate" { return false }
        let signature = exports?[function]
        if exports != nil, signature == nil { return false }
        if let signature {
            if signature.parameters.first?.name == "state" { return true }
            let count = signature.parameters.count
            guard count > 0, signature.parameters(forArguments: count - 1) != nil else {
                return false
            }
        }
        guard let state, case .tuple(let items)? = try? CGRF.decode(parameters) else {
            return false
        }
        return items.first == state
    }

    /// The state that an answer of a call with a state leaves; `nil` when it leaves the old one.
    func state(after function: String, _ output: [UInt8]) -> Value? {
        guard let answer = try? CGRF.decode(output),
            case .ok(let state, _) = CallShape.apart(answer, declared: exports?[function])
        else { return nil }
        return state
    }
}
