// SPDX-License-Identifier: Apache-2.0

/// Why an actor could not be built, or a project not be made.
public struct BuildError: Error, Sendable, Hashable {
    /// What went wrong. The raw values are stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The folder is not an actor project.
        case notAProject = "build.not-a-project"
        /// A file of the project cannot be read.
        case unreadable = "build.unreadable"
        /// A key of the manifest that the build needs is missing or wrong.
        case badManifest = "build.bad-manifest"
        /// The `.pact` file is wrong.
        case badPact = "build.bad-pact"
        /// The `.pact` file is right but has no form in Swift.
        case unsupportedPact = "build.unsupported-pact"
        /// A part of the Swift toolchain is missing.
        case toolchain = "build.toolchain"
        /// The compiler refused the actor's sources.
        case compile = "build.compile"
        /// The actor's sources contain no type that offers the exports.
        case noActor = "build.no-actor"
        /// The linker refused the actor.
        case link = "build.link"
        /// What was built is not what the `.pact` file says.
        case badProduct = "build.bad-product"
        /// A file cannot be written.
        case unwritable = "build.unwritable"
        /// A tool could not be started or did not end.
        case tool = "build.tool"
        /// There is no such template.
        case unknownTemplate = "build.unknown-template"
        /// A project cannot have this name.
        case badName = "build.bad-name"
        /// The folder of a new project exists and is not empty.
        case folderNotEmpty = "build.folder-not-empty"
        /// A WebAssembly file does not follow the format.
        case badWasm = "build.bad-wasm"
    }

    /// What went wrong.
    public let code: Code
    /// What is wrong with which thing, and what to do.
    public let message: String
    /// What a tool printed, verbatim.
    public let output: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, output: String? = nil) {
        self.code = code
        self.message = message
        self.output = output
    }
}

extension BuildError: CustomStringConvertible {
    /// The tool's output, if any, then the message and the code.
    public var description: String {
        var text = ""
        if let output, !output.isEmpty {
            text = output.hasSuffix("\n") ? output : output + "\n"
        }
        return text + "\(message) [\(code.rawValue)]"
    }
}
