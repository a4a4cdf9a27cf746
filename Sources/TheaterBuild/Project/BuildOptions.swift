// SPDX-License-Identifier: Apache-2.0

/// How an actor is built.
public struct BuildOptions: Sendable {
    /// What the compiler aims at.
    public enum Optimization: String, Sendable, Hashable, CaseIterable {
        /// Small packages.
        case size
        /// Fast packages, about a tenth larger.
        case speed
    }

    /// The environment in which the toolchain is looked for and its tools run.
    public var environment: [String: String]
    /// What the compiler aims at.
    public var optimization = Optimization.size
    /// Whether functions keep their names, which makes traps readable and packages larger.
    public var keepsNames = true
    /// Whether to build even when nothing changed.
    public var isForced = false
    /// Whether the compiler's messages are coloured.
    public var isColored = false
    /// Where the compiled SDK is kept; `nil` for the user's cache folder.
    public var cacheFolder: String?

    /// Makes options with every choice at its default.
    public init(environment: [String: String]) {
        self.environment = environment
    }
}

/// What a build is about to do.
public enum BuildProgress: Sendable, Hashable {
    /// Compiling the guest SDK, which happens once for a toolchain.
    case compilingSDK
    /// Compiling the actor's files.
    case compiling(files: Int)
    /// Linking and checking the package.
    case linking
}

/// A built actor.
public struct BuildProduct: Sendable, Hashable {
    /// An interface that the actor imports.
    public struct Import: Sendable, Hashable {
        /// The interface's full name.
        public let interface: String
        /// The imported functions.
        public let functions: [String]
        /// The hash of these functions as an interface, in hexadecimal digits.
        public let hash: String
    }

    /// The package, as a path that starts with the project's folder.
    public let wasmPath: String
    /// The package's size in bytes.
    public let size: Int
    /// The package's SHA-256 in hexadecimal digits.
    public let sha256: String
    /// How long the build took.
    public let duration: Duration
    /// The exported functions as callers name them, such as `hello:greeter/greeter.greet`.
    public let exports: [String]
    /// The imported interfaces, sorted by name.
    public let imports: [Import]
    /// Whether nothing had changed since the last build.
    public let isUpToDate: Bool
    /// What the compiler warned about, verbatim; empty for nothing.
    public let warnings: String
}
