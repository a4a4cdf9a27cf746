// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// Writes the Swift types of a package's declarations.
struct DeclarationWriter {
    let table: TypeTable
    let types: SwiftTypes
    /// The names of the types that are the error of some result.
    let errors: Set<String>

    func write(to source: inout Source) throws(BuildError) {
        var taken: [String: String] = [:]
        for definition in table.order {
            let name = SwiftNames.type(definition.name)
            if SwiftNames.isTaken(name) {
                throw table.unsupported(
                    definition.location,
                    "the type '\(definition.name)' would be '\(name)' in Swift, which is the name "
                        + "of something else; give it another name")
            }
            if let other = taken.updateValue(definition.name, forKey: name) {
                throw table.unsupported(
                    definition.location,
                    "the types '\(other)' and '\(definition.name)' would both be '\(name)' in "
                        + "Swift; rename one")
            }
            source.line()
            try write(definition, as: name, to: &source)
        }
    }

    private func write(
        _ definition: PactTypeDefinition, as name: String, to source: inout Source
    ) throws(BuildError) {
        let parameters = definition.parameters.map { Shape.parameter($0) }
        var header = name
        if !definition.parameters.isEmpty {
            let names = definition.parameters.map { "\(SwiftNames.type($0)): Sendable" }
            header += "<\(names.joined(separator: ", "))>"
        }
        let conformances = errors.contains(definition.name) ? "Error, Sendable" : "Sendable"
        switch definition.body {
        case .alias(let target):
            let scope = table.arguments(of: definition, parameters)
            let shape = try table.shape(target, arguments: scope, at: definition.location)
            source.line("/// `type \(definition.name)`")
            let generic = definition.parameters.map(SwiftNames.type).joined(separator: ", ")
            source.line(
                "typealias \(name)\(generic.isEmpty ? "" : "<\(generic)>") = \(types.name(shape))")
        case .record:
            source.line("/// `record \(definition.name)`")
            let fields = try members(of: definition, parameters)
            try source.block("struct \(header): \(conformances)") { source throws(BuildError) in
                try record(definition, fields, to: &source)
            }
        case .variant, .enumeration:
            let cases = try members(of: definition, parameters)
            var isRecursive = false
            for item in cases {
                guard let shape = item.shape else { continue }
                let holdsItself = try table.holds(shape, definition.name)
                isRecursive = isRecursive || holdsItself
            }
            let keyword = isRecursive ? "indirect enum" : "enum"
            source.line("/// `\(definition.isEnumeration ? "enum" : "variant") \(definition.name)`")
            source.block("\(keyword) \(header): \(conformances)") { source in
                for item in cases { self.case(item, to: &source) }
            }
        case .flags(let names):
            guard names.count <= 64 else {
                throw table.unsupported(
                    definition.location, "'\(definition.name)' has more than 64 flags; split it")
            }
            let members = try members(of: definition, parameters)
            source.line("/// `flags \(definition.name)`")
            source.block("struct \(header): OptionSet, Sendable") { source in
                source.line("let rawValue: UInt64")
                source.line("init(rawValue: UInt64) { self.rawValue = rawValue }")
                for (bit, member) in members.enumerated() {
                    source.line(
                        "static var \(member.swift): \(name) { \(name)(rawValue: 1 << \(bit)) }")
                }
            }
        }
    }

    /// A field or case with its Swift name.
    struct Member {
        let name: String
        let swift: String
        let shape: Shape?
    }

    /// The members of a declaration, their Swift names checked to be different.
    func members(
        of definition: PactTypeDefinition, _ arguments: [Shape]
    ) throws(BuildError) -> [Member] {
        var taken: [String: String] = [:]
        var members: [Member] = []
        for part in try table.parts(of: definition, arguments: arguments) {
            let swift = SwiftNames.member(part.name)
            if let other = taken.updateValue(part.name, forKey: swift) {
                throw table.unsupported(
                    definition.location,
                    "'\(other)' and '\(part.name)' of '\(definition.name)' would both be "
                        + "'\(swift)' in Swift; rename one")
            }
            members.append(Member(name: part.name, swift: swift, shape: part.shape))
        }
        return members
    }

    private func record(
        _ definition: PactTypeDefinition, _ fields: [Member], to source: inout Source
    ) throws(BuildError) {
        var boxed: Set<String> = []
        for field in fields {
            guard let shape = field.shape else { continue }
            if try table.holds(shape, definition.name) {
                guard case .option = shape else {
                    throw table.unsupported(
                        definition.location,
                        "field '\(field.name)' holds a '\(definition.name)' again inside its "
                            + "'\(definition.name)', which Swift cannot store; "
                            + "make it an option or a list")
                }
                boxed.insert(field.name)
            }
        }
        for field in fields {
            guard let shape = field.shape else { continue }
            let type = types.name(shape)
            if boxed.contains(field.name), case .option(let inner) = shape {
                // An array of none or one keeps what it holds elsewhere.
                let box = box(field)
                source.line("private var \(box): [\(types.name(inner))] = []")
                source.block("var \(field.swift): \(type)") { source in
                    source.line("get { \(box).first }")
                    source.line("set { \(box) = newValue.map { [$0] } ?? [] }")
                }
            } else {
                source.line("var \(field.swift): \(type)")
            }
        }
        guard !boxed.isEmpty else { return }
        let parameters = fields.map { field in
            let optional = if case .option = field.shape { " = nil" } else { "" }
            let label = SwiftNames.label(field.swift)
            let local = SwiftNames.local(field.swift)
            return (label == local ? label : "\(label) \(local)")
                + ": \(field.shape.map(types.name) ?? "Void")\(optional)"
        }
        source.block("init(\(parameters.joined(separator: ", ")))") { source in
            for field in fields {
                let local = SwiftNames.local(field.swift)
                if boxed.contains(field.name) {
                    source.line("\(box(field)) = \(local).map { [$0] } ?? []")
                } else {
                    source.line("self.\(field.swift) = \(local)")
                }
            }
        }
    }

    /// The stored property behind a field whose type contains the record.
    private func box(_ field: Member) -> String {
        "box_" + field.swift.filter { $0 != "`" }
    }

    private func `case`(_ member: Member, to source: inout Source) {
        switch member.shape {
        case nil: source.line("case \(member.swift)")
        case .tuple(let items) where items.count > 1:
            let list = items.map(types.name).joined(separator: ", ")
            source.line("case \(member.swift)(\(list))")
        case .some(let shape): source.line("case \(member.swift)(\(types.name(shape)))")
        }
    }
}

extension PactTypeDefinition {
    /// Whether the declaration is an `enum`.
    var isEnumeration: Bool {
        if case .enumeration = body { true } else { false }
    }
}
