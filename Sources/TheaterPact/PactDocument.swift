// SPDX-License-Identifier: Apache-2.0

/// A Pact text of any dialect, reduced to its interfaces.
public struct PactDocument: Hashable, Sendable {
    /// The dialect that the text turned out to be written in.
    public var dialect: PactDialect
    /// The interfaces that have functions, in the order of the text; imports before exports.
    ///
    /// A host interface is listed even without functions, because its hash is defined too.
    public var interfaces: [PactInterface]
    /// What is wrong with the declarations: see ``PactPackage/check()``.
    public var findings: [PactError]

    /// The rules by which the owners of such a text hash it.
    public var rules: HashRules { dialect == .host ? .host : .guest }

    /// Parses a text, whatever its dialect.
    ///
    /// - Parameters:
    ///   - text: the Pact text, at most 1 MiB.
    ///   - file: its name, for diagnostics.
    /// - Throws: the first thing that does not follow the grammar of the text's dialect.
    public static func parse(_ text: String, file: String) throws(PactError) -> PactDocument {
        let dialect = try PactParser(text, file: file, dialect: .guest).dialectOfText()
        switch dialect {
        case .host:
            let host = try PactFile.parseHost(text, file: file)
            var interfaces = host.allInterfaces.filter { !$0.functions.isEmpty }
            if interfaces.isEmpty { interfaces = [host.interface] }
            return PactDocument(dialect: .host, interfaces: interfaces, findings: host.check())
        case .package:
            let package = try PactPackage.parse(text, file: file)
            return PactDocument(
                dialect: .package, interfaces: package.imports + package.exports,
                findings: package.check())
        case .guest:
            let guest = try PactGuestFile.parse(text, file: file)
            return PactDocument(
                dialect: .guest,
                interfaces: guest.allInterfaces.filter { !$0.functions.isEmpty },
                findings: guest.check())
        }
    }
}

extension PactHostFile {
    /// This interface and those nested in it, outermost first.
    public var allInterfaces: [PactInterface] {
        [interface] + nested.flatMap(\.allInterfaces)
    }

    /// Refuses declarations whose expansion does not end within ``PactLimits``.
    func validateWalk() throws(PactError) {
        try PactWalk.validate(allInterfaces, file: file)
    }
}

extension PactParser {
    /// Guesses the dialect from the words outside all braces and just inside the first.
    consuming func dialectOfText() -> PactDialect {
        var depth = 0
        var hasBlocks = false
        while !isAtEnd {
            if isAt("{") { depth += 1 }
            if isAt("}") { depth -= 1 }
            if depth == 0 {
                switch name() {
                case "package", "world":
                    if name(1) != nil { return .guest }
                case "use":
                    if case .string = peek(1).kind { return .guest }
                    if name(1) != nil { return .host }
                case "interface":
                    if name(1) != nil { return dialectOfInterface() }
                case "imports", "exports":
                    hasBlocks = hasBlocks || isAt("{", ahead: 1)
                default:
                    break
                }
                if isAt("@"), !hasBlocks {
                    let isMark =
                        isAt(word: "default", ahead: 1)
                        || isAt(word: "forward-compatible", ahead: 1)
                        || isAt(word: "forward_compatible", ahead: 1)
                    if !(isMark && !isAt(":", ahead: 2)) { return .host }
                }
            }
            advance()
        }
        return .package
    }

    /// At `interface`: functions directly inside its braces are the guest dialect's.
    private consuming func dialectOfInterface() -> PactDialect {
        var depth = 0
        while !isAtEnd {
            if isAt("{") { depth += 1 }
            if isAt("}") { depth -= 1 }
            if depth == 1, isAt(":"), isAt(word: "func", ahead: 1), isAt("(", ahead: 2) {
                return .guest
            }
            if depth == 1, isAt(word: "use"), case .string = peek(1).kind { return .guest }
            advance()
        }
        return .host
    }
}
