// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The SDK compiled once for a toolchain, in a cache that all projects share.
struct GuestSDK {
    /// The folder with the module and the object files.
    let folder: String

    /// The object files to link with every actor.
    var objects: [String] {
        ["TheaterGuest.o", "runtime.o", "strings.o"].map { Paths.join(folder, $0) }
    }

    /// Where compiled SDKs are kept: `theater/sdk` in the user's cache folder.
    static func cacheFolder(environment: [String: String]) -> String {
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            return cache + "/theater/sdk"
        }
        if let home = environment["HOME"], home.hasPrefix("/") {
            return home + "/.cache/theater/sdk"
        }
        return NSTemporaryDirectory() + "theater-sdk"
    }

    /// Names an SDK: its sources, the toolchain, and the flags.
    static func key(_ toolchain: Toolchain, _ optimization: BuildOptions.Optimization) -> String {
        var digest = InputDigest()
        digest.add(toolchain.identity)
        for flag in Toolchain.swiftFlags(optimization) + Toolchain.cFlags { digest.add(flag) }
        for file in EmbeddedFiles.sdk {
            digest.add(file.path)
            digest.add(file.text)
        }
        return String(digest.finish().prefix(32))
    }

    /// The compiled SDK, compiled now if it is not in the cache.
    ///
    /// Compiles in a folder of its own and renames it, so that builds at the same time do not
    /// disturb each other.
    static func prepare(
        _ toolchain: Toolchain, _ options: BuildOptions, willCompile: () -> Void
    ) throws(BuildError) -> GuestSDK {
        let cache = options.cacheFolder ?? cacheFolder(environment: options.environment)
        let folder = Paths.join(cache, key(toolchain, options.optimization))
        let sdk = GuestSDK(folder: folder)
        let files = sdk.objects + [Paths.join(folder, "TheaterGuest.swiftmodule")]
        if files.allSatisfy(FileManager.default.fileExists) { return sdk }
        willCompile()
        let work = Paths.join(cache, "work-\(UUID().uuidString)")
        try Files.makeFolder(work)
        defer { Files.remove(work) }
        try GuestSDK(folder: work).compile(toolchain, options)
        // Either ours or that of a build at the same time: they are equal.
        Files.remove(folder)
        do {
            try FileManager.default.moveItem(atPath: work, toPath: folder)
        } catch {
            guard files.allSatisfy(FileManager.default.fileExists) else {
                throw BuildError(
                    .unwritable, "\(folder) cannot be made: \(Files.reason(error))")
            }
        }
        return sdk
    }

    private func compile(_ toolchain: Toolchain, _ options: BuildOptions) throws(BuildError) {
        var swift: [String] = []
        for file in EmbeddedFiles.sdk {
            let path = Paths.join(folder, file.path)
            try Files.write(Array(file.text.utf8), to: path)
            if path.hasSuffix(".swift") { swift.append(path) }
        }
        let module = Command(
            tool: toolchain.swiftc,
            arguments: Toolchain.swiftFlags(options.optimization) + [
                "-module-name", "TheaterGuest", "-emit-module", "-emit-module-path",
                Paths.join(folder, "TheaterGuest.swiftmodule"), "-o",
                Paths.join(folder, "TheaterGuest.o"), "-c",
            ] + swift,
            environment: options.environment)
        try run(module)
        for name in ["runtime", "strings"] {
            let command = Command(
                tool: toolchain.clang,
                arguments: Toolchain.cFlags + [
                    Paths.join(folder, "Runtime/\(name).c"), "-o", Paths.join(folder, "\(name).o"),
                ],
                environment: options.environment)
            try run(command)
        }
    }

    private func run(_ command: Command) throws(BuildError) {
        let outcome = try command.run(scratch: folder)
        guard outcome.isSuccess else {
            throw BuildError(
                .toolchain,
                "\(command.tool) does not compile the guest SDK; "
                    + "use the toolchain version that this theater was made with, 6.3",
                output: outcome.output)
        }
    }
}
