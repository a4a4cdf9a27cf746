// SPDX-License-Identifier: Apache-2.0

/// Interfaces under construction, in the order in which the text first names them.
struct PactInterfaceList {
    private(set) var interfaces: [PactInterface] = []
    private var positions: [String: Int] = [:]

    /// Adds functions and the types in scope for them.
    mutating func add(
        _ name: String, functions: [PactFunction], types: [PactTypeDefinition]
    ) {
        guard let position = positions[name] else {
            positions[name] = interfaces.count
            interfaces.append(PactInterface(name: name, functions: functions, types: types))
            return
        }
        interfaces[position].functions += functions
        if interfaces[position].types.isEmpty {
            interfaces[position].types = types
        } else {
            let known = Set(interfaces[position].types)
            interfaces[position].types += types.filter { !known.contains($0) }
        }
    }

    /// The interfaces, each with the types of the whole text first.
    func finished(
        types: [PactTypeDefinition], parameters: [PactTypeParameter]
    ) -> [PactInterface] {
        interfaces.map { interface in
            var interface = interface
            interface.types = interface.types.isEmpty ? types : types + interface.types
            interface.typeParameters = parameters
            return interface
        }
    }
}

/// The content of one pair of braces below `imports` or `exports`.
private struct PactBlock {
    var types: [PactTypeDefinition] = []
    /// The functions of the interface whose braces these are.
    var functions: [PactFunction] = []
    /// The interfaces named inside, with the types declared in their own braces. Functions outside
    /// any interface are in one with the empty name.
    var interfaces: [(name: String, functions: [PactFunction], types: [PactTypeDefinition])] = []
}

extension PactParser {
    /// Parses a whole text of the package dialect.
    mutating func parsePackage() throws(PactError) -> PactPackage {
        var types: [PactTypeDefinition] = []
        var parameters: [PactTypeParameter] = []
        var imports = PactInterfaceList()
        var exports = PactInterfaceList()
        while !isAtEnd {
            if startsDefinition {
                switch try parseDefinition() {
                case .definition(let definition): types.append(definition)
                case .parameter(let parameter): parameters.append(parameter)
                }
                _ = accept(",")
                _ = accept(";")
            } else if isAt(word: "imports"), isAt("{", ahead: 1) {
                try parseBlock(imports: true, into: &imports)
            } else if isAt(word: "exports"), isAt("{", ahead: 1) {
                try parseBlock(imports: false, into: &exports)
            } else {
                throw unexpectedInPackage()
            }
        }
        return PactPackage(
            types: types, imports: imports.finished(types: types, parameters: parameters),
            exports: exports.finished(types: types, parameters: parameters),
            typeParameters: parameters, file: file)
    }

    private func unexpectedInPackage() -> PactError {
        let keywords = Self.definitionKeywords + ["imports", "exports"]
        var remedy = keywordRemedy(keywords)
        if isAt("@") || isAt(word: "interface") || isAt(word: "use") {
            remedy = "this belongs to the host dialect; a package has types, imports and exports"
        } else if isAt(word: "import") || isAt(word: "export") {
            remedy = "write '\(name() ?? "")s { … }'"
        } else if name() != nil, isAt(":", ahead: 1) {
            remedy = "put functions inside 'imports { … }' or 'exports { … }'"
        }
        return expected(
            "'record', 'variant', 'enum', 'flags', 'type', 'imports' or 'exports'",
            remedy: remedy)
    }

    /// `imports { … }` or `exports { … }`.
    private mutating func parseBlock(
        imports: Bool, into list: inout PactInterfaceList
    ) throws(PactError) {
        advance()
        let start = location
        advance()
        let block = try parseBlockBody(interface: nil)
        let outside = block.interfaces.first { $0.name.isEmpty }
        if imports, let stray = outside?.functions.first {
            throw error(
                .syntax, "the imported function '\(stray.name)' is in no interface",
                at: stray.location == .none ? start : stray.location,
                remedy: "write 'some:package/interface { \(stray.name): func(…) }'")
        }
        for interface in block.interfaces {
            list.add(
                interface.name, functions: interface.functions,
                types: interface.types.isEmpty ? block.types : block.types + interface.types)
        }
    }

    /// The content of braces up to '}', which is taken too.
    private mutating func parseBlockBody(interface: String?) throws(PactError) -> PactBlock {
        var block = PactBlock()
        while !accept("}") {
            if startsDefinition {
                switch try parseDefinition() {
                case .definition(let definition): block.types.append(definition)
                case .parameter(let parameter):
                    throw error(
                        .syntax, "type parameter '\(parameter.name)' stands inside a block",
                        remedy: "declare it outside 'imports' and 'exports'")
                }
            } else {
                try parseBlockEntry(interface: interface, into: &block)
            }
            _ = accept(",")
            _ = accept(";")
        }
        return block
    }

    private mutating func parseBlockEntry(
        interface: String?, into block: inout PactBlock
    ) throws(PactError) {
        let location = self.location
        let path = try parsePath("a function, an interface or '}'")
        if isAt("{") {
            try parseInnerInterface(path, outer: interface, at: location, into: &block)
            return
        }
        var functionLocation = location
        var function = path
        var owner: String?
        if accept(".") {
            functionLocation = self.location
            function = try expectName("a function after '\(path).'")
            owner = path
        }
        let isQualified = owner == nil && path.utf8.contains { ":/".utf8.contains($0) }
        if isQualified {
            throw expected(
                "'{' or '.' after interface '\(path)'",
                remedy: "write '\(path).function: func(…)' or '\(path) { function: func(…) }'")
        }
        try expect(
            ":", "after '\(function)'", remedy: "write '\(function): func(…) -> type'")
        if isAt(word: "func"), isAt("(", ahead: 1) { advance() }
        let parsed = try parseSignature(function, at: functionLocation)
        guard let owner else {
            if interface == nil {
                block.interfaces.append(("", [parsed], []))
            } else {
                block.functions.append(parsed)
            }
            return
        }
        guard interface == nil else {
            throw error(
                .syntax, "'\(owner).\(function)' stands inside interface '\(interface ?? "")'",
                at: location, remedy: "write '\(function)' or move it out of the braces")
        }
        try countInterface()
        block.interfaces.append((owner, [parsed], []))
    }

    private mutating func parseInnerInterface(
        _ path: String, outer: String?, at location: SourceLocation, into block: inout PactBlock
    ) throws(PactError) {
        guard outer == nil else {
            throw error(
                .syntax, "interface '\(path)' stands inside interface '\(outer ?? "")'",
                at: location, remedy: "write its full name beside '\(outer ?? "")'")
        }
        advance()
        try countInterface()
        let inner = try parseBlockBody(interface: path)
        block.interfaces.append((path, inner.functions, inner.types))
    }

    /// `ident { ":" ident | "/" ident }`.
    ///
    /// In `init: func(…)` the colon ends the path, although a name follows it.
    private mutating func parsePath(_ what: String) throws(PactError) -> String {
        var path = try expectName(what)
        while true {
            if isAt(":"), let next = name(1), !(next == "func" && isAt("(", ahead: 2)) {
                path += ":" + next
            } else if isAt("/"), let next = name(1) {
                path += "/" + next
            } else {
                return path
            }
            advance()
            advance()
        }
    }
}
