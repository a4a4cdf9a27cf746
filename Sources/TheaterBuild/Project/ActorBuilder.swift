// SPDX-License-Identifier: Apache-2.0

import Foundation
import TheaterPact

/// Builds actors: generates the bindings, compiles, links, and checks the package.
public struct ActorBuilder: Sendable {
    /// How actors are built.
    public let options: BuildOptions

    /// The largest package, in bytes: 64 MiB.
    public static let packageSizeMax = 64 << 20

    /// Makes a builder.
    public init(options: BuildOptions) {
        self.options = options
    }

    /// Builds a project.
    ///
    /// Blocks until the tools have ended; do not call it on a thread that others wait for.
    /// Everything that is written lies in the project's `build` folder, at the manifest's
    /// `package`, and in the cache of compiled SDKs.
    ///
    /// - Parameters:
    ///   - project: the project.
    ///   - progress: told what happens next.
    /// - Throws: `build.compile` with the compiler's output verbatim, `build.toolchain`,
    ///   `build.unsupported-pact`, `build.no-actor`, `build.link`, `build.bad-product`, and the
    ///   codes about files.
    public func build(
        _ project: ActorProject, progress: (BuildProgress) -> Void = { _ in }
    ) throws(BuildError) -> BuildProduct {
        let clock = ContinuousClock()
        let start = clock.now
        let toolchain = try Toolchain.locate(environment: options.environment)
        let parts = try Parts(project)
        let inputs = try digest(project, parts, toolchain)
        let stamp = BuildStamp(project)
        if !options.isForced, let found = stamp.product(for: inputs, project) {
            return product(
                project, parts, found, duration: clock.now - start, isUpToDate: true,
                warnings: "")
        }
        stamp.remove()
        let sdk = try GuestSDK.prepare(toolchain, options) { progress(.compilingSDK) }
        let folder = Paths.join(project.directory, ActorProject.buildFolder)
        let work = Paths.join(folder, ".work-\(UUID().uuidString)")
        try Files.makeFolder(work)
        defer { Files.remove(work) }
        let bindings = Paths.join(project.directory, Bindings.relativePath)
        try Files.write(Array(parts.bindings.utf8), to: bindings)

        progress(.compiling(files: project.sources.count))
        let warnings = try compile(project, bindings, sdk, toolchain, work)
        progress(.linking)
        let wasm = try link(parts, sdk, toolchain, work)
        try PackageCheck.check(wasm, parts.metadata, project.packagePath)
        try Files.write(wasm, to: project.packagePath)
        let digest = Files.digest(wasm)
        try stamp.write(inputs: inputs, sha256: digest)
        return product(
            project, parts, BuildStamp.Found(size: wasm.count, sha256: digest),
            duration: clock.now - start, isUpToDate: false, warnings: warnings)
    }

    /// What is made from the `.pact` file.
    private struct Parts {
        let bindings: String
        let metadata: PackageMetadata
        let encoded: [UInt8]

        init(_ project: ActorProject) throws(BuildError) {
            bindings = try Bindings.generate(project.pact)
            do throws(PactError) {
                metadata = try PackageMetadata(package: project.pact)
                encoded = try metadata.encoded()
            } catch {
                throw BuildError(.badPact, "\(error)")
            }
        }
    }

    private func digest(
        _ project: ActorProject, _ parts: Parts, _ toolchain: Toolchain
    ) throws(BuildError) -> String {
        var digest = InputDigest()
        digest.add(GuestSDK.key(toolchain, options.optimization))
        digest.add(options.keepsNames ? "names" : "")
        for flag in Toolchain.linkFlags { digest.add(flag) }
        digest.add(project.package)
        digest.add(parts.bindings)
        digest.add(parts.encoded)
        for source in project.sources {
            digest.add(source)
            digest.add(try Files.bytes(source, max: ActorProject.fileSizeMax))
        }
        return digest.finish()
    }

    private func product(
        _ project: ActorProject, _ parts: Parts, _ found: BuildStamp.Found, duration: Duration,
        isUpToDate: Bool, warnings: String
    ) -> BuildProduct {
        let imports = parts.metadata.importHashes.map { entry in
            let functions = parts.metadata.imports.filter { $0.interface == entry.name }
            return BuildProduct.Import(
                interface: entry.name, functions: functions.map(\.name),
                hash: entry.hash.description)
        }
        return BuildProduct(
            wasmPath: project.packagePath, size: found.size, sha256: found.sha256,
            duration: duration, exports: parts.metadata.exports.map(\.qualifiedName),
            imports: imports, isUpToDate: isUpToDate, warnings: warnings)
    }

    // MARK: Tools

    private func compile(
        _ project: ActorProject, _ bindings: String, _ sdk: GuestSDK, _ toolchain: Toolchain,
        _ work: String
    ) throws(BuildError) -> String {
        var flags = Toolchain.swiftFlags(options.optimization)
        if options.isColored { flags.append("-color-diagnostics") }
        // The author's files come first, so that their errors do.
        let command = Command(
            tool: toolchain.swiftc,
            arguments: flags + [
                "-module-name", "TheaterActor", "-I", sdk.folder, "-o",
                Paths.join(work, "actor.o"), "-c",
            ] + project.sources + [bindings],
            environment: options.environment)
        let outcome = try command.run(scratch: work)
        guard outcome.isSuccess else { throw Self.compileError(outcome.output) }
        return outcome.output
    }

    private static func compileError(_ output: String) -> BuildError {
        if output.contains("cannot find 'Actor' in scope") {
            return BuildError(
                .noActor,
                "no type called Actor is in Sources/; declare "
                    + "'enum Actor: Exports { … }' with the functions that the .pact file exports",
                output: output)
        }
        if output.contains("requires that 'Actor' conform to 'Exports'") {
            return BuildError(
                .noActor,
                "Actor does not say that it offers the exports; write "
                    + "'enum Actor: Exports'", output: output)
        }
        if output.contains("does not conform to protocol 'Exports'") {
            return BuildError(
                .compile,
                "Actor lacks a function that the .pact file exports, or has it with "
                    + "another signature; \(Bindings.relativePath) shows how each must look",
                output: output)
        }
        return BuildError(
            .compile, "the actor does not compile; see the errors above",
            output: output)
    }

    private func link(
        _ parts: Parts, _ sdk: GuestSDK, _ toolchain: Toolchain, _ work: String
    ) throws(BuildError) -> [UInt8] {
        let types = Paths.join(work, "types.c")
        try Files.write(Array(Self.typesSource(parts.encoded).utf8), to: types)
        let compile = Command(
            tool: toolchain.clang,
            arguments: Toolchain.cFlags + [types, "-o", Paths.join(work, "types.o")],
            environment: options.environment)
        try run(compile, work)
        let package = Paths.join(work, "package.wasm")
        let objects = ["actor.o", "types.o"].map { Paths.join(work, $0) } + sdk.objects
        let link = Command(
            tool: toolchain.linker,
            arguments: Toolchain.linkFlags + [options.keepsNames ? "--strip-debug" : "--strip-all"]
                + objects + [toolchain.unicodeTables, "-o", package],
            environment: options.environment)
        try run(link, work)
        let wasm = try Files.bytes(package, max: Self.packageSizeMax)
        guard options.keepsNames else { return wasm }
        return try FunctionNames.rewrite(wasm) { readable($0, toolchain, work) }
    }

    /// Names as the toolchain's demangler writes them, or as they are if it cannot be run.
    private func readable(_ names: [String], _ toolchain: Toolchain, _ work: String) -> [String] {
        // Names are arguments, of which the system takes a bounded amount.
        guard let demangler = toolchain.demangler, !names.isEmpty,
            names.reduce(0, { $0 + $1.utf8.count + 1 }) < 100_000
        else { return names }
        let command = Command(
            tool: demangler, arguments: ["-simplified", "-compact"] + names,
            environment: options.environment)
        guard let outcome = try? command.run(scratch: work), outcome.isSuccess else {
            return names
        }
        let lines = outcome.output.split(separator: "\n").map(String.init)
        return lines.count == names.count ? lines : names
    }

    private func run(_ command: Command, _ work: String) throws(BuildError) {
        let outcome = try command.run(scratch: work)
        guard outcome.isSuccess else {
            throw BuildError(
                .link,
                "the actor compiles but does not link; a name that is reported as undefined "
                    + "belongs to a part of Swift or C that actors do not have, such as "
                    + "floating-point functions of the C library", output: outcome.output)
        }
    }

    /// The metadata as a C array.
    static func typesSource(_ bytes: [UInt8]) -> String {
        var text = "#include <stdint.h>\n"
        text += "_Alignas(16) const unsigned char theater_types[] = {"
        for (index, byte) in bytes.enumerated() {
            text += index % 20 == 0 ? "\n    " : " "
            text += "\(byte),"
        }
        text += "\n};\nconst uint32_t theater_types_size = \(bytes.count);\n"
        return text
    }
}
