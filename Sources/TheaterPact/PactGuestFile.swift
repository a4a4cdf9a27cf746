// SPDX-License-Identifier: Apache-2.0

/// A text of the guest dialect.
public struct PactGuestFile: Hashable, Sendable {
    /// The file as the caller named it.
    public var file: String
    /// The name after `package`, such as `theater:simple`.
    public var package: String?
    /// The types declared outside interfaces and worlds.
    public var types: [PactTypeDefinition]
    /// The interfaces, under their full names.
    public var interfaces: [PactInterface]
    /// The worlds.
    public var worlds: [PactWorld]
    /// The `use` declarations, wherever they stand.
    public var uses: [PactUse]

    /// Parses the guest dialect.
    ///
    /// - Parameters:
    ///   - text: the Pact text, at most 1 MiB.
    ///   - file: its name, for diagnostics.
    /// - Throws: the first thing that does not follow the grammar.
    public static func parse(_ text: String, file: String) throws(PactError) -> PactGuestFile {
        var parser = try PactParser(text, file: file, dialect: .guest)
        let guest = try parser.parseGuestFile()
        try PactWalk.validate(guest.allInterfaces, file: file)
        return guest
    }

    /// The interfaces of the text and those written out inside its worlds.
    public var allInterfaces: [PactInterface] {
        interfaces + worlds.flatMap { $0.imports + $0.exports }
    }
}

/// `world name { … }`: what a guest imports and exports.
public struct PactWorld: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The types declared in the world.
    public var types: [PactTypeDefinition]
    /// The interfaces whose functions the world imports, written out in it.
    ///
    /// Functions outside any interface are in the interface with the empty name.
    public var imports: [PactInterface]
    /// The interfaces whose functions the world exports, written out in it.
    public var exports: [PactInterface]
    /// The imported interfaces that are only named.
    public var importedNames: [String]
    /// The exported interfaces that are only named.
    public var exportedNames: [String]
}
