// SPDX-License-Identifier: Apache-2.0

/// What one package declares: its types, what it imports and what it exports.
public struct PactPackage: Hashable, Sendable {
    /// The file as the caller named it, for diagnostics.
    public var file: String
    /// The types declared outside `imports` and `exports`, in the order of the text.
    public var types: [PactTypeDefinition]
    /// The imported interfaces, in the order in which the text first names them.
    public var imports: [PactInterface]
    /// The exported interfaces, in the order in which the text first names them.
    ///
    /// Functions outside any interface are in the interface with the empty name.
    public var exports: [PactInterface]
    /// The type parameters of a generic package.
    public var typeParameters: [PactTypeParameter]

    /// Makes a package.
    public init(
        types: [PactTypeDefinition], imports: [PactInterface], exports: [PactInterface],
        typeParameters: [PactTypeParameter] = [], file: String = ""
    ) {
        self.file = file
        self.types = types
        self.imports = imports
        self.exports = exports
        self.typeParameters = typeParameters
    }

    /// Parses the dialect of package declarations.
    ///
    /// Blocks that name the same interface are merged. A type declared inside a block is in scope
    /// in that block only; the others are in scope in the whole text, wherever they stand.
    ///
    /// - Parameters:
    ///   - text: the Pact text, at most 1 MiB.
    ///   - file: its name, for diagnostics.
    /// - Throws: the first thing that does not follow the grammar. Unknown type names are not an
    ///   error here; ask ``check()``.
    public static func parse(_ text: String, file: String) throws(PactError) -> PactPackage {
        var parser = try PactParser(text, file: file, dialect: .package)
        let package = try parser.parsePackage()
        try PactWalk.validate(package.imports + package.exports, file: file)
        return package
    }
}
