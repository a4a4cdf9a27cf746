// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// Every type that a package declares, under its Pact name.
struct TypeTable {
    /// The file, for messages.
    let file: String
    /// The declarations in the order of their names' first mention.
    private(set) var order: [PactTypeDefinition] = []
    private var byName: [String: PactTypeDefinition] = [:]

    /// How deep a type may nest, names followed.
    static let depthMax = 128
    /// The longest name, in bytes: names stand in type annotations with one byte of length.
    static let nameSizeMax = 127

    init(_ package: PactPackage) throws(BuildError) {
        file = package.file
        var definitions = package.types
        for interface in package.imports + package.exports { definitions += interface.types }
        for definition in definitions { try add(definition) }
    }

    private mutating func add(_ definition: PactTypeDefinition) throws(BuildError) {
        if let known = byName[definition.name] {
            guard known.body == definition.body, known.parameters == definition.parameters else {
                throw unsupported(
                    definition.location,
                    "the type '\(definition.name)' is declared twice with different content; "
                        + "give one of them another name")
            }
            return
        }
        guard definition.name.utf8.count <= Self.nameSizeMax else {
            throw unsupported(
                definition.location,
                "the name '\(definition.name)' is longer than \(Self.nameSizeMax) bytes; shorten it"
            )
        }
        byName[definition.name] = definition
        order.append(definition)
    }

    /// The declaration of a name.
    subscript(name: String) -> PactTypeDefinition? { byName[name] }

    func unsupported(_ location: SourceLocation, _ problem: String) -> BuildError {
        let place = location == .none ? file : "\(file):\(location.line):\(location.column)"
        return BuildError(.unsupportedPact, "\(place): \(problem)")
    }

    // MARK: Shapes

    /// Resolves a type.
    ///
    /// - Parameters:
    ///   - type: the type as written.
    ///   - arguments: what the type parameters in scope stand for.
    ///   - owner: the shape that `self` means.
    ///   - location: the declaration or function that mentions the type, for messages.
    func shape(
        _ type: PactType, arguments: [String: Shape] = [:], owner: Shape? = nil,
        at location: SourceLocation, depth: Int = 0
    ) throws(BuildError) -> Shape {
        guard depth < Self.depthMax else {
            throw unsupported(location, "types nest deeper than \(Self.depthMax); flatten them")
        }
        func inner(_ type: PactType) throws(BuildError) -> Shape {
            try shape(
                type, arguments: arguments, owner: owner, at: location, depth: depth + 1)
        }
        switch type {
        case .list(let item), .set(let item): return .list(try inner(item))
        case .option(let item): return .option(try inner(item))
        case .map(let key, let value): return .list(.tuple([try inner(key), try inner(value)]))
        case .unit: return .unit
        case .tuple(let items):
            var shapes: [Shape] = []
            for item in items { shapes.append(try inner(item)) }
            return .tuple(shapes)
        case .result(let ok, let err):
            var shapes: (ok: Shape?, err: Shape?) = (nil, nil)
            if let ok { shapes.ok = try inner(ok) }
            if let err { shapes.err = try inner(err) }
            return .result(ok: shapes.ok, err: shapes.err)
        case .selfReference:
            guard let owner else {
                throw unsupported(location, "'self' stands outside a declaration; use the name")
            }
            return owner
        case .named(let name, let types):
            if types.isEmpty, let argument = arguments[name] { return argument }
            var shapes: [Shape] = []
            for type in types { shapes.append(try inner(type)) }
            return try named(name, shapes, at: location, depth: depth)
        default:
            guard let scalar = Scalar(rawValue: type.description) else {
                throw unsupported(location, "the type '\(type)' has no form in Swift")
            }
            return .scalar(scalar)
        }
    }

    private func named(
        _ name: String, _ arguments: [Shape], at location: SourceLocation, depth: Int
    ) throws(BuildError) -> Shape {
        guard let definition = byName[name], definition.parameters.count == arguments.count else {
            throw unsupported(
                location, "the type '\(name)' is not declared; declare it or correct the name")
        }
        guard case .alias(let target) = definition.body else {
            return .declared(name, arguments)
        }
        return try shape(
            target, arguments: self.arguments(of: definition, arguments), at: location,
            depth: depth + 1)
    }

    func arguments(of definition: PactTypeDefinition, _ shapes: [Shape]) -> [String: Shape] {
        Dictionary(zip(definition.parameters, shapes), uniquingKeysWith: { first, _ in first })
    }

    /// The shapes of the parts of a declared type: fields, or payloads of cases.
    func parts(
        of definition: PactTypeDefinition, arguments: [Shape]
    ) throws(BuildError) -> [(name: String, shape: Shape?)] {
        let owner = Shape.declared(definition.name, arguments)
        let scope = self.arguments(of: definition, arguments)
        var parts: [(name: String, shape: Shape?)] = []
        switch definition.body {
        case .alias: break
        case .record(let fields):
            for field in fields {
                let shape = try shape(
                    field.type, arguments: scope, owner: owner, at: definition.location)
                parts.append((field.name, shape))
            }
        case .variant(let cases):
            for item in cases {
                var payload: Shape?
                if let type = item.payload {
                    payload = try shape(
                        type, arguments: scope, owner: owner, at: definition.location)
                }
                parts.append((item.name, payload))
            }
        case .enumeration(let names), .flags(let names):
            parts = names.map { ($0, nil) }
        }
        return parts
    }

    // MARK: Recursion

    /// Whether storing a value of `shape` in place means storing one of `target` in place.
    ///
    /// Lists and recursive variants store what they hold elsewhere.
    func holds(_ shape: Shape, _ target: String, seen: Set<String> = []) throws(BuildError) -> Bool
    {
        switch shape {
        case .scalar, .list, .parameter: return false
        case .option(let inner): return try holds(inner, target, seen: seen)
        case .tuple(let items):
            for item in items where try holds(item, target, seen: seen) { return true }
            return false
        case .result(let ok, let err):
            for item in [ok, err] {
                if let item, try holds(item, target, seen: seen) { return true }
            }
            return false
        case .declared(let name, let arguments):
            if name == target { return true }
            guard !seen.contains(name), let definition = byName[name] else { return false }
            for part in try parts(of: definition, arguments: arguments) {
                if let inner = part.shape,
                    try holds(inner, target, seen: seen.union([name]))
                {
                    return true
                }
            }
            return false
        }
    }
}
