// SPDX-License-Identifier: Apache-2.0
import TheaterValue

/// One level of a type: what a value of it must look like.
enum TypeShape<Inner> {
    case primitive(Primitive)
    case string
    /// Bit i is called by the i-th name, where names are known.
    case flags([String])
    case list(Inner)
    case option(Inner)
    /// `nil` stands for the empty tuple.
    case result(ok: Inner?, err: Inner?)
    case tuple([Inner])
    case record(name: String, [(name: String, type: Inner)])
    case variant(name: String, VariantCases<Inner>)
    case anything
}

/// The cases of a variant, looked up one at a time: an item of a list of enums must not cost as
/// much as the enum has cases.
struct VariantCases<Inner> {
    let count: Int
    /// The case of a tag below `count`.
    let at: (Int) -> (name: String, type: Inner?)

    var names: [String] { (0..<count).map { at($0).name } }
}

/// A type that can be looked at level by level.
protocol TypeView {
    /// The outermost level.
    var shape: TypeShape<Self> { get }
    /// Whether the empty tuple stands for a value of this type inside a result.
    ///
    /// Guests describe a missing part of a result as `bool` or `string`, so there it does.
    var mayBeMissingInResult: Bool { get }
}

extension TypeDescription: TypeView {
    var mayBeMissingInResult: Bool { self == .bool || self == .string }

    var shape: TypeShape<TypeDescription> {
        switch self {
        case .bool: .primitive(.bool)
        case .u8: .primitive(.u8)
        case .u16: .primitive(.u16)
        case .u32: .primitive(.u32)
        case .u64: .primitive(.u64)
        case .s8: .primitive(.s8)
        case .s16: .primitive(.s16)
        case .s32: .primitive(.s32)
        case .s64: .primitive(.s64)
        case .f32: .primitive(.f32)
        case .f64: .primitive(.f64)
        case .char: .primitive(.char)
        case .string: .string
        case .flags: .flags([])
        case .list(let item): .list(item)
        case .option(let inner): .option(inner)
        case .result(let ok, let err): .result(ok: ok, err: err)
        case .record(let name, let fields):
            .record(name: name, fields.map { ($0.name, $0.type) })
        case .variant(let name, let cases):
            .variant(
                name: name,
                VariantCases(count: cases.count) { (cases[$0].name, cases[$0].payload) })
        case .reference, .value: .anything
        case .tuple(let items): .tuple(items)
        case .unit: .tuple([])
        }
    }
}

/// A declared type together with what its names mean.
struct DeclaredType: TypeView, Sendable {
    private var type: PactType
    private let scope: TypeScope
    /// What the type parameters stand for where the type is written.
    private var arguments: [String: DeclaredType] = [:]
    /// What `self` stands for there: the declaration's name and arguments.
    private var enclosing: [DeclaredType] = []

    init(_ type: PactType, in interface: PactInterface) {
        self.init(type, scope: TypeScope(interface))
    }

    init(_ type: PactType, scope: TypeScope) {
        self.type = type
        self.scope = scope
    }

    var mayBeMissingInResult: Bool { false }

    /// Follows aliases, parameters and `self`; what never arrives anywhere matches anything.
    var shape: TypeShape<DeclaredType> {
        var current = self
        for _ in 0..<PactLimits.nestingMax {
            switch current.step {
            case .arrived(let shape): return shape
            case .further(let next): current = next
            }
        }
        return .anything
    }

    private enum Step {
        case arrived(TypeShape<DeclaredType>)
        indirect case further(DeclaredType)
    }

    private var step: Step {
        switch type {
        case .bool: .arrived(.primitive(.bool))
        case .u8: .arrived(.primitive(.u8))
        case .u16: .arrived(.primitive(.u16))
        case .u32: .arrived(.primitive(.u32))
        case .u64: .arrived(.primitive(.u64))
        case .s8: .arrived(.primitive(.s8))
        case .s16: .arrived(.primitive(.s16))
        case .s32: .arrived(.primitive(.s32))
        case .s64: .arrived(.primitive(.s64))
        case .f32: .arrived(.primitive(.f32))
        case .f64: .arrived(.primitive(.f64))
        case .char: .arrived(.primitive(.char))
        case .string: .arrived(.string)
        case .flags: .arrived(.flags([]))
        case .value: .arrived(.anything)
        case .unit: .arrived(.tuple([]))
        case .list(let item), .set(let item): .arrived(.list(with(item)))
        case .option(let inner): .arrived(.option(with(inner)))
        case .result(let ok, let err):
            .arrived(.result(ok: ok.map { with($0) }, err: err.map { with($0) }))
        case .tuple(let items): .arrived(.tuple(items.map { with($0) }))
        case .map(let key, let value): .arrived(.list(with(.tuple([key, value]))))
        case .selfReference: enclosing.first.map { .further($0) } ?? .arrived(.anything)
        case .named(let name, let given): named(name, given)
        }
    }

    /// Another type written in the same place.
    private func with(_ type: PactType) -> DeclaredType {
        var copy = self
        copy.type = type
        return copy
    }

    private func named(_ name: String, _ given: [PactType]) -> Step {
        if let argument = arguments[name], given.isEmpty { return .further(argument) }
        guard let definition = scope.definitions[name] else { return .arrived(.anything) }
        var inside = self
        inside.arguments = [:]
        if given.count == definition.parameters.count {
            for (parameter, type) in zip(definition.parameters, given) {
                inside.arguments[parameter] = with(type)
            }
        }
        inside.enclosing = [self]
        switch definition.body {
        case .alias(let type):
            return .further(inside.with(type))
        case .record(let fields):
            return .arrived(
                .record(name: name, fields.map { ($0.name, inside.with($0.type)) }))
        case .variant(let cases):
            let lookUp = VariantCases(count: cases.count) { tag in
                (cases[tag].name, cases[tag].payload.map { inside.with($0) })
            }
            return .arrived(.variant(name: name, lookUp))
        case .enumeration(let names):
            let lookUp = VariantCases<DeclaredType>(count: names.count) { (names[$0], nil) }
            return .arrived(.variant(name: name, lookUp))
        case .flags(let names):
            return .arrived(.flags(names))
        }
    }
}

extension TypeShape {
    /// The kind of type, as messages call it.
    var kind: String {
        switch self {
        case .primitive(let primitive): primitive.name
        case .string: "string"
        case .flags: "flags"
        case .list: "list"
        case .option: "option"
        case .result: "result"
        case .tuple(let items): items.isEmpty ? "()" : "tuple of \(items.count)"
        case .record(let name, _): name.isEmpty ? "record" : "record '\(name)'"
        case .variant(let name, _): name.isEmpty ? "variant" : "variant '\(name)'"
        case .anything: "value"
        }
    }
}

extension Value {
    /// The kind of value, as messages call it.
    var kind: String {
        switch self {
        case .string: "string"
        case .array(let array): "list of \(array.element.name)"
        case .list: "list"
        case .option: "option"
        case .result: "result"
        case .record(let record): record.typeName.isEmpty ? "record" : "record '\(record.typeName)'"
        case .variant(let variant):
            variant.typeName.isEmpty ? "variant" : "variant '\(variant.typeName)'"
        case .tuple(let items): items.isEmpty ? "()" : "tuple of \(items.count)"
        default: primitive?.name ?? "value"
        }
    }
}
