// SPDX-License-Identifier: Apache-2.0

extension PactParser {
    /// Parses a whole text of the host dialect.
    mutating func parseHostFile() throws(PactError) -> PactHostFile {
        guard isAt(word: "interface"), name(1) != nil, isAt("{", ahead: 2) else {
            let body = try parseHostBody("root", package: nil, isWholeText: true)
            guard isAtEnd else { throw unexpectedInHostBody() }
            return body
        }
        advance()
        let name = try expectName("a name after 'interface'")
        advance()
        let body = try parseHostBody(name, package: nil, isWholeText: false)
        guard isAtEnd else {
            throw expected(
                "the end of the text after interface '\(name)'",
                remedy: "a file holds one interface; move the rest into another file or inside")
        }
        return body
    }

    /// The body up to '}', which is taken too, or up to the end of the text.
    private mutating func parseHostBody(
        _ localName: String, package: String?, isWholeText: Bool
    ) throws(PactError) -> PactHostFile {
        try countInterface()
        var host = PactHostFile(
            file: file, interface: PactInterface(name: "", functions: [], types: []),
            localName: localName, annotations: [], imports: [], exportedTypes: [], uses: [],
            nested: [], transforms: [])
        while !(isWholeText ? isAtEnd : accept("}")) {
            try parseHostItem(into: &host, package: package)
        }
        let prefix = host.package ?? package
        host.interface.name = prefix.map { "\($0)/\(localName)" } ?? localName
        return host
    }

    private mutating func parseHostItem(
        into host: inout PactHostFile, package: String?
    ) throws(PactError) {
        if accept(";") { return }
        if accept("@") {
            host.annotations.append(try parseAnnotation())
            return
        }
        if startsDefinition {
            switch try parseDefinition() {
            case .definition(let definition): host.interface.types.append(definition)
            case .parameter(let parameter): host.interface.typeParameters.append(parameter)
            }
            return
        }
        switch (name(), peek(1).kind) {
        case ("imports", .symbol(UInt8(ascii: "{"))):
            try parseHostImports(into: &host)
        case ("exports", .symbol(UInt8(ascii: "{"))):
            try parseHostExports(into: &host)
        case ("interface", .identifier):
            try parseNestedInterface(into: &host, package: package)
        case ("use", .identifier):
            host.uses.append(try parseUse())
        default:
            throw unexpectedInHostBody()
        }
    }

    private func unexpectedInHostBody() -> PactError {
        let keywords =
            Self.definitionKeywords + ["imports", "exports", "interface", "use"]
        var remedy = keywordRemedy(keywords)
        if isAt(word: "world") || isAt(word: "package") {
            remedy = "'\(name() ?? "")' belongs to the guest dialect"
        } else if isAt(word: "use") {
            remedy = "write 'use interface.{name}'; files cannot be used"
        } else if name() != nil, isAt(":", ahead: 1) {
            remedy = "put functions inside 'exports { … }'"
        } else if isAt(":") || isAt("/") {
            remedy = "an interface has one plain name; put 'a:b' into '@package: string = \"a:b\"'"
        }
        return expected("a declaration, 'imports', 'exports' or '}'", remedy: remedy)
    }

    private mutating func parseAnnotation() throws(PactError) -> PactAnnotation {
        let name = try expectName("a name after '@'")
        try expect(
            ":", "after '@\(name)'", remedy: "write '@\(name): string = \"…\"'")
        let type = try parseType()
        try expect("=", "after the type of '@\(name)'")
        return PactAnnotation(name: name, type: type, value: try parseLiteral())
    }

    private mutating func parseLiteral() throws(PactError) -> PactLiteral {
        try nested { (parser) throws(PactError) in
            switch parser.peek().kind {
            case .string(let text):
                parser.advance()
                return .string(text)
            case .number(let text):
                parser.advance()
                return .number(text)
            case .identifier("true"), .identifier("false"):
                defer { parser.advance() }
                return .bool(parser.isAt(word: "true"))
            case .symbol(UInt8(ascii: "{")):
                parser.advance()
                var entries: [PactLiteral.Entry] = []
                while !parser.accept("}") {
                    let name = try parser.expectName("a name or '}' in the annotation")
                    try parser.expect(":", "after '\(name)' in the annotation")
                    entries.append(.init(name: name, value: try parser.parseLiteral()))
                    _ = parser.accept(",")
                }
                return .record(entries)
            default:
                throw parser.expected("a string, a number, 'true', 'false' or '{'")
            }
        }
    }

    private mutating func parseHostImports(into host: inout PactHostFile) throws(PactError) {
        advance()
        advance()
        while !accept("}") {
            if accept(";") { continue }
            let name = try expectName("an interface or '}' in 'imports'", remedy: commaRemedy)
            if accept(".") {
                let function = try expectName("a function after '\(name).'")
                host.imports.append(.function(interface: name, function: function))
            } else if accept(":") {
                let interface = try expectName("an interface after '\(name):'")
                host.imports.append(.named(name, interface: interface))
            } else {
                host.imports.append(.interface(name))
            }
        }
    }

    private mutating func parseHostExports(into host: inout PactHostFile) throws(PactError) {
        advance()
        advance()
        while !accept("}") {
            if accept(";") { continue }
            let location = self.location
            let name = try expectName("a function or '}' in 'exports'", remedy: commaRemedy)
            try expect(
                ":", "after '\(name)' in 'exports'", remedy: "write '\(name): func(…) -> type'")
            if isAt(word: "func"), isAt("(", ahead: 1) {
                advance()
                host.interface.functions.append(try parseSignature(name, at: location))
            } else if isAt("(") {
                throw expected("'func' or a type after '\(name):'", remedy: "write 'func(' for '('")
            } else {
                let typeLocation = self.location
                let type = try parseType()
                host.exportedTypes.append(
                    PactField(
                        name: name, type: type, location: location, typeLocation: typeLocation))
            }
        }
    }

    private var commaRemedy: String? {
        isAt(",") ? "separate entries by a new line or ';'" : nil
    }

    private mutating func parseNestedInterface(
        into host: inout PactHostFile, package: String?
    ) throws(PactError) {
        advance()
        let name = try expectName("a name after 'interface'")
        if accept("=") {
            let transformLocation = self.location
            let transform = try expectName("a transform after 'interface \(name) ='")
            try expect("(", "after transform '\(transform)'")
            let arguments = try parseNameList("an interface", end: ")")
            host.transforms.append(
                PactTransform(
                    name: name, transform: transform, arguments: arguments,
                    location: transformLocation))
            return
        }
        try expect("{", "to open interface '\(name)'", remedy: plainNameRemedy)
        let inherited = host.package ?? package
        let inner = try nested { (parser) throws(PactError) in
            try parser.parseHostBody(name, package: inherited, isWholeText: false)
        }
        host.nested.append(inner)
    }

    private var plainNameRemedy: String? {
        guard isAt(":") || isAt("/") || isAt(".") else { return nil }
        return "an interface has one plain name; put 'a:b' into '@package: string = \"a:b\"'"
    }

    private mutating func parseUse() throws(PactError) -> PactUse {
        advance()
        let source = try expectName("an interface after 'use'")
        var use = PactUse(source: source, arguments: [], names: [])
        if accept("(") { use.arguments = try parseNameList("an interface", end: ")") }
        if accept(".") {
            try expect("{", "after 'use \(source).'", remedy: "write 'use \(source).{name}'")
            use.names = try parseNameList("a type", end: "}")
        }
        return use
    }
}
