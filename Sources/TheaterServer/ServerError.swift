// SPDX-License-Identifier: Apache-2.0

/// An API that cannot be served.
public struct ServerError: Error, Sendable, Hashable {
    /// What went wrong. The raw value is stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The socket cannot be made, or failed.
        case listening = "server.listening"
        /// The path of the socket is too long for a socket.
        case longPath = "server.long-path"
        /// Something else is at the path of the socket.
        case occupied = "server.occupied"
        /// The tokens cannot be read or written.
        case tokens = "server.tokens"
        /// The address is reached from elsewhere.
        case notLoopback = "server.not-loopback"
        /// A socket that was passed cannot be served at.
        case passedSocket = "server.passed-socket"
        /// The certificate or its key cannot be used.
        case certificate = "server.certificate"
        /// Another process serves there.
        case inUse = "server.in-use"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, and what to do about it.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension ServerError: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}
