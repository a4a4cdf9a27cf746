// SPDX-License-Identifier: Apache-2.0

/// A function as the metadata of a package describes it.
public struct FunctionSignature: Hashable, Sendable {
    /// The full name of its interface; empty outside any interface.
    public var interface: String
    /// The function's name.
    public var name: String
    /// The parameters in order.
    public var parameters: [TypeDescription.Field]
    /// The results: none or one in practice.
    public var results: [TypeDescription]

    /// Makes a signature.
    public init(
        interface: String, name: String, parameters: [TypeDescription.Field],
        results: [TypeDescription]
    ) {
        self.interface = interface
        self.name = name
        self.parameters = parameters
        self.results = results
    }

    /// Describes a declared function.
    ///
    /// - Throws: `pact.too-complex` if its types, written out, exceed ``PactLimits``.
    public init(_ function: PactFunction, in interface: PactInterface) throws(PactError) {
        var describer = TypeDescriber(interface)
        self = try describer.describe(function)
    }

    /// The name by which a module exports the function: `interface.name`, or the bare name.
    public var qualifiedName: String { interface.isEmpty ? name : "\(interface).\(name)" }

    /// The hash of the function; its name and the names of its parameters do not count.
    public func hash(rules: HashRules = .guest) -> InterfaceHash {
        .function(
            parameters: parameters.map { $0.type.hash(rules: rules) },
            results: results.map { $0.hash(rules: rules) })
    }
}

extension FunctionSignature: CustomStringConvertible {
    /// The function as Pact text, such as `log: func(msg: string)`.
    public var description: String {
        let list = parameters.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
        let head = "\(name): func(\(list))"
        guard let first = results.first else { return head }
        if results.count == 1 { return "\(head) -> \(first)" }
        return "\(head) -> (\(results.map(\.description).joined(separator: ", ")))"
    }

    /// The function as Pact text, followed by the declarations that it mentions.
    public var detailedDescription: String {
        var list: [TypeDescription] = []
        var names: Set<String> = []
        for type in parameters.map(\.type) + results {
            type.collectDeclarations(into: &list, names: &names)
        }
        guard !list.isEmpty else { return description }
        return description + " with " + list.map(\.writtenOut).joined(separator: ", ")
    }
}

extension FunctionSignature {
    /// The parameters that a caller provides who gives so many arguments; `nil` when they are not as
    /// many as the function takes.
    ///
    /// An actor's state is its first parameter and comes from the runtime, not from the caller. The
    /// first parameter is the state when it is called so. Actors of earlier tools call it otherwise;
    /// there it is the state when one argument is missing and the function either takes any value
    /// first or answers with a result, as functions with a state do.
    public func parameters(forArguments count: Int) -> ArraySlice<TypeDescription.Field>? {
        if parameters.first?.name == "state" {
            return parameters.count == count + 1 ? parameters.dropFirst() : nil
        }
        if parameters.count == count { return parameters[...] }
        guard parameters.count == count + 1, mayTakeState else { return nil }
        return parameters.dropFirst()
    }

    /// Whether the runtime tells the function who calls it: its last parameter is called `caller`, and is a
    /// `string` or an `option<string>`.
    public var takesCaller: Bool {
        guard let last = parameters.last, last.name == "caller" else { return false }
        return last.type == .string || last.type == .option(.string)
    }

    /// As ``parameters(forArguments:)``, for a call whose caller the runtime tells.
    public func parameters(givenByCaller count: Int) -> ArraySlice<TypeDescription.Field>? {
        takesCaller
            ? parameters(forArguments: count + 1)?.dropLast() : parameters(forArguments: count)
    }

    private var mayTakeState: Bool {
        if parameters.first?.type == .value { return true }
        if case .result? = results.first { return true }
        return false
    }
}
