// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// A function with its types resolved and its Swift names chosen.
struct BoundFunction {
    let interface: String
    let function: PactFunction
    /// The Swift name.
    let name: String
    /// The parameters' Swift names and shapes.
    let parameters: [(name: String, shape: Shape)]
    /// The result, or `nil` for none.
    let result: Shape?

    /// The name under which the host knows an export.
    var exportName: String {
        interface.isEmpty ? function.name : "\(interface).\(function.name)"
    }

    /// How a function's result is made from Swift.
    enum Form {
        /// The state goes in and out; the answers follow it.
        ///
        /// `isWrapped` tells whether state and answers stand in a tuple.
        case stateful(state: Shape, answers: [Shape], err: Shape?, isWrapped: Bool)
        /// Success or error.
        case fallible(ok: Shape?, err: Shape?)
        /// A value, or nothing.
        case plain(Shape?)
    }

    /// The form of the result of a host function.
    var hostForm: Form {
        if case .result(let ok, let err) = result { return .fallible(ok: ok, err: err) }
        return .plain(result)
    }

    /// The form of the result of an export.
    ///
    /// An export takes the state if its first parameter is called `state` and its result is
    /// `result<S, …>` or `result<tuple<S, …>, …>` with the type S of that parameter.
    var exportForm: Form {
        guard case .result(let ok, let err) = result else { return .plain(result) }
        guard !isInit, let first = parameters.first, function.parameters[0].name == "state",
            let ok
        else { return .fallible(ok: ok, err: err) }
        if ok == first.shape {
            return .stateful(state: first.shape, answers: [], err: err, isWrapped: false)
        }
        if case .tuple(let items) = ok, items.first == first.shape {
            return .stateful(
                state: first.shape, answers: Array(items.dropFirst()), err: err, isWrapped: true)
        }
        return .fallible(ok: ok, err: err)
    }

    /// Whether the only parameter is any value that an actor is started with, decoded on demand.
    var isLazy: Bool { isInit && parameters.map(\.shape) == [.scalar(.value)] }

    /// Whether this is the function that makes an actor's first state.
    var isInit: Bool { interface == "theater:simple/actor" && function.name == "init" }
}

extension TypeTable {
    /// Resolves the functions of interfaces.
    ///
    /// - Parameter isExport: whether names must differ across interfaces, not only within one.
    func bind(
        _ interfaces: [PactInterface], isExport: Bool
    ) throws(BuildError) -> [BoundFunction] {
        var functions: [BoundFunction] = []
        var taken: [String: (place: String, interface: String)] = [:]
        var holders: [String: String] = [:]
        for interface in interfaces {
            let holder = SwiftNames.interface(interface.name)
            let first = interface.functions.first?.location ?? .none
            if !isExport, let other = holders.updateValue(interface.name, forKey: holder) {
                throw unsupported(
                    first,
                    "the interfaces '\(other)' and '\(interface.name)' would both be "
                        + "'\(holder)' in Swift; import one of them")
            }
            if !isExport {
                let clash = order.contains { SwiftNames.type($0.name) == holder }
                if SwiftNames.isTaken(holder) || clash {
                    throw unsupported(
                        first,
                        "the interface '\(interface.name)' would be '\(holder)' in Swift, "
                            + "which is the name of something else; rename the other")
                }
            }
            for function in interface.functions {
                let bound = try bind(function, of: interface, isExport: isExport)
                let key = isExport ? bound.name : "\(holder).\(bound.name)"
                if let other = taken[key] {
                    throw unsupported(
                        function.location,
                        "'\(function.name)' of '\(interface.name)' and '\(other.place)' of "
                            + "'\(other.interface)' would both be '\(bound.name)' in Swift; "
                            + "rename one")
                }
                taken[key] = (function.name, interface.name)
                functions.append(bound)
            }
        }
        return functions
    }

    private func bind(
        _ function: PactFunction, of interface: PactInterface, isExport: Bool
    ) throws(BuildError) -> BoundFunction {
        var parameters: [(name: String, shape: Shape)] = []
        for parameter in function.parameters {
            let name = SwiftNames.member(parameter.name)
            guard !parameters.contains(where: { $0.name == name }) else {
                throw unsupported(
                    function.location,
                    "two parameters of '\(function.name)' would be '\(name)' in Swift; rename one")
            }
            parameters.append((name, try shape(parameter.type, at: function.location)))
        }
        var result: Shape?
        if let type = function.result { result = try shape(type, at: function.location) }
        let name = function.name == "init" ? "initialize" : SwiftNames.member(function.name)
        let bound = BoundFunction(
            interface: interface.name, function: function, name: name, parameters: parameters,
            result: result)
        if isExport, case .stateful(.tuple, _, _, _) = bound.exportForm {
            throw unsupported(
                function.location,
                "the state of '\(function.name)' is a tuple, which callers could not tell from "
                    + "state and answer; make it a record")
        }
        return bound
    }
}
