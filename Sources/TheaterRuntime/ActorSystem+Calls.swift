// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
public import TheaterPact
public import TheaterPlatform
public import TheaterValue

/// Calls from outside, and what can be called.
extension ActorSystem {
    /// Calls an export of an actor with checked arguments, and waits for its answer.
    ///
    /// The actor's state is not among the arguments: the runtime passes it and takes it back.
    /// Cancelling the caller withdraws a call that has not begun, and no other.
    ///
    /// - Parameters:
    ///   - function: the export, such as `hello:greeter/greeter.greet`.
    ///   - arguments: in the declared order.
    /// - Throws: an error of the caller's (`actor.not-found`, `actor.unknown-function`,
    ///   `actor.wrong-argument`, `actor.mailbox-full`, `actor.deadline`), which leaves the actor
    ///   unharmed; `actor.guest-error` with the actor's error value; or what ended the actor.
    @concurrent
    @discardableResult
    public func call(
        _ id: ActorID, _ function: String, _ arguments: [Value] = [],
        options: CallOptions = CallOptions()
    ) async throws(ActorError) -> Value {
        let cell = try cell(id)
        guard let export = cell.template.exports[function] else {
            throw Self.unknownFunction(function, of: cell)
        }
        guard let (arguments, takesState) = export.fit(arguments, caller: nil) else {
            throw ActorError(
                .wrongArgument,
                "'\(function)' was called with \(arguments.count) arguments; it is declared as "
                    + "\(export.usage), where the runtime provides the state")
        }
        try export.check(arguments, takesState: takesState)
        return try await cell.call(export, arguments, takesState: takesState, options: options)
            .get()
    }

    static func unknownFunction(_ function: String, of cell: Cell) -> ActorError {
        let names = cell.template.exports.keys.sorted()
        let near = Suggestion.nearest(to: function, among: names)
        let hint =
            near.map { "did you mean '\($0)'?" }
            ?? (names.isEmpty
                ? "it exports none" : "it exports \(names.prefix(8).joined(separator: ", "))")
        return ActorError(.unknownFunction, "'\(cell.name)' has no function '\(function)'; \(hint)")
    }

    /// The functions that an actor exports, as it declares them, sorted.
    public func exports(of id: ActorID) throws(ActorError) -> [String] {
        try cell(id).template.exports.values.map(\.usage).sorted()
    }

    /// The names of the functions that an actor exports, sorted.
    public func functionNames(of id: ActorID) throws(ActorError) -> [String] {
        try cell(id).template.exports.keys.sorted()
    }

    /// The declaration of one export; `nil` when its metadata says nothing of it.
    public func signature(of function: String, of id: ActorID) throws(ActorError)
        -> FunctionSignature?
    {
        let cell = try cell(id)
        guard let export = cell.template.exports[function] else {
            throw Self.unknownFunction(function, of: cell)
        }
        return export.signature
    }
}
