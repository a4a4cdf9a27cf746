// SPDX-License-Identifier: Apache-2.0

internal import TheaterPact
internal import TheaterValue

/// A call with its function's full name and its arguments as values.
struct ResolvedCall: Sendable {
    let function: String
    let arguments: [Value]
}

/// Turns calls as people type them into calls as an actor takes them.
struct CallResolver: Sendable {
    /// The functions that the actor exports, by full name.
    let names: [String]
    /// Their declarations, as far as they are known.
    let signatures: [String: FunctionSignature]
    /// How arguments are given, for messages.
    var remedy = "give each with --arg VALUE"

    /// Knows a module's functions from its metadata.
    init(names: [String], metadata: PackageMetadata?) {
        let signatures = Dictionary(
            (metadata?.exports ?? []).map { ($0.qualifiedName, $0) },
            uniquingKeysWith: { first, _ in first })
        self.signatures = signatures
        self.names = names.sorted()
    }

    /// The full name of a function that may be abbreviated to its end: `greet` or `greeter.greet`
    /// for `hello:greeter/greeter.greet`.
    func fullName(_ name: String) throws(CLIError) -> String {
        if names.contains(name) { return name }
        let found = names.filter { $0.hasSuffix(".\(name)") || $0.hasSuffix("/\(name)") }
        if found.count == 1 { return found[0] }
        if found.isEmpty {
            let list = names.isEmpty ? "none" : names.prefix(16).joined(separator: ", ")
            throw CLIError(
                .usage, "actor.unknown-function",
                "the actor has no function '\(name)'; it exports: \(list)")
        }
        throw .usage(
            "'\(name)' is the end of several functions: \(found.joined(separator: ", ")); write "
                + "more of the name")
    }

    /// Resolves a call.
    ///
    /// - Parameter input: what `--stdin` read, for a call that takes it.
    func resolve(
        _ call: CallArguments.Call, input: [UInt8]?
    ) throws(CLIError) -> ResolvedCall {
        let name = try fullName(call.function)
        let given = call.arguments.count + (input == nil ? 0 : 1)
        let parameters = try parameters(of: name, given: given)
        var arguments: [Value] = []
        for (index, text) in call.arguments.enumerated() {
            arguments.append(
                try ArgumentText.value(text, for: parameters?[index], of: name))
        }
        if let input {
            arguments.append(
                try ArgumentText.document(input, for: parameters?.last, of: name))
        }
        return ResolvedCall(function: name, arguments: arguments)
    }

    /// The parameters that the caller gives, which the state is not one of; `nil` when the function
    /// is not declared.
    private func parameters(
        of name: String, given: Int
    ) throws(CLIError) -> [TypeDescription.Field]? {
        guard let signature = signatures[name] else { return nil }
        if let parameters = signature.parameters(givenByCaller: given) { return Array(parameters) }
        let declared = signature.parameters
        let wanted = declared.dropFirst(declared.first?.name == "state" ? 1 : 0)
            .dropLast(signature.takesCaller ? 1 : 0)
        let list = wanted.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
        throw CLIError(
            .usage, "actor.wrong-argument",
            "'\(name)' takes \(wanted.count) arguments (\(list)) and got \(given); \(remedy)")
    }
}
