// SPDX-License-Identifier: Apache-2.0

extension PactPackage {
    /// Finds what the grammar allows and sense does not, in the order of the text.
    ///
    /// Reports names that nothing declares or that are declared twice, generic types with the
    /// wrong number of arguments, declarations named like a built-in type, and types of which
    /// every value would have to contain another. At most 100 findings.
    public func check() -> [PactError] {
        var checker = PactChecker(file: file, known: [])
        checker.check(types, parameters: typeParameters)
        for interface in imports + exports { checker.check(interface, outer: types) }
        return checker.sorted
    }
}

extension PactHostFile {
    /// Finds what the grammar allows and sense does not: see ``PactPackage/check()``.
    ///
    /// A name that is taken from elsewhere with `use` counts as declared.
    public func check() -> [PactError] {
        var checker = PactChecker(file: file, known: [])
        check(with: &checker, known: [])
        return checker.sorted
    }

    private func check(with checker: inout PactChecker, known: Set<String>) {
        let used = uses.flatMap(\.names) + imports.compactMap(\.localName)
        checker.known = known.union(used)
        checker.check(interface, outer: [])
        let inherited = checker.known.union(interface.types.map(\.name))
        for inner in nested { inner.check(with: &checker, known: inherited) }
    }
}

extension PactImport {
    /// The name by which the text may mention the entry.
    fileprivate var localName: String? {
        switch self {
        case .interface(let name), .named(let name, _): name
        case .function: nil
        }
    }
}

extension PactGuestFile {
    /// Finds what the grammar allows and sense does not: see ``PactPackage/check()``.
    public func check() -> [PactError] {
        var checker = PactChecker(file: file, known: Set(uses.flatMap(\.names)))
        checker.check(types, parameters: [])
        for interface in interfaces { checker.check(interface, outer: types) }
        for world in worlds {
            let outer = types + world.types
            checker.check(world.types, parameters: [], outer: types)
            for interface in world.imports + world.exports {
                checker.check(interface, outer: outer)
            }
        }
        return checker.sorted
    }
}

/// Collects findings about declarations.
struct PactChecker {
    static let findingsMax = 100

    let file: String
    /// Names that are declared elsewhere.
    var known: Set<String>
    private var findings: [PactError] = []

    init(file: String, known: Set<String>) {
        self.file = file
        self.known = known
    }

    /// The findings in the order of the text.
    var sorted: [PactError] {
        findings.sorted {
            let left = $0.location ?? .none
            let right = $1.location ?? .none
            return (left.line, left.column) < (right.line, right.column)
        }
    }

    private mutating func add(
        _ code: PactError.Code, at location: SourceLocation, _ problem: String, remedy: String?
    ) {
        guard findings.count < Self.findingsMax else { return }
        findings.append(PactError(code, file: file, at: location, problem, remedy: remedy))
    }

    /// Checks an interface, except for the types that it shares with its surroundings.
    mutating func check(_ interface: PactInterface, outer: [PactTypeDefinition]) {
        let shared = Set(outer)
        let own = interface.types.filter { !shared.contains($0) }
        let parameters = outer.isEmpty ? interface.typeParameters : []
        check(own, parameters: parameters, outer: outer, inherited: interface.typeParameters)
        let scope = TypeScope(interface)
        var seen: [String: SourceLocation] = [:]
        for function in interface.functions {
            checkUnique(function.name, at: function.location, in: &seen, "function")
            check(function, in: scope)
        }
    }

    /// Checks declarations that stand side by side.
    mutating func check(
        _ types: [PactTypeDefinition], parameters: [PactTypeParameter],
        outer: [PactTypeDefinition] = [], inherited: [PactTypeParameter] = []
    ) {
        guard !types.isEmpty || !parameters.isEmpty else { return }
        let scope = TypeScope(types: outer + types, parameters: parameters + inherited)
        var seen: [String: SourceLocation] = [:]
        for parameter in parameters {
            checkUnique(parameter.name, at: .none, in: &seen, "type parameter")
        }
        for definition in types {
            checkUnique(definition.name, at: definition.location, in: &seen, "type")
            if PactType.builtInNames.contains(definition.name) {
                add(
                    .reservedName, at: definition.location,
                    "'\(definition.name)' is a built-in type",
                    remedy: "give the declaration another name")
            }
            check(definition, in: scope)
        }
        var finiteness = Finiteness(scope: scope)
        for definition in types {
            guard let part = finiteness.endlessPart(of: definition) else { continue }
            add(
                .infiniteType, at: definition.location,
                "'\(definition.name)' contains itself\(part), so no value of it could end",
                remedy: "put option<…> or list<…> around the inner '\(definition.name)'")
        }
    }

    private mutating func checkUnique(
        _ name: String, at location: SourceLocation, in seen: inout [String: SourceLocation],
        _ what: String
    ) {
        guard let first = seen.updateValue(location, forKey: name) else { return }
        seen[name] = first
        let place = first == .none ? "" : "; the first is at \(first.line):\(first.column)"
        add(
            .duplicateName, at: location, "\(what) '\(name)' is declared twice\(place)",
            remedy: "remove or rename one of them")
    }

    private mutating func check(_ definition: PactTypeDefinition, in scope: TypeScope) {
        var seen: [String: SourceLocation] = [:]
        let parameters = Set(definition.parameters)
        if parameters.count < definition.parameters.count {
            add(
                .duplicateName, at: definition.location,
                "'\(definition.name)' has two type parameters of one name",
                remedy: "rename one of them")
        }
        let owner = "'\(definition.name)'"
        switch definition.body {
        case .alias(let type):
            check(type, of: "type \(owner)", definition.location, scope, parameters)
        case .record(let fields):
            for field in fields {
                checkUnique(field.name, at: field.location, in: &seen, "field")
                let place = field.typeLocation == .none ? definition.location : field.typeLocation
                check(field.type, of: "field '\(field.name)' of \(owner)", place, scope, parameters)
            }
        case .variant(let cases):
            for entry in cases {
                checkUnique(entry.name, at: entry.location, in: &seen, "case")
                guard let payload = entry.payload else { continue }
                let place = entry.typeLocation == .none ? definition.location : entry.typeLocation
                check(payload, of: "case '\(entry.name)' of \(owner)", place, scope, parameters)
            }
        case .enumeration(let names):
            for name in names { checkUnique(name, at: definition.location, in: &seen, "case") }
        case .flags(let names):
            for name in names { checkUnique(name, at: definition.location, in: &seen, "flag") }
            if names.count > 64 {
                add(
                    .tooComplex, at: definition.location,
                    "\(owner) has \(names.count) flags, more than the 64 bits of flags",
                    remedy: "split it")
            }
        }
    }

    private mutating func check(_ function: PactFunction, in scope: TypeScope) {
        var seen: [String: SourceLocation] = [:]
        for parameter in function.parameters {
            checkUnique(parameter.name, at: parameter.location, in: &seen, "parameter")
            let place =
                parameter.typeLocation == .none ? function.location : parameter.typeLocation
            check(
                parameter.type, of: "parameter '\(parameter.name)' of '\(function.name)'", place,
                scope, nil)
        }
        guard let result = function.result else { return }
        let place = function.resultLocation == .none ? function.location : function.resultLocation
        check(result, of: "the result of '\(function.name)'", place, scope, nil)
    }

    /// Checks the names in a type; `parameters` is `nil` outside declarations.
    private mutating func check(
        _ type: PactType, of owner: String, _ location: SourceLocation, _ scope: TypeScope,
        _ parameters: Set<String>?
    ) {
        switch type {
        case .selfReference:
            guard parameters == nil else { return }
            add(
                .unknownType, at: location, "\(owner) is 'self', outside a declaration",
                remedy: "write the name of the type")
        case .list(let inner), .option(let inner), .set(let inner):
            check(inner, of: owner, location, scope, parameters)
        case .result(let ok, let err):
            if let ok { check(ok, of: owner, location, scope, parameters) }
            if let err { check(err, of: owner, location, scope, parameters) }
        case .tuple(let items):
            for item in items { check(item, of: owner, location, scope, parameters) }
        case .map(let key, let value):
            check(key, of: owner, location, scope, parameters)
            check(value, of: owner, location, scope, parameters)
        case .named(let name, let arguments):
            for argument in arguments { check(argument, of: owner, location, scope, parameters) }
            checkName(name, arguments.count, of: owner, location, scope, parameters ?? [])
        default:
            return
        }
    }

    private mutating func checkName(
        _ name: String, _ count: Int, of owner: String, _ location: SourceLocation,
        _ scope: TypeScope, _ parameters: Set<String>
    ) {
        if known.contains(name) { return }
        let expected: Int
        if parameters.contains(name) || scope.parameters.contains(name) {
            expected = 0
        } else if let definition = scope.definitions[name] {
            expected = definition.parameters.count
        } else {
            let names = scope.definitions.keys.sorted() + parameters.sorted()
            add(
                .unknownType, at: location, "\(owner) has the unknown type '\(name)'",
                remedy: Suggestion.remedy(forType: name, among: names))
            return
        }
        guard count != expected else { return }
        add(
            .argumentCount, at: location,
            "\(owner): type '\(name)' takes \(expected) arguments, found \(count)",
            remedy: expected == 0
                ? "write '\(name)' alone" : "write '\(name)<…>' with \(expected) types")
    }
}
