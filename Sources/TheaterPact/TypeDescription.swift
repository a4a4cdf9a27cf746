// SPDX-License-Identifier: Apache-2.0

/// A type as the metadata of a package describes it: aliases replaced, declarations written out.
public indirect enum TypeDescription: Hashable, Sendable {
    /// The primitives, `string` and `flags` included.
    case bool, u8, u16, u32, u64, s8, s16, s32, s64, f32, f64, char, string, flags
    /// A list, a set, or a map as a list of pairs.
    case list(TypeDescription)
    /// An optional value.
    case option(TypeDescription)
    /// A result. Guests describe a missing ok type as `bool` and a missing error type as `string`.
    case result(ok: TypeDescription, err: TypeDescription)
    /// A record with its fields in order.
    case record(name: String, [Field])
    /// A variant or an enum with its cases in tag order.
    case variant(name: String, [Case])
    /// A type parameter, or a declaration that is only named.
    case reference(String)
    /// A tuple.
    case tuple([TypeDescription])
    /// Any value.
    case value
    /// The empty tuple; written by hosts only.
    case unit

    /// A named part of a record, or a parameter of a function.
    public struct Field: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The type.
        public var type: TypeDescription

        /// Makes a field.
        public init(name: String, type: TypeDescription) {
            self.name = name
            self.type = type
        }
    }

    /// A case of a variant.
    public struct Case: Hashable, Sendable {
        /// The case's name.
        public var name: String
        /// The payload, if the case has one.
        public var payload: TypeDescription?

        /// Makes a case.
        public init(name: String, payload: TypeDescription?) {
            self.name = name
            self.payload = payload
        }
    }
}

extension TypeDescription {
    /// The hash of the type.
    ///
    /// - Parameter rules: by whose rules a type that is only named is hashed.
    public func hash(rules: HashRules = .guest) -> InterfaceHash {
        switch self {
        case .bool: .bool
        case .u8: .primitive(2)
        case .u16: .primitive(3)
        case .u32: .primitive(4)
        case .u64: .primitive(5)
        case .s8: .primitive(6)
        case .s16: .primitive(7)
        case .s32: .primitive(8)
        case .s64: .primitive(9)
        case .f32: .primitive(10)
        case .f64: .primitive(11)
        case .char: .primitive(12)
        case .string: .string
        case .flags: .flags
        case .list(let item): .list(item.hash(rules: rules))
        case .option(let inner): .option(inner.hash(rules: rules))
        case .result(let ok, let err): .result(ok.hash(rules: rules), err.hash(rules: rules))
        case .record(_, let fields):
            .record(fields.map { ($0.name, $0.type.hash(rules: rules)) })
        case .variant(_, let cases):
            .variant(cases.map { ($0.name, $0.payload?.hash(rules: rules)) })
        case .reference(let name): rules == .host ? .reference(name) : .anything
        case .tuple(let items): .tuple(items.map { $0.hash(rules: rules) })
        case .value: .anything
        case .unit: .tuple([])
        }
    }
}

extension TypeDescription: CustomStringConvertible {
    /// The type as Pact text; records and variants by name.
    public var description: String {
        switch self {
        case .bool: "bool"
        case .u8: "u8"
        case .u16: "u16"
        case .u32: "u32"
        case .u64: "u64"
        case .s8: "s8"
        case .s16: "s16"
        case .s32: "s32"
        case .s64: "s64"
        case .f32: "f32"
        case .f64: "f64"
        case .char: "char"
        case .string: "string"
        case .flags: "flags"
        case .list(let item): "list<\(item)>"
        case .option(let inner): "option<\(inner)>"
        case .result(let ok, let err): "result<\(ok), \(err)>"
        case .record(let name, _): name.isEmpty ? writtenOut : name
        case .variant(let name, _): name.isEmpty ? writtenOut : name
        case .reference(let name): name
        case .tuple(let items): "tuple<\(items.map(\.description).joined(separator: ", "))>"
        case .value: "value"
        case .unit: "_"
        }
    }

    /// A record or variant with its parts, others by ``description``.
    var writtenOut: String {
        switch self {
        case .record(let name, let fields):
            let parts = fields.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
            return "record \(name.isEmpty ? "" : name + " "){ \(parts) }"
        case .variant(let name, let cases):
            let parts = cases.map { entry in
                entry.name + (entry.payload.map { "(\($0))" } ?? "")
            }
            let list = parts.joined(separator: ", ")
            return "variant \(name.isEmpty ? "" : name + " "){ \(list) }"
        default:
            return description
        }
    }

    /// Appends the records and variants that the type mentions, each name once, outermost first.
    func collectDeclarations(into list: inout [TypeDescription], names: inout Set<String>) {
        switch self {
        case .list(let inner), .option(let inner):
            inner.collectDeclarations(into: &list, names: &names)
        case .result(let ok, let err):
            ok.collectDeclarations(into: &list, names: &names)
            err.collectDeclarations(into: &list, names: &names)
        case .tuple(let items):
            for item in items { item.collectDeclarations(into: &list, names: &names) }
        case .record(let name, let fields):
            guard names.insert(name).inserted else { return }
            if !name.isEmpty { list.append(self) }
            for field in fields { field.type.collectDeclarations(into: &list, names: &names) }
        case .variant(let name, let cases):
            guard names.insert(name).inserted else { return }
            if !name.isEmpty { list.append(self) }
            for entry in cases { entry.payload?.collectDeclarations(into: &list, names: &names) }
        default:
            return
        }
    }
}
