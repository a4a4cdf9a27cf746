// SPDX-License-Identifier: Apache-2.0

/// A text that is no JSON, or JSON that is not what was asked for.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and where.
    public let description: String

    /// Makes an error.
    public init(_ description: String) { self.description = description }

    init(_ fact: String, at offset: Int) { description = "\(fact) at byte \(offset)" }
}
