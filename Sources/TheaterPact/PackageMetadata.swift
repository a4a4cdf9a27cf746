// SPDX-License-Identifier: Apache-2.0

/// What a compiled package says about itself: the functions it imports and exports, with hashes.
public struct PackageMetadata: Hashable, Sendable {
    /// The hash of one interface.
    public struct Hash: Hashable, Sendable {
        /// The interface's full name.
        public var name: String
        /// The hash of the functions that the package imports or exports under that name.
        public var hash: InterfaceHash

        /// Makes an entry.
        public init(name: String, hash: InterfaceHash) {
            self.name = name
            self.hash = hash
        }
    }

    /// The imported functions.
    public var imports: [FunctionSignature]
    /// The exported functions.
    public var exports: [FunctionSignature]
    /// The hash of each imported interface.
    public var importHashes: [Hash]
    /// The hash of each exported interface.
    public var exportHashes: [Hash]
    /// The type parameters of a generic package.
    public var typeParameters: [PactTypeParameter]

    /// Makes metadata; hashes that are not given are computed from the functions.
    public init(
        imports: [FunctionSignature], exports: [FunctionSignature], importHashes: [Hash]? = nil,
        exportHashes: [Hash]? = nil, typeParameters: [PactTypeParameter] = []
    ) {
        self.imports = imports
        self.exports = exports
        self.importHashes = importHashes ?? Self.hashes(of: imports)
        self.exportHashes = exportHashes ?? Self.hashes(of: exports)
        self.typeParameters = typeParameters
    }

    /// Describes a package.
    ///
    /// - Throws: `pact.too-complex` if its types, written out, exceed ``PactLimits``.
    public init(package: PactPackage) throws(PactError) {
        do {
            self.init(
                imports: try Self.signatures(of: package.imports),
                exports: try Self.signatures(of: package.exports),
                typeParameters: package.typeParameters)
        } catch {
            throw PactError(
                error.code, file: package.file, at: error.location, error.problem,
                remedy: error.remedy)
        }
    }

    /// The export that modules offer under `name`: `interface.function`, or a bare function name.
    public func export(_ name: String) -> FunctionSignature? {
        exports.first { $0.qualifiedName == name }
    }

    private static func signatures(
        of interfaces: [PactInterface]
    ) throws(PactError) -> [FunctionSignature] {
        var signatures: [FunctionSignature] = []
        for interface in interfaces {
            var describer = TypeDescriber(interface)
            for function in interface.functions {
                signatures.append(try describer.describe(function))
            }
        }
        return signatures
    }

    /// The hash of each interface that the functions name, sorted by name.
    static func hashes(
        of functions: [FunctionSignature], rules: HashRules = .guest
    ) -> [Hash] {
        let groups = Dictionary(grouping: functions, by: \.interface)
        return groups.map { name, functions in
            Hash(
                name: name,
                hash: .interface(
                    name: name,
                    functions: functions.map { ($0.name, $0.hash(rules: rules)) }))
        }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
