// SPDX-License-Identifier: Apache-2.0
public import TheaterValue

/// Adapts values that a person typed to the types that a function declares.
///
/// Beyond what ``TypeCheck`` accepts, it takes
/// - an integer for any number type that can hold it, for `flags`, and for floating-point types;
/// - a string for a `char`, for `list<u8>` (its UTF-8 bytes), and for a case without payload;
/// - a list of names for declared flags;
/// - a bare value for an `option`, and an empty list for any list;
/// - a record with fields in any order and spelling, without the optional ones that are none;
/// - a variant by the name of its case, whatever its tag.
///
/// What comes out has exactly the declared types, names and annotations.
public enum ValueCoercion {
    /// Adapts a value to a type whose names are those of `interface`.
    ///
    /// - Throws: `pact.type-mismatch` with the path to what does not fit.
    public static func coerce(
        _ value: Value, to type: PactType, in interface: PactInterface
    ) throws(PactError) -> Value {
        var coercion = Coercion<DeclaredType>()
        return try coercion.coerce(value, DeclaredType(type, in: interface))
    }

    /// Adapts a value to a type from the metadata of a package.
    ///
    /// - Throws: `pact.type-mismatch` with the path to what does not fit.
    public static func coerce(
        _ value: Value, to type: TypeDescription
    ) throws(PactError) -> Value {
        var coercion = Coercion<TypeDescription>()
        return try coercion.coerce(value, type)
    }
}

/// One conversion, level by level.
private struct Coercion<View: TypeView> {
    private var path = ValuePath()

    mutating func coerce(_ value: Value, _ type: View) throws(PactError) -> Value {
        let shape = type.shape
        switch shape {
        case .anything:
            return value
        case .primitive(let primitive):
            return try scalar(value, primitive)
        case .string:
            guard case .string = value else { throw mismatch(shape, value) }
            return value
        case .flags(let names):
            return try flags(value, names)
        case .list(let item):
            return try list(value, item)
        case .option(let inner):
            return try option(value, inner)
        case .result(let ok, let err):
            return try result(value, ok, err)
        case .tuple(let types):
            guard case .tuple(let items) = value, items.count == types.count else {
                throw mismatch(shape, value)
            }
            var coerced: [Value] = []
            for (index, (type, item)) in zip(types, items).enumerated() {
                coerced.append(try coerce(item, type, at: .item(index, of: "tuple")))
            }
            return .tuple(coerced)
        case .record(let name, let fields):
            guard case .record(let record) = value else { throw mismatch(shape, value) }
            return try self.record(record, name, fields)
        case .variant(let name, let cases):
            return try variant(value, name, cases)
        }
    }

    private func mismatch(_ shape: TypeShape<View>, _ value: Value) -> PactError {
        path.mismatch(expected: shape.kind, found: value.kind)
    }

    private mutating func coerce(
        _ value: Value, _ type: View, at part: ValuePath.Part
    ) throws(PactError) -> Value {
        try path.enter(part)
        let coerced = try coerce(value, type)
        path.leave()
        return coerced
    }

    // MARK: - Scalars

    private func scalar(_ value: Value, _ primitive: Primitive) throws(PactError) -> Value {
        if value.primitive == primitive { return value }
        if primitive == .char, case .string(let text) = value {
            let scalars = text.unicodeScalars
            guard let first = scalars.first, scalars.count == 1 else {
                throw path.error("expected one character, got a string of \(scalars.count)")
            }
            return .char(first)
        }
        if let integer = value.integer, let converted = primitive.value(integer) {
            return converted
        }
        if primitive == .f32, case .f64(let number) = value { return .f32(Float(number)) }
        if primitive == .f64, case .f32(let number) = value { return .f64(Double(number)) }
        if let integer = value.integer, primitive.isInteger {
            throw path.error("\(integer) does not fit \(primitive.name)")
        }
        throw path.mismatch(expected: primitive.name, found: value.kind)
    }

    private func flags(_ value: Value, _ names: [String]) throws(PactError) -> Value {
        if case .flags = value { return value }
        if let integer = value.integer, let bits = UInt64(exactly: integer) { return .flags(bits) }
        var items: [Value] = []
        switch value {
        case .list(_, let given) where !names.isEmpty: items = given
        case .array(let array) where array.count == 0: break
        default: throw path.mismatch(expected: "flags", found: value.kind)
        }
        var mask: UInt64 = 0
        for item in items {
            guard case .string(let name) = item else {
                throw path.mismatch(expected: "the name of a flag", found: item.kind)
            }
            guard let bit = Spelling.position(of: name, in: names), bit < 64 else {
                let near = Suggestion.nearest(to: name, among: names)
                throw path.error(
                    "'\(name)' is none of the flags",
                    remedy: near.map { "did you mean '\($0)'?" })
            }
            mask |= 1 << UInt64(bit)
        }
        return .flags(mask)
    }

    // MARK: - Containers

    private mutating func list(_ value: Value, _ item: View) throws(PactError) -> Value {
        let shape = item.shape
        var items: [Value]
        switch (value, shape) {
        case (.array(let array), .primitive(let primitive)) where array.element == primitive:
            return value
        case (.array, .anything):
            return value
        case (.string(let text), .primitive(.u8)):
            return .array(PackedArray(bytes: Array(text.utf8)))
        case (.array(let array), _):
            items = array.elements()
        case (.list(_, let given), _):
            items = given
        default:
            throw path.mismatch(expected: "list", found: value.kind)
        }
        for index in items.indices {
            items[index] = try coerce(items[index], item, at: .item(index, of: "list"))
        }
        let packed: PackedArray? =
            switch shape {
            case .primitive(let primitive): PackedArray(element: primitive, items: items)
            case .flags: PackedArray(element: .flags, items: items)
            default: nil
            }
        if let packed { return .array(packed) }
        return .list(item.annotation, items)
    }

    private mutating func option(_ value: Value, _ inner: View) throws(PactError) -> Value {
        guard case .option(_, let payload) = value else {
            let coerced = try coerce(value, inner, at: .part("some of option"))
            return .option(inner.annotation, coerced)
        }
        guard let payload else { return .option(inner.annotation, nil) }
        let coerced = try coerce(payload, inner, at: .part("some of option"))
        return .option(inner.annotation, coerced)
    }

    private mutating func result(
        _ value: Value, _ ok: View?, _ err: View?
    ) throws(PactError) -> Value {
        guard case .result(_, _, let payload) = value else {
            throw path.mismatch(
                expected: "result", found: value.kind, remedy: "write ok(…) or err(…)")
        }
        let coerced: Value.ResultPayload
        switch payload {
        case .ok(let value): coerced = .ok(try part(value, ok, "ok of result"))
        case .err(let value): coerced = .err(try part(value, err, "err of result"))
        }
        return .result(
            ok: ok?.annotation ?? .tuple([]), err: err?.annotation ?? .tuple([]), coerced)
    }

    private mutating func part(
        _ value: Value, _ type: View?, _ name: String
    ) throws(PactError) -> Value {
        let isEmpty = if case .tuple(let items) = value { items.isEmpty } else { false }
        guard let type else {
            guard isEmpty else {
                try path.enter(.part(name))
                throw path.mismatch(expected: "()", found: value.kind)
            }
            return value
        }
        if isEmpty, type.mayBeMissingInResult { return value }
        return try coerce(value, type, at: .part(name))
    }

    private mutating func record(
        _ record: Value.Record, _ name: String, _ fields: [(name: String, type: View)]
    ) throws(PactError) -> Value {
        let whole = name.isEmpty ? "record" : "record '\(name)'"
        let names = record.fields.map(\.name)
        var taken = Array(repeating: false, count: names.count)
        var coerced: [Value.Record.Field] = []
        for field in fields {
            if let position = Spelling.position(of: field.name, in: names), !taken[position] {
                taken[position] = true
                let part = ValuePath.Part.field(field.name, record: whole)
                let value = try coerce(record.fields[position].value, field.type, at: part)
                coerced.append(.init(field.name, value))
            } else if case .option(let inner) = field.type.shape {
                coerced.append(.init(field.name, .option(inner.annotation, nil)))
            } else {
                throw path.error("field '\(field.name)' of \(whole) is missing")
            }
        }
        if let extra = taken.firstIndex(of: false) {
            let near = Suggestion.nearest(to: names[extra], among: fields.map(\.name))
            throw path.error(
                "\(whole) has no field '\(names[extra])'",
                remedy: near.map { "did you mean '\($0)'?" })
        }
        return .record(.init(name, coerced))
    }

    private mutating func variant(
        _ value: Value, _ name: String, _ cases: VariantCases<View>
    ) throws(PactError) -> Value {
        let whole = name.isEmpty ? "variant" : "variant '\(name)'"
        let given: Value.Variant
        switch value {
        case .variant(let variant): given = variant
        case .string(let caseName): given = .init("", caseName, tag: 0)
        default: throw path.mismatch(expected: whole, found: value.kind)
        }
        let names = cases.names
        let byTag = given.tag < UInt32(clamping: cases.count) ? Int(given.tag) : nil
        let position =
            given.caseName.isEmpty ? byTag : Spelling.position(of: given.caseName, in: names)
        guard let position else {
            let called =
                given.caseName.isEmpty ? "of tag \(given.tag)" : "'\(given.caseName)'"
            let near = Suggestion.nearest(to: given.caseName, among: names)
            throw path.error(
                "\(whole) has no case \(called)",
                remedy: near.map { "did you mean '\($0)'?" }
                    ?? "its cases are \(names.joined(separator: ", "))")
        }
        var coerced = Value.Variant(
            name, names[position], tag: UInt32(clamping: position), given.payload)
        let part = ValuePath.Part.payload(names[position], variant: whole)
        switch (cases.at(position).type, given.payload.count) {
        case (nil, 0):
            break
        case (let type?, 1):
            coerced.payload = [try coerce(given.payload[0], type, at: part)]
        case (let type?, 2...):
            coerced.payload = [try coerce(.tuple(given.payload), type, at: part)]
        case (nil, let count):
            throw path.error("case '\(names[position])' of \(whole) has no payload, got \(count)")
        case (.some, let count):
            throw path.error("case '\(names[position])' of \(whole) has one payload, got \(count)")
        }
        return .variant(coerced)
    }
}

extension TypeView {
    /// The annotation that containers of this type carry.
    fileprivate var annotation: ValueType {
        var budget = 1024
        return annotation(depth: 0, budget: &budget)
    }

    /// `value`, and what nests too deep or branches too much, is annotated as `string`: an
    /// annotation may say anything.
    private func annotation(depth: Int, budget: inout Int) -> ValueType {
        budget -= 1
        guard depth < PactLimits.nestingMax, budget > 0 else { return .string }
        switch shape {
        case .primitive(let primitive): return .primitive(primitive)
        case .string, .anything: return .string
        case .flags: return .primitive(.flags)
        case .list(let item): return .list(item.annotation(depth: depth + 1, budget: &budget))
        case .option(let inner):
            return .option(inner.annotation(depth: depth + 1, budget: &budget))
        case .result(let ok, let err):
            let ok = ok?.annotation(depth: depth + 1, budget: &budget) ?? .tuple([])
            return .result(ok, err?.annotation(depth: depth + 1, budget: &budget) ?? .tuple([]))
        case .tuple(let items):
            return .tuple(items.map { $0.annotation(depth: depth + 1, budget: &budget) })
        case .record(let name, _): return .record(name)
        case .variant(let name, _): return .variant(name)
        }
    }
}
