// SPDX-License-Identifier: Apache-2.0

public import TheaterValue

/// How arguments become the one value that crosses the boundary, and how its answer comes apart.
public enum CallShape {
    /// The state that an actor starts with when nobody gives it one.
    public static let noState = Value.option(.list(.primitive(.u8)), nil)

    /// What a guest receives: its state, when it takes one, then the arguments.
    ///
    /// With a state always a tuple; without, a single argument stands bare and none is the empty tuple.
    public static func input(state: Value?, arguments: [Value]) -> Value {
        if let state {
            var items: [Value] = []
            items.reserveCapacity(arguments.count + 1)
            items.append(state)
            for argument in arguments { items.append(argument) }
            return .tuple(items)
        }
        return arguments.count == 1 ? arguments[0] : .tuple(arguments)
    }

    /// The arguments of a host call, from the one value that the guest passed.
    ///
    /// One parameter may stand bare or in a tuple of one.
    public static func arguments(of input: Value, parameters: [TypeDescription.Field]) -> [Value]? {
        switch parameters.count {
        case 0:
            return []
        case 1:
            guard case .tuple(let items) = input, items.count == 1 else { return [input] }
            if case .tuple = parameters[0].type { return [input] }
            return items
        default:
            guard case .tuple(let items) = input, items.count == parameters.count else {
                return nil
            }
            return items
        }
    }

    /// What a stateful export's answer says.
    public enum StatefulAnswer {
        /// A new state, and the function's own result.
        case ok(state: Value, result: Value)
        /// An error: the state stays as it was.
        case err(Value)
        /// A variant that is no result.
        case malformed(String)
    }

    /// Takes a stateful export's answer apart.
    ///
    /// `ok` of a tuple is the new state and the rest, `ok` of anything else the new state; an answer
    /// that is no result is the new state. A declared result that is the state alone is not taken
    /// apart, even when the state is a tuple.
    public static func apart(_ answer: Value, declared: FunctionSignature?) -> StatefulAnswer {
        apart(answer, isStateAlone: isStateAlone(declared))
    }

    /// As ``apart(_:declared:)``, for those who know the declaration's ``isStateAlone(_:)`` already.
    public static func apart(_ answer: Value, isStateAlone: Bool) -> StatefulAnswer {
        switch answer {
        case .result(_, _, .err(let error)): return .err(error)
        case .result(_, _, .ok(let value)): return ok(value, isStateAlone)
        case .variant(let variant):
            switch (variant.tag, variant.payload.first) {
            case (0, let value?): return ok(value, isStateAlone)
            case (0, nil): return ok(.unit, isStateAlone)
            case (1, let error): return .err(error ?? .string("(no message)"))
            default: return .malformed("a variant with tag \(variant.tag) is no result")
            }
        default: return .ok(state: answer, result: .unit)
        }
    }

    private static func ok(_ value: Value, _ isStateAlone: Bool) -> StatefulAnswer {
        guard !isStateAlone, case .tuple(let items) = value, let first = items.first else {
            return .ok(state: value, result: .unit)
        }
        switch items.count {
        case 1: return .ok(state: first, result: .unit)
        case 2: return .ok(state: first, result: items[1])
        default: return .ok(state: first, result: .tuple(Array(items.dropFirst())))
        }
    }

    /// Whether a function answers with its state alone, which is not taken apart even when it is a tuple.
    public static func isStateAlone(_ declared: FunctionSignature?) -> Bool {
        guard let declared, let state = declared.parameters.first?.type,
            case .result(let ok, _)? = declared.results.first
        else { return false }
        if case .tuple = ok { return ok == state }
        return ok != .value
    }
}
