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
    /// How calls are written, for messages.
    var line = CallLine.options

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
        let parameters = try parameters(of: name, call, given: given)
        var arguments: [Value] = []
        for (index, text) in call.arguments.enumerated() {
            do throws(CLIError) {
                arguments.append(try ArgumentText.value(text, for: parameters?[index], of: name))
            } catch {
                throw withExample(error, call, parameters, wrong: index)
            }
        }
        if let input {
            do throws(CLIError) {
                arguments.append(
                    try ArgumentText.document(input, for: parameters?.last, of: name))
            } catch {
                guard error.code == "actor.wrong-argument" else { throw error }
                throw withExample(error, call, parameters, wrong: call.arguments.count)
            }
        }
        return ResolvedCall(function: name, arguments: arguments)
    }

    /// An error with a call behind it that would do in place of the one that was typed.
    ///
    /// - Parameter wrong: the argument that does not fit; `nil` when it is their number.
    private func withExample(
        _ error: CLIError, _ call: CallArguments.Call, _ parameters: [TypeDescription.Field]?,
        wrong: Int?
    ) -> CLIError {
        guard let parameters else { return error }
        let name = call.function
        var texts: [String] = []
        for (index, parameter) in parameters.enumerated() {
            let typed = call.arguments.indices.contains(index) ? call.arguments[index] : nil
            if index != wrong, let typed,
                (try? ArgumentText.value(typed, for: parameter, of: name)) != nil
            {
                texts.append(typed)
            } else if let text = ArgumentExample.text(for: parameter, of: name, like: typed ?? "") {
                texts.append(text)
            } else {
                return error
            }
        }
        return CLIError(
            error.status, error.code,
            "\(error.message); for example: `\(line.text(name, texts))`")
    }

    /// The parameters that the caller gives, which the state is not one of; `nil` when the function
    /// is not declared.
    private func parameters(
        of name: String, _ call: CallArguments.Call, given: Int
    ) throws(CLIError) -> [TypeDescription.Field]? {
        guard let signature = signatures[name] else { return nil }
        if let parameters = signature.parameters(givenByCaller: given) { return Array(parameters) }
        let declared = signature.parameters
        let wanted = declared.dropFirst(declared.first?.name == "state" ? 1 : 0)
            .dropLast(signature.takesCaller ? 1 : 0)
        let list = wanted.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
        let count = wanted.count == 1 ? "1 argument" : "\(wanted.count) arguments"
        let takes = wanted.isEmpty ? "no argument" : "\(count) (\(list))"
        throw withExample(
            CLIError(.usage, "actor.wrong-argument", "'\(name)' takes \(takes) and got \(given)"),
            call, Array(wanted), wrong: nil)
    }
}
