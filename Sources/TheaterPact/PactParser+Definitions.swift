// SPDX-License-Identifier: Apache-2.0

/// What the keyword `type` and its fellows introduce.
enum PactTypeItem {
    case definition(PactTypeDefinition)
    case parameter(PactTypeParameter)
}

extension PactParser {
    static let definitionKeywords = ["type", "record", "variant", "enum", "flags"]

    /// Whether a declaration of a type starts here.
    ///
    /// No word is reserved: a function may be called `record`, so the word before a name decides.
    var startsDefinition: Bool {
        guard let keyword = name(), Self.definitionKeywords.contains(keyword) else { return false }
        return name(1) != nil
    }

    /// Parses a declaration; call only where ``startsDefinition`` holds.
    mutating func parseDefinition() throws(PactError) -> PactTypeItem {
        try countDefinition()
        let keyword = try expectName("a declaration")
        let location = self.location
        let name = try expectName("a name after '\(keyword)'")
        let body: PactTypeDefinition.Body
        var parameters: [String] = []
        switch keyword {
        case "type":
            parameters = try parseTypeParameters(of: name)
            if parameters.isEmpty, accept(":") {
                let constraint = try expectName("the constraint of type parameter '\(name)'")
                return .parameter(PactTypeParameter(name: name, constraint: constraint))
            }
            if parameters.isEmpty, dialect == .host, !isAt("=") {
                return .parameter(PactTypeParameter(name: name))
            }
            try expect("=", "after 'type \(name)'", remedy: "write 'type \(name) = some-type'")
            body = .alias(try parseType())
        case "record":
            parameters = try parseTypeParameters(of: name)
            body = .record(try parseFields(of: name))
        case "variant":
            parameters = try parseTypeParameters(of: name)
            body = .variant(try parseCases(of: name))
        case "enum":
            body = .enumeration(try parseNames("case", of: "enum '\(name)'"))
        default:
            body = .flags(try parseNames("flag", of: "flags '\(name)'"))
        }
        return .definition(
            PactTypeDefinition(name: name, parameters: parameters, body: body, location: location))
    }

    /// `< names >`, if there.
    private mutating func parseTypeParameters(of name: String) throws(PactError) -> [String] {
        guard accept("<") else { return [] }
        var parameters: [String] = []
        while !accept(">") {
            parameters.append(try expectName("a type parameter of '\(name)' or '>'"))
            if !accept(","), !isAt(">") {
                throw expected("',' or '>' after a type parameter of '\(name)'")
            }
        }
        return parameters
    }

    private mutating func parseFields(of record: String) throws(PactError) -> [PactField] {
        try expect("{", "to open record '\(record)'")
        var fields: [PactField] = []
        while !accept("}") {
            let location = self.location
            let name = try expectName("a field or '}' in record '\(record)'")
            try expect(":", "after field '\(name)'", remedy: "write '\(name): type'")
            let typeLocation = self.location
            let type = try parseType()
            fields.append(
                PactField(name: name, type: type, location: location, typeLocation: typeLocation))
            try acceptSeparator(after: "field '\(name)'")
        }
        return fields
    }

    private mutating func parseCases(of variant: String) throws(PactError) -> [PactCase] {
        try expect("{", "to open variant '\(variant)'")
        var cases: [PactCase] = []
        while !accept("}") {
            var entry = PactCase(name: "", payload: nil, location: location)
            entry.name = try expectName("a case or '}' in variant '\(variant)'")
            if accept("(") {
                entry.typeLocation = location
                entry.payload = try parseType()
                try expect(
                    ")", "after the payload of case '\(entry.name)'",
                    remedy: "a case has one payload; write tuple<…> for several values")
            } else if isAt(":") {
                throw expected(
                    "',', '(' or '}' after case '\(entry.name)'",
                    remedy: "write '\(entry.name)(type)' for a case with a payload")
            }
            try acceptSeparator(after: "case '\(entry.name)'")
            cases.append(entry)
        }
        return cases
    }

    private mutating func parseNames(
        _ what: String, of owner: String
    ) throws(PactError) -> [String] {
        try expect("{", "to open \(owner)")
        var names: [String] = []
        while !accept("}") {
            let name = try expectName("a \(what) or '}' in \(owner)")
            if isAt("("), what == "case" {
                throw expected(
                    "',' or '}' after case '\(name)'",
                    remedy: "the cases of an enum carry nothing; use 'variant' instead")
            }
            try acceptSeparator(after: "\(what) '\(name)'")
            names.append(name)
        }
        return names
    }

    /// `,` and `;` may follow, each once; a name may follow without either.
    private mutating func acceptSeparator(after what: String) throws(PactError) {
        let separated = accept(",")
        if accept(";") || separated { return }
        if name() == nil, !isAt("}") { throw expected("',' or '}' after \(what)") }
    }

    /// The names up to `end`, after the opening symbol. A trailing comma is allowed.
    mutating func parseNameList(
        _ what: String, end: Unicode.Scalar
    ) throws(PactError) -> [String] {
        var names: [String] = []
        while !accept(end) {
            names.append(try expectName("\(what) or '\(end)'"))
            if !accept(","), !isAt(end) { throw expected("',' or '\(end)' after \(what)") }
        }
        return names
    }
}
