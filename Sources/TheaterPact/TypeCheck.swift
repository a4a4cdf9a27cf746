// SPDX-License-Identifier: Apache-2.0
public import TheaterValue

/// Checks values against declared types.
///
/// What decides is what is on the wire: records go by field name whatever the order, variants by
/// tag whatever the case name. Field names may be spelled in kebab-case, snake_case or camelCase
/// on either side. `value` matches anything. Annotations inside a value (element types, names of
/// types and cases) are never looked at: guests write placeholders there.
public enum TypeCheck {
    /// Checks a value against a type whose names are those of `interface`.
    ///
    /// - Throws: `pact.type-mismatch` with the path to what is wrong, such as
    ///   `in field 'pos' of record 'actor-state': expected f64, got string`.
    public static func check(
        _ value: Value, against type: PactType, in interface: PactInterface
    ) throws(PactError) {
        var checker = ValueChecker<DeclaredType>()
        try checker.check(value, DeclaredType(type, in: interface))
    }

    /// Checks a value against a type from the metadata of a package.
    ///
    /// - Throws: `pact.type-mismatch` with the path to what is wrong.
    public static func check(
        _ value: Value, against type: TypeDescription
    ) throws(PactError) {
        if type.plainlyFits(value) { return }
        var checker = ValueChecker<TypeDescription>()
        try checker.check(value, type)
    }
}

/// Names that differ only in how words are joined.
enum Spelling {
    /// Whether two names are the same in kebab-case, snake_case or camelCase.
    static func matches(_ left: String, _ right: String) -> Bool {
        left == right || words(left) == words(right)
    }

    /// The position of `name` among `names`: exactly, or else in another spelling.
    static func position(of name: String, in names: [String]) -> Int? {
        names.firstIndex(of: name) ?? names.firstIndex { matches(name, $0) }
    }

    private static func words(_ name: String) -> [UInt8] {
        name.utf8.compactMap { byte in
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") { return nil }
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return isCapital ? byte | 0x20 : byte
        }
    }
}

/// Where in a value a check stands, from the outside in.
struct ValuePath {
    enum Part {
        case item(Int, of: String)
        case field(String, record: String)
        case payload(String, variant: String)
        case part(String)
    }

    private(set) var parts: [Part] = []

    /// Runs `body` one level deeper.
    mutating func enter(_ part: Part) throws(PactError) {
        guard parts.count < PactLimits.valueDepthMax else {
            throw PactError(
                .typeMismatch, "the value nests more than \(PactLimits.valueDepthMax) levels deep",
                remedy: "flatten it")
        }
        parts.append(part)
    }

    mutating func leave() { parts.removeLast() }

    func mismatch(expected: String, found: String, remedy: String? = nil) -> PactError {
        error("expected \(expected), got \(found)", remedy: remedy)
    }

    func error(_ problem: String, remedy: String? = nil) -> PactError {
        PactError(.typeMismatch, description + problem, remedy: remedy)
    }

    private var description: String {
        parts.map { part in
            switch part {
            case .item(let index, of: let whole): "in item \(index) of \(whole): "
            case .field(let field, record: let record): "in field '\(field)' of \(record): "
            case .payload(let name, variant: let variant): "in case '\(name)' of \(variant): "
            case .part(let name): "in \(name): "
            }
        }.joined()
    }
}

/// One check of a value, level by level.
private struct ValueChecker<View: TypeView> {
    private var path = ValuePath()

    mutating func check(_ value: Value, _ type: View) throws(PactError) {
        let shape = type.shape
        switch (shape, value) {
        case (.anything, _), (.string, .string), (.flags, .flags):
            return
        case (.primitive(let primitive), _) where value.primitive == primitive:
            return
        case (.list(let item), .array(let array)):
            try check(array, item)
        case (.list(let item), .list(_, let items)):
            for (index, value) in items.enumerated() {
                try check(value, item, at: .item(index, of: "list"))
            }
        case (.option(let inner), .option(_, let payload)):
            guard let payload else { return }
            try check(payload, inner, at: .part("some of option"))
        case (.result(let ok, let err), .result(_, _, let payload)):
            switch payload {
            case .ok(let value): try checkResult(value, ok, "ok of result")
            case .err(let value): try checkResult(value, err, "err of result")
            }
        case (.result(let ok, let err), .variant(let variant)) where variant.tag < 2:
            // Guests of an older convention write results as variants.
            guard variant.payload.count <= 1 else { throw mismatch(shape, value) }
            let isOK = variant.tag == 0
            try checkResult(
                variant.payload.first ?? .unit, isOK ? ok : err,
                isOK ? "ok of result" : "err of result")
        case (.tuple(let types), .tuple(let items)):
            guard types.count == items.count else { throw mismatch(shape, value) }
            for (index, (type, item)) in zip(types, items).enumerated() {
                try check(item, type, at: .item(index, of: "tuple"))
            }
        case (.record(let name, let fields), .record(let record)):
            try check(record, fields, name.isEmpty ? "record" : "record '\(name)'")
        case (.variant(let name, let cases), .variant(let variant)):
            try check(variant, cases, name.isEmpty ? "variant" : "variant '\(name)'")
        default:
            throw mismatch(shape, value)
        }
    }

    private func mismatch(_ shape: TypeShape<View>, _ value: Value) -> PactError {
        path.mismatch(expected: shape.kind, found: value.kind)
    }

    private mutating func check(
        _ value: Value, _ type: View, at part: ValuePath.Part
    ) throws(PactError) {
        try path.enter(part)
        try check(value, type)
        path.leave()
    }

    /// Packed items are all of one primitive, so one look is enough.
    private mutating func check(_ array: PackedArray, _ item: View) throws(PactError) {
        guard array.count > 0 else { return }
        switch item.shape {
        case .anything: return
        case .primitive(let primitive) where primitive == array.element: return
        case .flags where array.element == .flags: return
        case let shape:
            try path.enter(.item(0, of: "list"))
            throw path.mismatch(expected: shape.kind, found: array.element.name)
        }
    }

    private mutating func checkResult(
        _ value: Value, _ type: View?, _ part: String
    ) throws(PactError) {
        let isEmpty = if case .tuple(let items) = value { items.isEmpty } else { false }
        guard let type else {
            guard isEmpty else {
                try path.enter(.part(part))
                throw path.mismatch(expected: "()", found: value.kind)
            }
            return
        }
        if isEmpty, type.mayBeMissingInResult { return }
        try check(value, type, at: .part(part))
    }

    private mutating func check(
        _ record: Value.Record, _ fields: [(name: String, type: View)], _ whole: String
    ) throws(PactError) {
        let names = record.fields.map(\.name)
        var taken = Array(repeating: false, count: names.count)
        for (index, field) in fields.enumerated() {
            let isInPlace = index < names.count && names[index] == field.name
            let position = isInPlace ? index : Spelling.position(of: field.name, in: names)
            guard let position, !taken[position] else {
                let strays = names.filter { name in !fields.contains { $0.name == name } }
                let near = Suggestion.nearest(to: field.name, among: strays)
                throw path.error(
                    "field '\(field.name)' of \(whole) is missing",
                    remedy: near.map { "rename '\($0)'" })
            }
            taken[position] = true
            try check(
                record.fields[position].value, field.type,
                at: .field(field.name, record: whole))
        }
        if let extra = taken.firstIndex(of: false) {
            throw path.error("\(whole) has no field '\(names[extra])'")
        }
    }

    private mutating func check(
        _ variant: Value.Variant, _ cases: VariantCases<View>, _ whole: String
    ) throws(PactError) {
        guard variant.tag < UInt32(clamping: cases.count) else {
            throw path.error(
                "\(whole) has no case of tag \(variant.tag), only \(cases.count) cases")
        }
        let (name, type) = cases.at(Int(variant.tag))
        guard let type else {
            guard variant.payload.isEmpty else {
                throw path.error(
                    "case '\(name)' of \(whole) has no payload, got \(variant.payload.count)")
            }
            return
        }
        let part = ValuePath.Part.payload(name, variant: whole)
        if variant.payload.count == 1 {
            try check(variant.payload[0], type, at: part)
        } else if case .tuple = type.shape, !variant.payload.isEmpty {
            // Guests write a case with several unnamed fields as several payloads.
            try check(.tuple(variant.payload), type, at: part)
        } else {
            throw path.error(
                "case '\(name)' of \(whole) has one payload, got \(variant.payload.count)")
        }
    }
}
