// SPDX-License-Identifier: Apache-2.0

/// Writes out the types of an interface as metadata does.
struct TypeDescriber {
    private let interface: PactInterface
    private let scope: TypeScope
    private var open: Set<String> = []
    private var remaining = PactLimits.walkMax
    private var depth = 0

    init(_ interface: PactInterface) {
        self.interface = interface
        scope = TypeScope(interface)
    }

    mutating func describe(_ function: PactFunction) throws(PactError) -> FunctionSignature {
        var signature = FunctionSignature(
            interface: interface.name, name: function.name, parameters: [], results: [])
        do {
            for parameter in function.parameters {
                let type = try describe(parameter.type, [:])
                signature.parameters.append(.init(name: parameter.name, type: type))
            }
            if let result = function.result, result != .unit {
                signature.results.append(try describe(result, [:]))
            }
        } catch {
            throw PactError(
                .tooComplex, at: function.location,
                "the types of function '\(function.name)', written out, are more than "
                    + "\(PactLimits.walkMax) types or \(PactLimits.walkDepthMax) levels",
                remedy: "use 'value' for one of the inner types")
        }
        return signature
    }

    mutating func describe(_ type: PactType) throws(PactError) -> TypeDescription {
        try describe(type, [:])
    }

    private mutating func describe(
        _ type: PactType, _ arguments: [String: TypeDescription]
    ) throws(PactError) -> TypeDescription {
        guard remaining > 0, depth < PactLimits.walkDepthMax else {
            throw PactError(.tooComplex, "the type, written out, is too large")
        }
        remaining -= 1
        depth += 1
        defer { depth -= 1 }
        switch type {
        case .bool: return .bool
        case .u8: return .u8
        case .u16: return .u16
        case .u32: return .u32
        case .u64: return .u64
        case .s8: return .s8
        case .s16: return .s16
        case .s32: return .s32
        case .s64: return .s64
        case .f32: return .f32
        case .f64: return .f64
        case .char: return .char
        case .string: return .string
        case .flags: return .flags
        case .value, .selfReference: return .value
        case .unit: return .tuple([])
        case .list(let item), .set(let item): return .list(try describe(item, arguments))
        case .option(let inner): return .option(try describe(inner, arguments))
        case .result(let ok, let err):
            let ok = if let ok { try describe(ok, arguments) } else { TypeDescription.bool }
            let err = if let err { try describe(err, arguments) } else { TypeDescription.string }
            return .result(ok: ok, err: err)
        case .tuple(let items): return .tuple(try describe(items, arguments))
        case .map(let key, let value):
            return .list(.tuple(try describe([key, value], arguments)))
        case .named(let name, let given): return try describe(name, given, arguments)
        }
    }

    private mutating func describe(
        _ types: [PactType], _ arguments: [String: TypeDescription]
    ) throws(PactError) -> [TypeDescription] {
        var list: [TypeDescription] = []
        for type in types { list.append(try describe(type, arguments)) }
        return list
    }

    private mutating func describe(
        _ name: String, _ given: [PactType], _ arguments: [String: TypeDescription]
    ) throws(PactError) -> TypeDescription {
        if let argument = arguments[name], given.isEmpty {
            try charge(for: argument)
            return argument
        }
        guard !open.contains(name) else { return .value }
        guard let definition = scope.definitions[name] else {
            return scope.parameters.contains(name) ? .reference(name) : .value
        }
        var inner: [String: TypeDescription] = [:]
        if given.count == definition.parameters.count {
            for (parameter, type) in zip(definition.parameters, given) {
                inner[parameter] = try describe(type, arguments)
            }
        }
        open.insert(name)
        defer { open.remove(name) }
        switch definition.body {
        case .alias(let type):
            return try describe(type, inner)
        case .record(let fields):
            var list: [TypeDescription.Field] = []
            for field in fields {
                list.append(.init(name: field.name, type: try describe(field.type, inner)))
            }
            return .record(name: name, list)
        case .variant(let cases):
            var list: [TypeDescription.Case] = []
            for entry in cases {
                var payload: TypeDescription?
                if let type = entry.payload { payload = try describe(type, inner) }
                list.append(.init(name: entry.name, payload: payload))
            }
            return .variant(name: name, list)
        case .enumeration(let names):
            return .variant(name: name, names.map { .init(name: $0, payload: nil) })
        case .flags:
            return .flags
        }
    }

    /// Counts a type that is put in a second time, and how deep it makes the whole.
    private mutating func charge(for type: TypeDescription) throws(PactError) {
        let size = type.size(limit: remaining)
        guard size.count <= remaining, depth + size.depth <= PactLimits.walkDepthMax else {
            throw PactError(.tooComplex, "the type, written out, is too large")
        }
        remaining -= size.count
    }
}

extension TypeDescription {
    /// How many types this one consists of, and in how many levels; stops counting past `limit`.
    fileprivate func size(limit: Int) -> (count: Int, depth: Int) {
        var count = 0
        var depth = 0
        var waiting: [(type: TypeDescription, depth: Int)] = [(self, 1)]
        while let (type, level) = waiting.popLast(), count <= limit {
            count += 1
            depth = max(depth, level)
            waiting += type.children.map { ($0, level + 1) }
        }
        return (count, depth)
    }

    /// The types directly inside this one.
    var children: [TypeDescription] {
        switch self {
        case .list(let inner), .option(let inner): [inner]
        case .result(let ok, let err): [ok, err]
        case .tuple(let items): items
        case .record(_, let fields): fields.map(\.type)
        case .variant(_, let cases): cases.compactMap(\.payload)
        default: []
        }
    }
}
