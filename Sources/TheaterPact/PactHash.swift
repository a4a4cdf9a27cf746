// SPDX-License-Identifier: Apache-2.0

/// By whose rules a declaration is hashed.
///
/// They differ in two points. A name that nothing declares hashes by itself for the host and as
/// `value` for guests. A function that returns `_` has one result, the empty tuple, for the host
/// and no result for guests.
public enum HashRules: String, Sendable, Hashable, CaseIterable {
    /// The rules for interfaces that the host implements.
    case host
    /// The rules for the imports and exports of packages.
    case guest
}

/// Hashes of Pact declarations.
public enum PactHash {
    /// The hash of a type whose names are those of `interface`.
    public static func type(
        _ type: PactType, in interface: PactInterface, rules: HashRules
    ) -> InterfaceHash {
        var walk = PactWalk(interface, rules: rules)
        return walk.hash(type)
    }
}

extension PactInterface {
    /// The hash of the whole interface.
    public func hash(rules: HashRules) -> InterfaceHash {
        .interface(name: name, functions: functionHashes(rules: rules))
    }

    /// The hash of this interface as if it had only the named functions.
    ///
    /// Names that the interface does not have are left out.
    public func hash(
        ofFunctions names: Set<String>, rules: HashRules = .host
    ) -> InterfaceHash {
        var walk = PactWalk(self, rules: rules)
        let chosen = functions.filter { names.contains($0.name) }
        return .interface(name: name, functions: chosen.map { ($0.name, walk.hash($0)) })
    }

    /// The hash of every function, in the order of the text.
    public func functionHashes(
        rules: HashRules
    ) -> [(name: String, hash: InterfaceHash)] {
        var walk = PactWalk(self, rules: rules)
        return functions.map { ($0.name, walk.hash($0)) }
    }

    /// The hash of a function whose type names are those of this interface.
    public func hash(of function: PactFunction, rules: HashRules) -> InterfaceHash {
        var walk = PactWalk(self, rules: rules)
        return walk.hash(function)
    }
}

/// One walk through the declarations of an interface, names followed.
///
/// The hash of a declared type is kept unless it depends on where the walk came from, so shared
/// types cost once. It depends on that when a type that is being walked is mentioned again: then
/// both are on one circle of declarations. What would not end within ``PactLimits`` hashes as `value`; such texts are
/// refused when they are parsed.
struct PactWalk {
    private let scope: TypeScope
    private let rules: HashRules
    private var finished: [String: InterfaceHash] = [:]
    /// The declarations being walked.
    private var open: Set<String> = []
    private var cycles = TypeCycles()
    /// How many declarations of each circle are being walked.
    private var openInCycle: [Int: Int] = [:]
    private var depth = 0
    private(set) var remaining: Int
    private(set) var hasOverflowed = false

    /// Whether only the walk matters, not the hash: then nothing is digested.
    private let isDry: Bool

    init(
        _ interface: PactInterface, rules: HashRules, budget: Int = PactLimits.walkMax,
        isDry: Bool = false
    ) {
        scope = TypeScope(interface)
        self.rules = rules
        self.isDry = isDry
        remaining = budget
    }

    /// Refuses interfaces whose declarations cannot be walked within the limits.
    static func validate(_ interfaces: [PactInterface], file: String) throws(PactError) {
        let visible = interfaces.reduce(0) { $0 + $1.types.count }
        guard visible <= PactLimits.visibleTypesMax else {
            throw PactError(
                .tooComplex, file: file,
                "the interfaces of the text see \(visible) types together, more than "
                    + "\(PactLimits.visibleTypesMax)", remedy: "split it into several files")
        }
        var budget = PactLimits.walkMax
        for interface in interfaces {
            var walk = PactWalk(interface, rules: .host, budget: budget, isDry: true)
            for function in interface.functions {
                _ = walk.hash(function)
                guard !walk.hasOverflowed else {
                    throw PactError(
                        .tooComplex, file: file, at: function.location,
                        "the types of function '\(function.name)' expand to more than "
                            + "\(PactLimits.walkMax) types or \(PactLimits.walkDepthMax) levels",
                        remedy: "use fewer or flatter types")
                }
            }
            budget = walk.remaining
        }
    }

    mutating func hash(_ function: PactFunction) -> InterfaceHash {
        let parameters = function.parameters.map { hash($0.type) }
        var results: [InterfaceHash] = []
        if let result = function.result, rules == .host || result != .unit {
            results.append(hash(result))
        }
        return isDry ? .anything : .function(parameters: parameters, results: results)
    }

    mutating func hash(_ type: PactType) -> InterfaceHash { hash(type, [:]) }

    private mutating func hash(
        _ type: PactType, _ arguments: [String: InterfaceHash]
    ) -> InterfaceHash {
        guard remaining > 0, depth < PactLimits.walkDepthMax else {
            hasOverflowed = true
            return .anything
        }
        remaining -= 1
        depth += 1
        defer { depth -= 1 }
        switch type {
        case .bool: return .bool
        case .u8: return .primitive(2)
        case .u16: return .primitive(3)
        case .u32: return .primitive(4)
        case .u64: return .primitive(5)
        case .s8: return .primitive(6)
        case .s16: return .primitive(7)
        case .s32: return .primitive(8)
        case .s64: return .primitive(9)
        case .f32: return .primitive(10)
        case .f64: return .primitive(11)
        case .char: return .primitive(12)
        case .string: return .string
        case .flags: return .flags
        case .value, .selfReference: return .anything
        case .unit: return .tuple([])
        case .list(let item), .set(let item):
            let item = hash(item, arguments)
            return isDry ? .anything : .list(item)
        case .option(let inner):
            let inner = hash(inner, arguments)
            return isDry ? .anything : .option(inner)
        case .result(let ok, let err):
            let ok = ok.map { hash($0, arguments) } ?? .bool
            let err = err.map { hash($0, arguments) } ?? .string
            return isDry ? .anything : .result(ok, err)
        case .tuple(let items):
            let items = items.map { hash($0, arguments) }
            return isDry ? .anything : .tuple(items)
        case .map(let key, let value):
            let pair = [hash(key, arguments), hash(value, arguments)]
            return isDry ? .anything : .list(.tuple(pair))
        case .named(let name, let given): return hash(name, given, arguments)
        }
    }

    private mutating func hash(
        _ name: String, _ given: [PactType], _ arguments: [String: InterfaceHash]
    ) -> InterfaceHash {
        if let argument = arguments[name], given.isEmpty { return argument }
        if open.contains(name) { return .anything }
        guard let definition = scope.definitions[name] else {
            if scope.parameters.contains(name) { return .anything }
            return rules == .host ? .reference(name) : .anything
        }
        var inner: [String: InterfaceHash] = [:]
        if given.count == definition.parameters.count {
            for (parameter, type) in zip(definition.parameters, given) {
                inner[parameter] = hash(type, arguments)
            }
        }
        let cycle = cycles.component(of: name, in: scope, budget: &remaining)
        let isIndependent = definition.parameters.isEmpty && openInCycle[cycle, default: 0] == 0
        if isIndependent, let known = finished[name] { return known }
        open.insert(name)
        openInCycle[cycle, default: 0] += 1
        let hash = hash(definition.body, inner)
        openInCycle[cycle, default: 0] -= 1
        open.remove(name)
        if isIndependent { finished[name] = hash }
        return hash
    }

    private mutating func hash(
        _ body: PactTypeDefinition.Body, _ arguments: [String: InterfaceHash]
    ) -> InterfaceHash {
        switch body {
        case .alias(let type):
            return hash(type, arguments)
        case .record(let fields):
            let fields = fields.map { ($0.name, hash($0.type, arguments)) }
            return isDry ? .anything : .record(fields)
        case .variant(let cases):
            let cases = cases.map { ($0.name, $0.payload.map { hash($0, arguments) }) }
            return isDry ? .anything : .variant(cases)
        case .enumeration(let names):
            return isDry ? .anything : .variant(names.map { ($0, nil) })
        case .flags:
            return .flags
        }
    }
}
