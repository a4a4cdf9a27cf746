// SPDX-License-Identifier: Apache-2.0

public import TheaterAPI

/// Why a node did not do what a client asked.
public struct ClientError: Error, Sendable, Hashable {
    /// What can go wrong between a client and a node.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// Nobody listens there.
        case noNode = "client.no-node"
        /// The connection failed.
        case connection = "client.connection"
        /// The address of the node is malformed.
        case badAddress = "client.bad-address"
        /// The answer is none of this API.
        case badAnswer = "client.bad-answer"
        /// The caller gave up.
        case cancelled = "client.cancelled"
    }

    /// The code: one of ``Code``, or the node's.
    public let code: String
    /// What failed, and what to do about it.
    public let message: String
    /// What the node says; `nil` when it said nothing.
    public let problem: Problem?

    init(_ code: Code, _ message: String) {
        self.code = code.rawValue
        self.message = message
        problem = nil
    }

    init(_ problem: Problem) {
        code = problem.code
        message = problem.detail
        self.problem = problem
    }
}

extension ClientError: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) [\(code)]" }
}
