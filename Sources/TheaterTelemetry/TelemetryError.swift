// SPDX-License-Identifier: Apache-2.0

/// Telemetry that cannot be sent.
public struct TelemetryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong. The raw value is stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// A variable of the environment says what cannot be.
        case badVariable = "telemetry.bad-variable"
        /// The collector does not take it.
        case refused = "telemetry.refused"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, and what to do about it.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}
