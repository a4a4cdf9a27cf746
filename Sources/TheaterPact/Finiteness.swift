// SPDX-License-Identifier: Apache-2.0

/// Decides whether a declared type has a value that ends.
///
/// A record ends if all its fields do, a variant if any case does; lists and options always can.
struct Finiteness {
    private let scope: TypeScope
    private var ending: Set<String> = []
    /// The declarations being looked at, outermost first.
    private var open: [String] = []
    private var mentioned: Set<String> = []
    private var remaining = PactLimits.walkMax
    private var depth = 0

    init(scope: TypeScope) { self.scope = scope }

    /// ` through field 'x'` if every value of the type must contain another one of it.
    mutating func endlessPart(of definition: PactTypeDefinition) -> String? {
        mentioned = []
        guard !ends(definition.name, []) else { return nil }
        guard mentioned.contains(definition.name) else { return nil }
        switch definition.body {
        case .record(let fields):
            open = [definition.name]
            defer { open = [] }
            for field in fields where !ends(field.type, parameters(of: definition)) {
                return " through field '\(field.name)'"
            }
            return ""
        case .variant:
            return " in every case"
        case .alias, .enumeration, .flags:
            return ""
        }
    }

    private func parameters(of definition: PactTypeDefinition) -> [String: Bool] {
        Dictionary(definition.parameters.map { ($0, true) }, uniquingKeysWith: { $1 })
    }

    private mutating func ends(_ type: PactType, _ arguments: [String: Bool]) -> Bool {
        guard remaining > 0, depth < PactLimits.walkDepthMax else { return true }
        remaining -= 1
        depth += 1
        defer { depth -= 1 }
        switch type {
        case .tuple(let items):
            return items.allSatisfy { ends($0, arguments) }
        case .result(let ok, let err):
            guard let ok, let err else { return true }
            return ends(ok, arguments) || ends(err, arguments)
        case .named(let name, let given):
            if let argument = arguments[name], given.isEmpty { return argument }
            return ends(name, given.map { ends($0, arguments) })
        case .selfReference:
            guard let current = open.last else { return true }
            mentioned.insert(current)
            return false
        default:
            return true
        }
    }

    private mutating func ends(_ name: String, _ given: [Bool]) -> Bool {
        if open.contains(name) {
            mentioned.insert(name)
            return false
        }
        guard let definition = scope.definitions[name] else { return true }
        if ending.contains(name), !given.contains(false) { return true }
        var arguments = parameters(of: definition)
        if given.count == definition.parameters.count {
            for (parameter, ends) in zip(definition.parameters, given) {
                arguments[parameter] = ends
            }
        }
        open.append(name)
        defer { open.removeLast() }
        let result: Bool
        switch definition.body {
        case .alias(let type):
            result = ends(type, arguments)
        case .record(let fields):
            result = fields.allSatisfy { ends($0.type, arguments) }
        case .variant(let cases):
            result =
                cases.isEmpty || cases.contains { $0.payload.map { ends($0, arguments) } ?? true }
        case .enumeration, .flags:
            result = true
        }
        if result, !given.contains(false) { ending.insert(name) }
        return result
    }
}
