// SPDX-License-Identifier: Apache-2.0

/// Parses `.pact` files of the host dialect.
public enum PactFile {
    /// Parses a host interface.
    ///
    /// - Parameters:
    ///   - text: the Pact text, at most 1 MiB.
    ///   - file: its name, for diagnostics.
    /// - Throws: the first thing that does not follow the grammar. Unknown type names are not an
    ///   error here; ask ``PactHostFile/check()``.
    public static func parseHost(
        _ text: String, file: String
    ) throws(PactError) -> PactHostFile {
        var parser = try PactParser(text, file: file, dialect: .host)
        let host = try parser.parseHostFile()
        try host.validateWalk()
        return host
    }
}

/// A host interface with everything its text declares.
public struct PactHostFile: Hashable, Sendable {
    /// The file as the caller named it.
    public var file: String
    /// The interface: the functions under `exports`, under the full name.
    public var interface: PactInterface
    /// The interface's own name, without the package; `root` when the text names none.
    public var localName: String
    /// The annotations in order.
    public var annotations: [PactAnnotation]
    /// The entries of `imports`.
    public var imports: [PactImport]
    /// The entries of `exports` that are types rather than functions.
    public var exportedTypes: [PactField]
    /// The `use` declarations.
    public var uses: [PactUse]
    /// The interfaces declared inside this one.
    public var nested: [PactHostFile]
    /// The interfaces declared as a transform of another.
    public var transforms: [PactTransform]

    /// The value of `@package`, if there is one.
    public var package: String? { PactAnnotation.package(in: annotations) }
}

/// `@name: type = value`.
public struct PactAnnotation: Hashable, Sendable {
    /// The name, without `@`.
    public var name: String
    /// The declared type; not enforced.
    public var type: PactType
    /// The value.
    public var value: PactLiteral

    /// The text of the annotation `package`, if there is one.
    static func package(in annotations: [PactAnnotation]) -> String? {
        for case let annotation in annotations where annotation.name == "package" {
            if case .string(let text) = annotation.value { return text }
        }
        return nil
    }
}

/// The value of an annotation.
public indirect enum PactLiteral: Hashable, Sendable {
    /// Quoted text.
    case string(String)
    /// A number, as written.
    case number(String)
    /// `true` or `false`.
    case bool(Bool)
    /// Named values in order.
    case record([Entry])

    /// One named value.
    public struct Entry: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The value.
        public var value: PactLiteral
    }
}

/// One entry of `imports` in a host interface.
public enum PactImport: Hashable, Sendable {
    /// A whole interface.
    case interface(String)
    /// One function of an interface.
    case function(interface: String, function: String)
    /// An interface under a name of its own.
    case named(String, interface: String)
}

/// `use interface(arguments).{names}`.
public struct PactUse: Hashable, Sendable {
    /// The interface, or the file in the guest dialect.
    public var source: String
    /// The arguments of the interface.
    public var arguments: [String]
    /// The types taken from it; empty for all.
    public var names: [String]

    /// Makes a declaration.
    public init(source: String, arguments: [String], names: [String]) {
        self.source = source
        self.arguments = arguments
        self.names = names
    }
}

/// `interface name = transform(arguments)`.
public struct PactTransform: Hashable, Sendable {
    /// The name that the text gives to the new interface.
    public var name: String
    /// The transform's name.
    public var transform: String
    /// The transform's arguments; the first is its base.
    public var arguments: [String]
    /// Where the transform's name stands.
    public var location: SourceLocation
}

extension PactHostFile {
    /// Applies a transform: `rpc` is the only one.
    ///
    /// `rpc` lets every function fail in transport: a result `T` becomes
    /// `result<T, rpc-error>`, and no result becomes `result<_, rpc-error>` with a true unit. The
    /// new interface is called `rpc(base)`.
    ///
    /// - Throws: `pact.unknown-transform`.
    public func applying(_ transform: PactTransform) throws(PactError) -> PactInterface {
        guard transform.transform == "rpc" else {
            throw PactError(
                .unknownTransform, file: file, at: transform.location,
                "'\(transform.transform)' is not a transform",
                remedy: "the only transform is 'rpc'")
        }
        guard let base = transform.arguments.first, transform.arguments.count == 1 else {
            throw PactError(
                .unknownTransform, file: file, at: transform.location,
                "'rpc' takes one interface, found \(transform.arguments.count)",
                remedy: "write 'interface \(transform.name) = rpc(base)'")
        }
        let candidates = nested + [self]
        guard let source = candidates.first(where: { $0.localName == base }) else {
            let near = Suggestion.nearest(to: base, among: candidates.map(\.localName))
            throw PactError(
                .unknownTransform, file: file, at: transform.location,
                "'\(base)' is no interface of this text",
                remedy: near.map { "did you mean '\($0)'?" } ?? "declare it in the same body")
        }
        return source.interface.withRPCErrors(named: "rpc(\(base))")
    }
}

extension PactInterface {
    fileprivate func withRPCErrors(named newName: String) -> PactInterface {
        let failures = [
            PactCase(name: "timeout", payload: nil),
            PactCase(name: "actor-not-found", payload: .string),
            PactCase(name: "function-not-found", payload: .string),
            PactCase(name: "shutting-down", payload: nil),
            PactCase(name: "channel-closed", payload: nil),
            PactCase(name: "call-failed", payload: .string),
        ]
        var new = self
        new.name = newName
        new.types.append(
            PactTypeDefinition(name: "rpc-error", body: .variant(failures), location: .none))
        for index in new.functions.indices {
            let ok = new.functions[index].result ?? .unit
            new.functions[index].result = .result(ok: ok, err: .named("rpc-error", []))
        }
        return new
    }
}
