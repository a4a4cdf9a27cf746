// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The parts of a Swift toolchain that build actors.
public struct Toolchain: Sendable, Hashable {
    /// The compiler.
    public let swiftc: String
    /// The C compiler.
    public let clang: String
    /// The linker.
    public let linker: String
    /// The library with Unicode's tables.
    public let unicodeTables: String
    /// The program that makes Swift's symbol names readable, if it is there.
    public let demangler: String?
    /// Tells this compiler from others: path, size and time of change.
    public let identity: String

    /// The target that actors are compiled for.
    public static let target = "wasm32-unknown-none-wasm"

    /// Finds the toolchain.
    ///
    /// Takes the one that `THEATER_TOOLCHAIN` names (the folder with `bin/swiftc`), else the one
    /// whose `swiftc` comes first on `PATH`.
    ///
    /// - Throws: `build.toolchain`, which names the part that is missing.
    public static func locate(environment: [String: String]) throws(BuildError) -> Toolchain {
        let swiftc: String
        if let named = environment["THEATER_TOOLCHAIN"], !named.isEmpty {
            let candidates = [named + "/bin/swiftc", named + "/usr/bin/swiftc", named + "/swiftc"]
            guard let found = candidates.first(where: isExecutable) else {
                throw BuildError(
                    .toolchain,
                    "THEATER_TOOLCHAIN is \(named), which has no bin/swiftc; "
                        + "set it to the folder of a Swift toolchain")
            }
            swiftc = found
        } else {
            let folders = (environment["PATH"] ?? "").split(separator: ":")
            let candidates = folders.map { String($0) + "/swiftc" }
            guard let found = candidates.first(where: isExecutable) else {
                throw BuildError(
                    .toolchain,
                    "swiftc is not on PATH; install the Swift toolchain from swift.org "
                        + "or set THEATER_TOOLCHAIN to its folder")
            }
            swiftc = found
        }
        return try parts(beside: swiftc)
    }

    private static func parts(beside found: String) throws(BuildError) -> Toolchain {
        // Keep the name: the driver looks at it to know that it compiles Swift.
        let folder = Paths.parent(URL(filePath: found).resolvingSymlinksInPath().path())
        let swiftc = folder + "/swiftc"
        guard isExecutable(swiftc) else {
            throw BuildError(
                .toolchain,
                "\(found) leads to \(folder), which has no swiftc; "
                    + "set THEATER_TOOLCHAIN to the folder of a Swift toolchain")
        }
        for tool in ["clang", "wasm-ld"] where !isExecutable(folder + "/" + tool) {
            throw BuildError(
                .toolchain,
                "\(folder) has no \(tool), which building actors needs; "
                    + "install the complete toolchain from swift.org")
        }
        let library =
            Paths.parent(folder) + "/lib/swift/embedded/\(target)/libswiftUnicodeDataTables.a"
        guard FileManager.default.fileExists(atPath: library) else {
            throw BuildError(
                .toolchain,
                "\(Paths.parent(folder)) has no Embedded Swift for \(target); "
                    + "install the complete toolchain from swift.org, version 6.3 or newer")
        }
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(filePath: swiftc).resolvingSymlinksInPath().path())
        let size = attributes?[.size] as? Int ?? 0
        let changed = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return Toolchain(
            swiftc: swiftc, clang: folder + "/clang", linker: folder + "/wasm-ld",
            unicodeTables: library,
            demangler: isExecutable(folder + "/swift-demangle") ? folder + "/swift-demangle" : nil,
            identity: "\(swiftc) \(size) \(changed)")
    }

    private static func isExecutable(_ path: some StringProtocol) -> Bool {
        var isFolder: ObjCBool = false
        let path = String(path)
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && !isFolder.boolValue && FileManager.default.isExecutableFile(atPath: path)
    }

    // MARK: Commands

    /// The flags that every Swift file of an actor is compiled with.
    static func swiftFlags(_ optimization: BuildOptions.Optimization) -> [String] {
        [
            "-target", target, "-enable-experimental-feature", "Embedded",
            "-enable-experimental-feature", "Extern", "-wmo", "-parse-as-library",
            optimization == .size ? "-Osize" : "-O", "-swift-version", "6",
            "-enforce-exclusivity=unchecked", "-Xfrontend", "-disable-stack-protector",
            // It would put a digest into the package that differs from build to build.
            "-Xfrontend", "-disable-incremental-llvm-codegen",
        ]
    }

    /// The flags that every C file of an actor is compiled with.
    static let cFlags = [
        "--target=\(target)", "-std=c11", "-O2", "-mbulk-memory", "-ffreestanding",
        "-fno-builtin-memcmp", "-fno-builtin-strlen", "-nostdlib", "-c",
    ]

    /// The linker's flags. The stack comes first in memory, so that overflowing it is a trap.
    static let linkFlags = [
        "--no-entry", "--gc-sections", "--stack-first", "-z", "stack-size=262144",
    ]
}
