// SPDX-License-Identifier: Apache-2.0

extension PactParser {
    /// Parses one type.
    mutating func parseType() throws(PactError) -> PactType {
        try nested { (parser) throws(PactError) in try parser.parseTypeBody() }
    }

    private mutating func parseTypeBody() throws(PactError) -> PactType {
        let start = location
        let name = try expectName("a type")
        if let word = PactType.words[name] { return word }
        switch name {
        case "_":
            guard dialect == .host else {
                throw error(
                    .syntax, "'_' may stand only inside result<…> and as a function's result",
                    at: start, remedy: "write tuple<> for a value without content")
            }
            return .unit
        case "list", "option", "set":
            try expect("<", "after '\(name)'", remedy: "write \(name)<type>")
            let inner = try parseType()
            try expect(">", "after the type in \(name)<…>")
            return name == "list" ? .list(inner) : name == "set" ? .set(inner) : .option(inner)
        case "tuple":
            try expect("<", "after 'tuple'", remedy: "write tuple<type, type>")
            return .tuple(try parseTypeList(in: "tuple"))
        case "map":
            try expect("<", "after 'map'", remedy: "write map<key, value>")
            let key = try parseType()
            try expect(",", "after the key type in map<…>", remedy: "write map<key, value>")
            let value = try parseType()
            try expect(">", "after the value type in map<…>")
            return .map(key: key, value: value)
        case "result":
            return try parseResult()
        default:
            return .named(name, accept("<") ? try parseTypeList(in: name) : [])
        }
    }

    /// `<ok, err>`, where `_` is no type at all.
    private mutating func parseResult() throws(PactError) -> PactType {
        let remedy = "write result<type, error-type>, with '_' for neither"
        try expect("<", "after 'result'", remedy: remedy)
        let ok = try parseResultPart()
        try expect(",", "after the first type in result<…>", remedy: remedy)
        let err = try parseResultPart()
        try expect(">", "after the error type in result<…>")
        return .result(ok: ok, err: err)
    }

    private mutating func parseResultPart() throws(PactError) -> PactType? {
        guard isAt(word: "_") else { return try parseType() }
        advance()
        return nil
    }

    /// The types up to '>', after '<'. A trailing comma is allowed.
    private mutating func parseTypeList(in name: String) throws(PactError) -> [PactType] {
        var types: [PactType] = []
        while !accept(">") {
            types.append(try parseType())
            if !accept(",") {
                try expect(">", "or ',' after a type in \(name)<…>")
                break
            }
        }
        return types
    }

    // MARK: - Functions

    /// Parses `( parameters ) -> result` of the function `name`.
    mutating func parseSignature(
        _ name: String, at location: SourceLocation
    ) throws(PactError) -> PactFunction {
        try expect("(", "to open the parameters of '\(name)'")
        var function = PactFunction(name: name, parameters: [], result: nil, location: location)
        while !accept(")") {
            function.parameters.append(try parseParameter(of: name))
            if accept(",") {
                if isAt(")"), dialect == .host {
                    throw expected(
                        "a parameter after ','", remedy: "remove the ',' before ')'")
                }
            } else if !isAt(")") {
                let last = function.parameters.last?.name ?? ""
                throw expected("',' or ')' after parameter '\(last)' of '\(name)'")
            }
        }
        guard accept("-") else { return function }
        try expect(">", "to complete the arrow '->'")
        function.resultLocation = self.location
        function.result = try parseFunctionResult(of: name)
        return function
    }

    private mutating func parseParameter(of function: String) throws(PactError) -> PactField {
        let location = self.location
        let name = try expectName("a parameter of '\(function)' or ')'")
        try expect(
            ":", "after parameter '\(name)' of '\(function)'", remedy: "write 'name: type'")
        let typeLocation = self.location
        let type = try parseType()
        return PactField(name: name, type: type, location: location, typeLocation: typeLocation)
    }

    /// The type after the arrow. Guests write `_` and `()` for none, and `(type)` for one.
    private mutating func parseFunctionResult(of name: String) throws(PactError) -> PactType? {
        guard dialect != .host else { return try parseType() }
        if isAt(word: "_") {
            advance()
            return nil
        }
        guard accept("(") else { return try parseType() }
        if accept(")") { return nil }
        let type = try parseType()
        guard accept(")") else {
            throw expected(
                "')' after the result of '\(name)'",
                remedy: "a function has one result; write tuple<…> for several values")
        }
        return type
    }
}
