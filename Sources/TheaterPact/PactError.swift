// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a Pact text, with a package's metadata, or with a value.
public struct PactError: Error, Sendable, Hashable {
    /// The kinds of failure. The raw values are stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The text does not follow the grammar.
        case syntax = "pact.syntax"
        /// The text is longer than ``PactLimits/textSizeMax``.
        case tooLarge = "pact.too-large"
        /// The text declares or nests more than ``PactLimits`` allows.
        case tooComplex = "pact.too-complex"
        /// A type is mentioned and declared nowhere.
        case unknownType = "pact.unknown-type"
        /// A name is declared twice.
        case duplicateName = "pact.duplicate-name"
        /// A generic type is given too few or too many arguments.
        case argumentCount = "pact.argument-count"
        /// Every value of a type would have to contain another value of it.
        case infiniteType = "pact.infinite-type"
        /// A declaration has the name of a built-in type.
        case reservedName = "pact.reserved-name"
        /// A transform is unknown, or its base is.
        case unknownTransform = "pact.unknown-transform"
        /// A package's metadata cannot be read or written.
        case badMetadata = "pact.bad-metadata"
        /// A value is not of its declared type.
        case typeMismatch = "pact.type-mismatch"
    }

    /// What kind of failure this is.
    public let code: Code
    /// The file as the caller named it; empty when there is none.
    public let file: String
    /// The place in the text, if there is one.
    public let location: SourceLocation?
    /// What is wrong.
    public let problem: String
    /// What to do about it.
    public let remedy: String?

    /// Makes an error.
    public init(
        _ code: Code, file: String = "", at location: SourceLocation? = nil, _ problem: String,
        remedy: String? = nil
    ) {
        self.code = code
        self.file = file
        self.location = location == SourceLocation.none ? nil : location
        self.problem = problem
        self.remedy = remedy
    }
}

extension PactError: CustomStringConvertible {
    /// File, line and column, the problem, and the remedy.
    public var description: String {
        var text = file
        if let location {
            text += text.isEmpty ? "line " : ":"
            text += "\(location.line):\(location.column)"
        }
        if !text.isEmpty { text += ": " }
        text += problem
        if let remedy { text += "; " + remedy }
        return text
    }
}

/// The bounds on what is read.
public enum PactLimits {
    /// The longest text, in bytes: 1 MiB.
    public static let textSizeMax = 1 << 20
    /// How deep types, blocks and annotations may nest in a text.
    public static let nestingMax = 64
    /// How many types one text may declare.
    public static let definitionsMax = 4096
    /// How many interfaces one text may name.
    public static let interfacesMax = 1024
    /// How many types all interfaces of a text may see together.
    public static let visibleTypesMax = 262_144
    /// How many types a walk through an interface's declarations may visit.
    public static let walkMax = 200_000
    /// How deep such a walk may go, names followed.
    public static let walkDepthMax = 256
    /// How deep a value is followed when it is checked.
    public static let valueDepthMax = 512
    /// How many functions the metadata of a package may list.
    public static let functionsMax = 65_536
}
