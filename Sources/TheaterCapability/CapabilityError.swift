// SPDX-License-Identifier: Apache-2.0

/// Why something is no bound.
public struct CapabilityError: Error, Sendable, Hashable {
    /// What went wrong. The raw value is stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// A name in a set is empty, or has characters that no name has.
        case badName = "capability.bad-name"
        /// A path is empty, or has characters that no path has.
        case badPath = "capability.bad-path"
        /// A host or its port is malformed.
        case badHost = "capability.bad-host"
        /// A set holds more than ``SetLimits/countMax`` items.
        case tooMany = "capability.too-many"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, and what to do about it.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension CapabilityError: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}
