// SPDX-License-Identifier: Apache-2.0

public import TheaterPact

/// The Swift face of a package: types, host functions, and what the actor has to offer.
public enum Bindings {
    /// Generates the bindings of a package.
    ///
    /// The same package always gives the same text.
    ///
    /// - Throws: `build.unsupported-pact` for what has no form in Swift, such as two names that
    ///   become the same Swift name, with the place in the `.pact` file.
    public static func generate(_ package: PactPackage) throws(BuildError) -> String {
        guard package.typeParameters.isEmpty else {
            throw BuildError(
                .unsupportedPact,
                "\(package.file): has type parameters, which actors cannot be built with; "
                    + "name a concrete type")
        }
        let table = try TypeTable(package)
        let types = SwiftTypes(table: table)
        let imports = try table.bind(package.imports, isExport: false)
        let exports = try table.bind(package.exports, isExport: true)
        guard !exports.isEmpty else {
            throw BuildError(
                .unsupportedPact,
                "\(package.file): exports nothing, so nobody could call the actor; "
                    + "add an exports block")
        }
        let declarations = DeclarationWriter(
            table: table, types: types, errors: try errors(table, imports + exports))
        var codec = CodecWriter(table: table, types: types, declarations: declarations)

        var source = Source()
        source.line("// Generated from \(package.file) by `theater build`; changes are lost.")
        source.line("import TheaterGuest")
        let exporter = ExportWriter(types: types)
        exporter.writeProtocol(exports, to: &source)
        try declarations.write(to: &source)
        ImportWriter(types: types).write(package.imports, imports, &codec, to: &source)
        log(imports, to: &source)
        exporter.writeExports(exports, to: &source)
        source.line()
        source.line("/// The passage between Swift types and the bytes of calls.")
        try source.block("enum TheaterBindings") { source throws(BuildError) in
            exporter.writeBodies(exports, &codec, to: &source)
            try codec.writeFunctions(to: &source)
        }
        return source.text
    }

    /// Lines printed by the actor go to the log if it imports the log.
    private static func log(_ imports: [BoundFunction], to source: inout Source) {
        let isLog = imports.contains { function in
            function.interface == "theater:simple/runtime" && function.function.name == "log"
                && function.parameters.map(\.shape) == [.scalar(.string)]
        }
        guard isLog else { return }
        source.line()
        source.line("@_cdecl(\"theater_print_line\")")
        source.block(
            "public func theater_print_line(_ text: UnsafePointer<UInt8>, _ size: UInt32)"
        ) { source in
            source.line(
                "let bytes = UnsafeBufferPointer(start: text, count: Int(size))")
            source.line("Runtime.log(String(decoding: bytes, as: UTF8.self))")
        }
    }

    /// The declared types that are the error of a result anywhere.
    private static func errors(
        _ table: TypeTable, _ functions: [BoundFunction]
    ) throws(BuildError) -> Set<String> {
        var names: Set<String> = []
        func visit(_ shape: Shape?) {
            switch shape {
            case nil, .scalar, .parameter: break
            case .list(let inner), .option(let inner): visit(inner)
            case .tuple(let items): items.forEach(visit)
            case .declared(_, let arguments): arguments.forEach(visit)
            case .result(let ok, let err):
                if case .declared(let name, _) = err { names.insert(name) }
                visit(ok)
                visit(err)
            }
        }
        for function in functions {
            function.parameters.forEach { visit($0.shape) }
            visit(function.result)
        }
        for definition in table.order {
            let parameters = definition.parameters.map { Shape.parameter($0) }
            for part in try table.parts(of: definition, arguments: parameters) { visit(part.shape) }
            if case .alias(let target) = definition.body {
                let scope = table.arguments(of: definition, parameters)
                visit(try table.shape(target, arguments: scope, at: definition.location))
            }
        }
        return names
    }
}
