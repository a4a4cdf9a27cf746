// SPDX-License-Identifier: Apache-2.0

/// A place in a Pact text.
public struct SourceLocation: Hashable, Sendable {
    /// The line, counted from one.
    public var line: Int
    /// The column in UTF-8 bytes, counted from one.
    public var column: Int

    /// Makes a location.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Stands where no text was read: line and column are zero.
    public static let none = SourceLocation(line: 0, column: 0)
}

/// A type as written in Pact.
public indirect enum PactType: Hashable, Sendable {
    /// The primitives, `string` and `flags` included.
    case bool, u8, u16, u32, u64, s8, s16, s32, s64, f32, f64, char, string, flags
    /// Any value.
    case value
    /// The type being defined.
    case selfReference
    /// The empty tuple, written `_` outside `result`.
    case unit
    /// A list; `set<T>` is the same on the wire.
    case list(PactType)
    /// An optional value.
    case option(PactType)
    /// A result; `nil` is `_`.
    case result(ok: PactType?, err: PactType?)
    /// A tuple.
    case tuple([PactType])
    /// A map: a list of pairs sorted by key on the wire.
    case map(key: PactType, value: PactType)
    /// A set: a sorted list on the wire.
    case set(PactType)
    /// A declared type by name, with its arguments.
    case named(String, [PactType])
}

/// A type declaration.
public struct PactTypeDefinition: Hashable, Sendable {
    /// What a declaration declares.
    public enum Body: Hashable, Sendable {
        /// `type name = type`.
        case alias(PactType)
        /// `record name { field: type }`, fields in order.
        case record([PactField])
        /// `variant name { case, case(type) }`, cases in tag order.
        case variant([PactCase])
        /// `enum name { case }`, cases in tag order.
        case enumeration([String])
        /// `flags name { flag }`, bit i is the i-th name.
        case flags([String])
    }

    /// The type's name.
    public var name: String
    /// The names of its type parameters.
    public var parameters: [String]
    /// The declaration.
    public var body: Body
    /// Where the name stands.
    public var location: SourceLocation

    /// Makes a declaration.
    public init(name: String, parameters: [String] = [], body: Body, location: SourceLocation) {
        self.name = name
        self.parameters = parameters
        self.body = body
        self.location = location
    }
}

/// A field of a record, or a parameter of a function.
///
/// Two fields are equal when name and type are; where they stand does not count.
public struct PactField: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The type.
    public var type: PactType
    /// Where the name stands.
    public var location: SourceLocation
    /// Where the type stands.
    public var typeLocation: SourceLocation

    /// Makes a field.
    public init(
        name: String, type: PactType, location: SourceLocation = .none,
        typeLocation: SourceLocation = .none
    ) {
        self.name = name
        self.type = type
        self.location = location
        self.typeLocation = typeLocation
    }

    /// Compares names and types.
    public static func == (left: PactField, right: PactField) -> Bool {
        left.name == right.name && left.type == right.type
    }

    /// Hashes name and type.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(type)
    }
}

/// A type parameter of a package or an interface: `type name: constraint`.
public struct PactTypeParameter: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The interface that the actual type has to satisfy; empty for none. Kept, never enforced.
    public var constraint: String

    /// Makes a type parameter.
    public init(name: String, constraint: String = "") {
        self.name = name
        self.constraint = constraint
    }
}

/// A case of a variant.
///
/// Two cases are equal when name and payload are; where they stand does not count.
public struct PactCase: Hashable, Sendable {
    /// The case's name.
    public var name: String
    /// The payload, if the case has one.
    public var payload: PactType?
    /// Where the name stands.
    public var location: SourceLocation
    /// Where the payload's type stands.
    public var typeLocation: SourceLocation

    /// Makes a case.
    public init(
        name: String, payload: PactType?, location: SourceLocation = .none,
        typeLocation: SourceLocation = .none
    ) {
        self.name = name
        self.payload = payload
        self.location = location
        self.typeLocation = typeLocation
    }

    /// Compares names and payloads.
    public static func == (left: PactCase, right: PactCase) -> Bool {
        left.name == right.name && left.payload == right.payload
    }

    /// Hashes name and payload.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(payload)
    }
}

/// A function of an interface.
public struct PactFunction: Hashable, Sendable {
    /// The function's name, as on the wire.
    public var name: String
    /// The parameters in order.
    public var parameters: [PactField]
    /// The result; `nil` when the function has none.
    public var result: PactType?
    /// Where the name stands.
    public var location: SourceLocation
    /// Where the result's type stands.
    public var resultLocation: SourceLocation

    /// Makes a function.
    public init(
        name: String, parameters: [PactField], result: PactType?, location: SourceLocation,
        resultLocation: SourceLocation = .none
    ) {
        self.name = name
        self.parameters = parameters
        self.result = result
        self.location = location
        self.resultLocation = resultLocation
    }
}

/// A named group of functions, with the types that its functions may mention.
public struct PactInterface: Hashable, Sendable {
    /// The full name, such as `theater:simple/runtime`; empty for functions outside any interface.
    public var name: String
    /// The functions in the order of the text.
    public var functions: [PactFunction]
    /// The types in scope, outermost first; a later one of the same name hides an earlier one.
    public var types: [PactTypeDefinition]
    /// The type parameters in scope.
    public var typeParameters: [PactTypeParameter]

    /// Makes an interface.
    public init(
        name: String, functions: [PactFunction], types: [PactTypeDefinition],
        typeParameters: [PactTypeParameter] = []
    ) {
        self.name = name
        self.functions = functions
        self.types = types
        self.typeParameters = typeParameters
    }
}
