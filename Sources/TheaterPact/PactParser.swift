// SPDX-License-Identifier: Apache-2.0

/// The three forms in which Pact is written.
public enum PactDialect: String, Sendable, Hashable, CaseIterable {
    /// An interface that the host implements: one `interface`, with annotations.
    case host
    /// Packages, interfaces and worlds, as guests written in Rust declare them.
    case guest
    /// The types, imports and exports of one package, as its metadata is made from.
    case package
}

/// A cursor over the tokens of a text; the grammars are extensions of it.
struct PactParser {
    let file: String
    let dialect: PactDialect
    private let tokens: [PactToken]
    private var position = 0
    private var nesting = 0
    private(set) var definitionCount = 0
    private(set) var interfaceCount = 0

    init(_ text: String, file: String, dialect: PactDialect) throws(PactError) {
        self.file = file
        self.dialect = dialect
        tokens = try PactLexer.tokens(text, file: file, dialect: dialect)
    }

    // MARK: - Looking and taking

    /// The current token, or the one `ahead` of it; `end` past the last.
    func peek(_ ahead: Int = 0) -> PactToken { tokens[min(position + ahead, tokens.count - 1)] }

    var location: SourceLocation { peek().location }
    var isAtEnd: Bool { peek().kind == .end }

    mutating func advance() {
        if position < tokens.count - 1 { position += 1 }
    }

    func isAt(_ symbol: Unicode.Scalar, ahead: Int = 0) -> Bool {
        peek(ahead).kind == .symbol(UInt8(ascii: symbol))
    }

    func isAt(word: String, ahead: Int = 0) -> Bool { peek(ahead).kind == .identifier(word) }

    /// The name at the current token, or at the one `ahead` of it.
    func name(_ ahead: Int = 0) -> String? {
        if case .identifier(let name) = peek(ahead).kind { name } else { nil }
    }

    mutating func accept(_ symbol: Unicode.Scalar) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(
        _ symbol: Unicode.Scalar, _ context: String, remedy: String? = nil
    ) throws(PactError) {
        guard accept(symbol) else {
            throw expected("'\(symbol)' \(context)", remedy: remedy)
        }
    }

    mutating func expectName(_ what: String, remedy: String? = nil) throws(PactError) -> String {
        guard let name = name() else { throw expected(what, remedy: remedy) }
        advance()
        return name
    }

    // MARK: - Errors and bounds

    /// The error that something else should stand here.
    func expected(_ what: String, remedy: String? = nil) -> PactError {
        error(.syntax, "expected \(what), found \(peek().quoted)", remedy: remedy)
    }

    func error(
        _ code: PactError.Code, _ problem: String, at location: SourceLocation? = nil,
        remedy: String? = nil
    ) -> PactError {
        PactError(code, file: file, at: location ?? self.location, problem, remedy: remedy)
    }

    /// Runs `body` one level deeper.
    mutating func nested<Result>(
        _ body: (inout PactParser) throws(PactError) -> Result
    ) throws(PactError) -> Result {
        guard nesting < PactLimits.nestingMax else {
            throw error(
                .tooComplex, "this nests more than \(PactLimits.nestingMax) levels deep",
                remedy: "give the inner part a name of its own")
        }
        nesting += 1
        defer { nesting -= 1 }
        return try body(&self)
    }

    mutating func countDefinition() throws(PactError) {
        definitionCount += 1
        guard definitionCount <= PactLimits.definitionsMax else {
            throw error(
                .tooComplex, "the text declares more than \(PactLimits.definitionsMax) types",
                remedy: "split it into several files")
        }
    }

    mutating func countInterface() throws(PactError) {
        interfaceCount += 1
        guard interfaceCount <= PactLimits.interfacesMax else {
            throw error(
                .tooComplex, "the text names more than \(PactLimits.interfacesMax) interfaces",
                remedy: "split it into several files")
        }
    }

    /// The remedy for a misspelled keyword, if the current token is nearly one.
    func keywordRemedy(_ keywords: [String]) -> String? {
        guard let name = name(), let near = Suggestion.nearest(to: name, among: keywords) else {
            return nil
        }
        return "did you mean '\(near)'?"
    }
}
