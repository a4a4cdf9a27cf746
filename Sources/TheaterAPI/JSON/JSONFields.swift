// SPDX-License-Identifier: Apache-2.0

/// Reads the members of an object one by one, and refuses those that nobody asked for.
public struct JSONFields {
    private let members: [JSONValue.Member]
    private var read: Set<String> = []

    /// Reads an object.
    public init(_ value: JSONValue) throws(JSONError) {
        guard let members = value.members else { throw JSONError("an object is wanted") }
        self.members = members
    }

    /// A member; `nil` when it is missing or null.
    public mutating func optional(_ name: String) -> JSONValue? {
        read.insert(name)
        let value = members.first { $0.name == name }?.value
        return value == .null ? nil : value
    }

    /// A text; `nil` when it is missing or null.
    public mutating func optionalString(_ name: String) throws(JSONError) -> String? {
        guard let value = optional(name) else { return nil }
        guard let text = value.string else { throw JSONError("'\(name)' must be a text") }
        return text
    }

    /// A text.
    public mutating func string(_ name: String) throws(JSONError) -> String {
        guard let text = try optionalString(name) else { throw JSONError("'\(name)' is missing") }
        return text
    }

    /// A truth value; `false` when it is missing or null.
    public mutating func bool(_ name: String) throws(JSONError) -> Bool {
        guard let value = optional(name) else { return false }
        guard let bool = value.bool else { throw JSONError("'\(name)' must be true or false") }
        return bool
    }

    /// A whole number that fits.
    public mutating func integer<Number: FixedWidthInteger>(
        _ name: String, as type: Number.Type = Number.self
    ) throws(JSONError) -> Number {
        guard let number = optional(name)?.integer(as: type) else {
            throw JSONError("'\(name)' must be a whole number")
        }
        return number
    }

    /// A list of texts; empty when it is missing or null.
    public mutating func strings(_ name: String) throws(JSONError) -> [String] {
        guard let value = optional(name) else { return [] }
        guard let items = value.array else { throw JSONError("'\(name)' must be a list") }
        var texts: [String] = []
        for item in items {
            guard let text = item.string else { throw JSONError("'\(name)' must be texts") }
            texts.append(text)
        }
        return texts
    }

    /// Texts by name; empty when it is missing or null.
    public mutating func dictionary(_ name: String) throws(JSONError) -> [String: String] {
        guard let value = optional(name) else { return [:] }
        guard let members = value.members else { throw JSONError("'\(name)' must be an object") }
        var texts: [String: String] = [:]
        for member in members {
            guard let text = member.value.string else {
                throw JSONError("the members of '\(name)' must be texts")
            }
            texts[member.name] = text
        }
        return texts
    }

    /// Refuses members that were not read.
    public func finish() throws(JSONError) {
        if let unknown = members.first(where: { !read.contains($0.name) }) {
            throw JSONError(
                "'\(String(unknown.name.prefix(64)))' is not known here; known are "
                    + read.sorted().joined(separator: ", "))
        }
    }
}
