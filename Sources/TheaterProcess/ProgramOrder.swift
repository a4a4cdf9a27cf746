// SPDX-License-Identifier: Apache-2.0

public import TheaterLaunch

/// A program to start, all checked.
public struct ProgramOrder: Sendable {
    /// The program's open file.
    public var file: ProgramFile
    /// The name that the program sees as its own.
    public var name: String
    /// Its arguments, without the name.
    public var arguments: [String]
    /// Its environment, each as `NAME=value`.
    public var environment: [String]
    /// Where it starts; `nil` for `/`.
    public var folder: WorkingFolder?
    /// What it may use.
    public var limits = LaunchRequest.Limits()
    /// Whether it runs in a sandbox, and how.
    public var sandbox = Sandbox.none
    /// Whether its standard output is wanted; dropped otherwise.
    public var wantsOutput = true
    /// Whether its standard error is wanted; dropped otherwise.
    public var wantsError = true
    /// The most bytes that wait for the program to read them, beside those in the pipe.
    public var inputSizeMax = 1 << 20

    /// How a program is cut off from the system.
    public enum Sandbox: Sendable, Hashable {
        /// It has the node's rights.
        case none
        /// Namespaces of its own, and no capability.
        ///
        /// - `keepsNetwork`: whether it has the node's network; none otherwise.
        /// - `isRequired`: whether it does not run where the kernel refuses.
        case namespaces(keepsNetwork: Bool, isRequired: Bool)
    }

    /// The most bytes of arguments and environment together, with four for each.
    public static let textSizeMax = 128 * 1024

    /// Makes an order.
    public init(
        _ file: ProgramFile, name: String? = nil, arguments: [String] = [],
        environment: [String] = [], folder: WorkingFolder? = nil
    ) {
        self.file = file
        self.name = name ?? file.foundPath
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
    }

    /// What the launcher is told.
    ///
    /// - Throws: `process.bad-argument`, `process.too-large`.
    func request() throws(ProcessError) -> LaunchRequest {
        var options: LaunchRequest.Options = file.isScript ? .isScript : []
        if case .namespaces(let keepsNetwork, let isRequired) = sandbox {
            options.insert(.sandbox)
            if keepsNetwork { options.insert(.keepsNetwork) }
            if !isRequired { options.insert(.maySkipSandbox) }
        }
        let texts = [name] + arguments + environment
        guard texts.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw ProcessError(
                .badArgument,
                "an argument or a variable for '\(name.prefix(64))' has a NUL, which no program can "
                    + "be given")
        }
        let size = texts.reduce(0) { $0 + $1.utf8.count + 4 }
        guard size <= Self.textSizeMax else {
            throw ProcessError(
                .tooLarge,
                "the arguments and the environment of '\(name.prefix(64))' have \(size) bytes, the "
                    + "most is \(Self.textSizeMax); pass large data on standard input")
        }
        return LaunchRequest(
            arguments: [name] + arguments, environment: environment, options: options,
            limits: limits)
    }
}
