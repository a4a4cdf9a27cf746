// SPDX-License-Identifier: Apache-2.0

extension PactParser {
    /// Parses a whole text of the guest dialect.
    mutating func parseGuestFile() throws(PactError) -> PactGuestFile {
        var guest = PactGuestFile(
            file: file, package: nil, types: [], interfaces: [], worlds: [], uses: [])
        while !isAtEnd {
            if accept(";") { continue }
            if accept("@") {
                try parseGuestAnnotation()
            } else if startsDefinition {
                guest.types.append(try parseGuestDefinition())
            } else if isAt(word: "package"), name(1) != nil {
                guest.package = try parseGuestPackage()
            } else if isAt(word: "interface"), name(1) != nil {
                guest.interfaces.append(try parseGuestInterface(uses: &guest.uses))
            } else if isAt(word: "world"), name(1) != nil {
                guest.worlds.append(try parseWorld(uses: &guest.uses))
            } else if isAt(word: "use") {
                guest.uses.append(try parseGuestUse())
            } else {
                let keywords = Self.definitionKeywords + ["package", "interface", "world", "use"]
                throw expected(
                    "'package', 'interface', 'world', 'use' or a declaration",
                    remedy: keywordRemedy(keywords))
            }
        }
        return guest.withOuterTypes()
    }

    private mutating func parseGuestDefinition() throws(PactError) -> PactTypeDefinition {
        switch try parseDefinition() {
        case .definition(let definition):
            _ = accept(",")
            _ = accept(";")
            return definition
        case .parameter(let parameter):
            throw error(
                .syntax, "type parameter '\(parameter.name)' stands alone",
                remedy: "write it after the name of the type that uses it: 'record box<t> { … }'")
        }
    }

    /// `forward-compatible` and `default` change how a guest decodes, not what it declares.
    private mutating func parseGuestAnnotation() throws(PactError) {
        let known = ["forward-compatible", "forward_compatible", "default"]
        guard let name = name(), known.contains(name) else {
            throw expected(
                "'forward-compatible' or 'default' after '@'", remedy: keywordRemedy(known))
        }
        advance()
    }

    private mutating func parseGuestPackage() throws(PactError) -> String {
        advance()
        var package = try expectName("a name after 'package'")
        if accept(":") { package += ":" + (try expectName("a name after '\(package):'")) }
        _ = accept(";")
        return package
    }

    /// `use "file".{names}`.
    private mutating func parseGuestUse() throws(PactError) -> PactUse {
        advance()
        guard case .string(let source) = peek().kind else {
            throw expected("a file in quotes after 'use'", remedy: "write 'use \"file\".{name}'")
        }
        advance()
        try expect(".", "after 'use \"…\"'")
        try expect("{", "after 'use \"…\".'")
        let names = try parseNameList("a type", end: "}")
        _ = accept(";")
        return PactUse(source: source, arguments: [], names: names)
    }

    private mutating func parseGuestInterface(
        uses: inout [PactUse]
    ) throws(PactError) -> PactInterface {
        try countInterface()
        advance()
        var interface = PactInterface(name: "", functions: [], types: [])
        interface.name = try expectName("a name after 'interface'")
        try expect("{", "to open interface '\(interface.name)'")
        while !accept("}") {
            if accept(";") { continue }
            if accept("@") {
                try parseGuestAnnotation()
            } else if startsDefinition {
                interface.types.append(try parseGuestDefinition())
            } else if isAt(word: "use"), !isAt(":", ahead: 1) {
                uses.append(try parseGuestUse())
            } else {
                interface.functions.append(
                    try parseGuestFunction(in: "interface '\(interface.name)'"))
            }
        }
        return interface
    }

    /// `name: func(…)` or `func name(…)`.
    private mutating func parseGuestFunction(in owner: String) throws(PactError) -> PactFunction {
        if isAt(word: "func"), name(1) != nil, isAt("(", ahead: 2) { advance() }
        let location = self.location
        let name = try expectName("a function or '}' in \(owner)")
        if !isAt("(") {
            try expect(":", "after '\(name)'", remedy: "write '\(name): func(…) -> type'")
            guard isAt(word: "func") else { throw expected("'func' after '\(name):'") }
            advance()
        }
        let function = try parseSignature(name, at: location)
        _ = accept(",")
        _ = accept(";")
        return function
    }

    // MARK: - Worlds

    private mutating func parseWorld(uses: inout [PactUse]) throws(PactError) -> PactWorld {
        advance()
        let name = try expectName("a name after 'world'")
        var world = PactWorld(
            name: name, types: [], imports: [], exports: [], importedNames: [],
            exportedNames: [])
        var imports = PactInterfaceList()
        var exports = PactInterfaceList()
        try expect("{", "to open world '\(name)'")
        while !accept("}") {
            if accept(";") { continue }
            if accept("@") {
                try parseGuestAnnotation()
            } else if startsDefinition {
                world.types.append(try parseGuestDefinition())
            } else if isAt(word: "use") {
                uses.append(try parseGuestUse())
            } else if isAt(word: "import") {
                try parseWorldItem(into: &imports, names: &world.importedNames)
            } else if isAt(word: "export") {
                try parseWorldItem(into: &exports, names: &world.exportedNames)
            } else {
                let keywords = Self.definitionKeywords + ["import", "export", "use"]
                throw expected(
                    "'import', 'export', 'use', a declaration or '}' in world '\(name)'",
                    remedy: keywordRemedy(keywords))
            }
        }
        world.imports = imports.finished(types: world.types, parameters: [])
        world.exports = exports.finished(types: world.types, parameters: [])
        return world
    }

    private mutating func parseWorldItem(
        into list: inout PactInterfaceList, names: inout [String]
    ) throws(PactError) {
        let keyword = try expectName("'import' or 'export'")
        let location = self.location
        var path = try expectName("a function or an interface after '\(keyword)'")
        if accept("{") {
            try countInterface()
            var functions: [PactFunction] = []
            while !accept("}") {
                if accept(";") { continue }
                functions.append(try parseGuestFunction(in: "'\(keyword) \(path)'"))
            }
            list.add(path, functions: functions, types: [])
            return
        }
        if isAt(":"), isAt(word: "func", ahead: 1), isAt("(", ahead: 2) {
            advance()
            advance()
            list.add("", functions: [try parseSignature(path, at: location)], types: [])
        } else {
            if accept(":") { path += ":" + (try expectName("a package after '\(path):'")) }
            if accept("/") { path += "/" + (try expectName("an interface after '\(path)/'")) }
            names.append(path)
        }
        _ = accept(",")
        _ = accept(";")
    }
}

extension PactGuestFile {
    /// Puts the types of the text before those of each interface, and the package before its name.
    fileprivate func withOuterTypes() -> PactGuestFile {
        var guest = self
        for index in guest.interfaces.indices {
            guest.interfaces[index].addOuter(types)
            if let package { guest.interfaces[index].name = "\(package)/\(interfaces[index].name)" }
        }
        for index in guest.worlds.indices {
            for inner in guest.worlds[index].imports.indices {
                guest.worlds[index].imports[inner].addOuter(types)
            }
            for inner in guest.worlds[index].exports.indices {
                guest.worlds[index].exports[inner].addOuter(types)
            }
        }
        return guest
    }
}

extension PactInterface {
    fileprivate mutating func addOuter(_ outer: [PactTypeDefinition]) {
        types = types.isEmpty ? outer : outer + types
    }
}
