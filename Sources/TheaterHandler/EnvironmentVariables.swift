// SPDX-License-Identifier: Apache-2.0

/// The environment variables that a node has for its actors: a service for the handler that grants them.
///
/// None of them reaches an actor whose manifest does not name it. Without this service there are none.
public struct EnvironmentVariables: Sendable {
    /// The values by their names.
    public let values: [String: String]

    /// Makes an environment.
    public init(_ values: [String: String]) { self.values = values }
}
