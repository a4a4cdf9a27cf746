// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// Writes the functions that read and write Swift values as CGRF: one pair for each type in use.
struct CodecWriter {
    let table: TypeTable
    let types: SwiftTypes
    let declarations: DeclarationWriter

    /// How many different types one package may use.
    static let functionsMax = 4096

    private enum Direction: Hashable {
        case read, write
    }

    private struct Need: Hashable {
        let shape: Shape
        let direction: Direction
    }

    private var needed: Set<Need> = []
    private var queue: [Need] = []

    init(table: TypeTable, types: SwiftTypes, declarations: DeclarationWriter) {
        self.table = table
        self.types = types
        self.declarations = declarations
    }

    static let reader = "TheaterGuest.Wire.Reader"
    static let writer = "TheaterGuest.Wire.Writer"
    static let refusal = "TheaterGuest.Wire.Refusal"

    /// The expression that reads a node.
    mutating func read(_ shape: Shape, _ node: String) -> String {
        switch shape {
        case .scalar(let scalar): return "try r.\(scalar.rawValue)(\(node))"
        case .list(.scalar(let scalar)):
            if let method = scalar.listMethod { return "try r.\(method)(\(node))" }
        case .tuple(let items) where items.isEmpty: return "try r.unit(\(node))"
        default: break
        }
        need(shape, .read)
        return "try TheaterBindings.read_\(mangled(shape))(&r, \(node))"
    }

    /// The statement that writes a value.
    mutating func write(_ shape: Shape, _ value: String) -> String {
        switch shape {
        case .scalar(let scalar): return "w.\(scalar.rawValue)(\(value))"
        case .list(.scalar(let scalar)):
            if let method = scalar.listMethod { return "w.\(method)(\(value))" }
        case .tuple(let items) where items.isEmpty: return "w.unit()"
        default: break
        }
        need(shape, .write)
        return "TheaterBindings.write_\(mangled(shape))(&w, \(value))"
    }

    private mutating func need(_ shape: Shape, _ direction: Direction) {
        let need = Need(shape: shape, direction: direction)
        if needed.insert(need).inserted { queue.append(need) }
    }

    /// The reader or writer of list items, as a function.
    private mutating func function(_ shape: Shape, _ direction: Direction) -> String {
        need(shape, direction)
        return "\(direction == .read ? "read" : "write")_\(mangled(shape))"
    }

    /// A name for a shape: prefix notation, so that different shapes have different names.
    private func mangled(_ shape: Shape) -> String {
        switch shape {
        case .scalar(let scalar): scalar.rawValue
        case .list(let item): "list_" + mangled(item)
        case .option(let inner): "option_" + mangled(inner)
        case .result(let ok, let err):
            "result_\(ok.map(mangled) ?? "none")_\(err.map(mangled) ?? "none")"
        case .tuple(let items):
            (["tuple\(items.count)"] + items.map(mangled)).joined(separator: "_")
        case .declared(let name, let arguments):
            ([SwiftNames.type(name)] + arguments.map(mangled)).joined(separator: "_")
        case .parameter(let name): name
        }
    }

    /// Writes every function that was asked for, and those that they need.
    mutating func writeFunctions(to source: inout Source) throws(BuildError) {
        var next = 0
        while next < queue.count {
            guard queue.count <= Self.functionsMax else {
                throw BuildError(
                    .unsupportedPact,
                    "\(table.file): uses more than \(Self.functionsMax) different types; "
                        + "look for a generic type that mentions itself with larger arguments")
            }
            let need = queue[next]
            next += 1
            source.line()
            let type = types.name(need.shape)
            switch need.direction {
            case .read:
                var body: [String] = []
                try readBody(need.shape, &body)
                source.block(
                    "static func read_\(mangled(need.shape))(_ r: inout \(Self.reader), "
                        + "_ n: UInt32) throws(\(Self.refusal)) -> \(type)"
                ) { source in for line in body { source.line(line) } }
            case .write:
                var body: [String] = []
                try writeBody(need.shape, &body)
                source.block(
                    "static func write_\(mangled(need.shape))(_ w: inout \(Self.writer), "
                        + "_ v: \(type))"
                ) { source in for line in body { source.line(line) } }
            }
        }
    }

    // MARK: Reading

    private mutating func readBody(_ shape: Shape, _ body: inout [String]) throws(BuildError) {
        switch shape {
        case .scalar, .parameter: body.append("return \(read(shape, "n"))")
        case .list(let item):
            if case .scalar(let scalar) = item, scalar.listMethod != nil {
                body.append("return \(read(shape, "n"))")
            } else {
                body.append("return try r.list(n, \(function(item, .read)))")
            }
        case .option(let inner):
            body.append("guard let inner = try r.option(n) else { return nil }")
            body.append("return .some(\(read(inner, "inner")))")
        case .result(let ok, let err):
            body.append("let (isOK, inner) = try r.result(n)")
            let success = ok.map { read($0, "inner") } ?? "()"
            body.append("if isOK { return .success(\(success)) }")
            body.append("return .failure(\(readError(err, "inner")))")
        case .tuple(let items):
            readTuple(items, &body)
            let list = items.indices.map { "v\($0)" }.joined(separator: ", ")
            body.append(items.count == 1 ? "return v0" : "return (\(list))")
        case .declared(let name, let arguments):
            guard let definition = table[name] else { return }
            try readDeclared(definition, arguments, &body)
        }
    }

    /// The expression that reads the error of a result as a Swift error.
    mutating func readError(_ shape: Shape?, _ node: String) -> String {
        guard let shape else { return "Failure((try? r.string(\(node))) ?? \"\")" }
        if shape == .scalar(.string) { return "Failure(\(read(shape, node)))" }
        return types.isError(shape) ? read(shape, node) : "Rejection(\(read(shape, node)))"
    }

    /// The compiler wants to be told that nothing is what was meant.
    private func unitType(_ shape: Shape) -> String { shape.isUnit ? ": Void" : "" }

    private mutating func readTuple(_ items: [Shape], _ body: inout [String]) {
        body.append(
            "\(items.isEmpty ? "_" : "let items") = try r.tuple(n, \(items.count))")
        for (index, item) in items.enumerated() {
            body.append("let n\(index) = r.child(items, \(index))")
            body.append("let v\(index)\(unitType(item)) = \(read(item, "n\(index)"))")
        }
    }

    private mutating func readDeclared(
        _ definition: PactTypeDefinition, _ arguments: [Shape], _ body: inout [String]
    ) throws(BuildError) {
        let members = try declarations.members(of: definition, arguments)
        let wire = SwiftNames.literal(definition.name)
        let type = types.name(.declared(definition.name, arguments))
        switch definition.body {
        case .alias: break
        case .record:
            let fields = "try r.record(n, \(wire), \(members.count))"
            body.append(members.isEmpty ? "_ = \(fields)" : "var fields = \(fields)")
            for (index, member) in members.enumerated() {
                guard let shape = member.shape else { continue }
                body.append(
                    "let n\(index) = try r.field(&fields, \(SwiftNames.literal(member.name)))")
                body.append("let v\(index)\(unitType(shape)) = \(read(shape, "n\(index)"))")
            }
            let list = members.enumerated().map {
                "\(SwiftNames.label($1.swift)): v\($0)"
            }
            body.append("return \(type)(\(list.joined(separator: ", ")))")
        case .variant, .enumeration:
            body.append("let variant = try r.variant(n)")
            body.append("switch variant.tag {")
            for (tag, member) in members.enumerated() {
                let label = SwiftNames.literal("values in case '\(member.name)'")
                body.append("case \(tag):")
                guard let shape = member.shape else {
                    body.append("    try r.empty(variant, \(label))")
                    body.append("    return .\(member.swift)")
                    continue
                }
                body.append("    let inner = try r.payload(variant, \(label))")
                if case .tuple(let items) = shape, items.count > 1 {
                    body.append("    let v = \(read(shape, "inner"))")
                    let list = items.indices.map { "v.\($0)" }.joined(separator: ", ")
                    body.append("    return .\(member.swift)(\(list))")
                } else {
                    body.append("    return .\(member.swift)(\(read(shape, "inner")))")
                }
            }
            body.append("default: throw r.unknownCase(variant, \(wire))")
            body.append("}")
        case .flags:
            body.append("return \(type)(rawValue: try r.flags(n))")
        }
    }

    // MARK: Writing

    private mutating func writeBody(_ shape: Shape, _ body: inout [String]) throws(BuildError) {
        switch shape {
        case .scalar, .parameter: body.append(write(shape, "v"))
        case .list(let item):
            if case .scalar(let scalar) = item, scalar.listMethod != nil {
                body.append(write(shape, "v"))
            } else {
                body.append("w.list(v, \(types.annotation(item)), \(function(item, .write)))")
            }
        case .option(let inner):
            let binding = inner.isUnit ? "v != nil" : "let inner = v"
            body.append("if \(binding) { \(write(inner, "inner")) }")
            body.append("w.option(\(types.annotation(inner)), isPresent: v != nil)")
        case .result(let ok, let err):
            body.append("switch v {")
            body.append("case .success\(ok.map { $0.isUnit } ?? true ? "" : "(let value)"):")
            body.append("    \(write(ok ?? .unit, "value"))")
            body.append("    w.result(\(types.annotation(ok, err)), isOK: true)")
            body.append("case .failure(let error):")
            body.append("    \(writeError(err, "error"))")
            body.append("    w.result(\(types.annotation(ok, err)), isOK: false)")
            body.append("}")
        case .tuple(let items):
            for (index, item) in items.enumerated() {
                body.append(write(item, items.count == 1 ? "v" : "v.\(index)"))
            }
            body.append("w.tuple(\(items.count))")
        case .declared(let name, let arguments):
            guard let definition = table[name] else { return }
            try writeDeclared(definition, arguments, &body)
        }
    }

    /// The statement that writes a Swift error as the error of a result.
    mutating func writeError(_ shape: Shape?, _ error: String) -> String {
        guard let shape, shape != .scalar(.string) else { return "w.string(\(error).message)" }
        return write(shape, types.isError(shape) ? error : "\(error).payload")
    }

    private mutating func writeDeclared(
        _ definition: PactTypeDefinition, _ arguments: [Shape], _ body: inout [String]
    ) throws(BuildError) {
        let members = try declarations.members(of: definition, arguments)
        let wire = SwiftNames.literal(definition.name)
        switch definition.body {
        case .alias: break
        case .record:
            for member in members {
                guard let shape = member.shape else { continue }
                body.append(write(shape, "v.\(member.swift)"))
            }
            let names = members.map(\.name).joined(separator: ",")
            body.append(
                "w.record(\(wire), \(SwiftNames.literal(names)), \(members.count))")
        case .variant, .enumeration:
            body.append("switch v {")
            for (tag, member) in members.enumerated() {
                let name = SwiftNames.literal(member.name)
                switch member.shape {
                case nil, .tuple([]):
                    body.append("case .\(member.swift):")
                case .tuple(let items) where items.count > 1:
                    let list = items.indices.map { "let v\($0)" }.joined(separator: ", ")
                    body.append("case .\(member.swift)(\(list)):")
                    let tuple = items.indices.map { "v\($0)" }.joined(separator: ", ")
                    body.append("    \(write(.tuple(items), "(\(tuple))"))")
                case .some(let shape):
                    body.append("case .\(member.swift)(let inner):")
                    body.append("    \(write(shape, "inner"))")
                }
                if member.shape == .unit { body.append("    w.unit()") }
                let count = member.shape == nil ? 0 : 1
                body.append("    w.variant(\(wire), \(name), \(tag), \(count))")
            }
            body.append("}")
        case .flags: body.append("w.flags(v.rawValue)")
        }
    }
}
