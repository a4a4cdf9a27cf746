// SPDX-License-Identifier: Apache-2.0

import Foundation
internal import TheaterManifest
public import TheaterPact

/// A folder with an actor's sources: `manifest.toml`, one `.pact` file, and `Sources/*.swift`.
public struct ActorProject: Sendable {
    /// The folder, as the caller named it.
    public let directory: String
    /// The actor's name, from the manifest.
    public let name: String
    /// Where the package goes, relative to the folder: the manifest's `package`.
    public let package: String
    /// The `.pact` file, as a path that starts with `directory`.
    public let pactPath: String
    /// What the `.pact` file declares.
    public let pact: PactPackage
    /// The Swift files below `Sources/`, sorted, as paths that start with `directory`.
    public let sources: [String]

    /// How many Swift files an actor may have.
    public static let sourcesMax = 512
    /// The largest file that is read, in bytes: 4 MiB.
    public static let fileSizeMax = 4 << 20
    /// The manifest's name.
    public static let manifestName = "manifest.toml"
    /// The folder for everything that a build makes, relative to the project.
    public static let buildFolder = "build"

    /// Reads a project.
    ///
    /// Checks the manifest as running the actor would; which handlers there are is not known here.
    ///
    /// - Parameter directory: the folder; `.` for the current one.
    /// - Throws: `build.not-a-project`, `build.unreadable`, `build.bad-manifest`,
    ///   `build.bad-pact`.
    public static func load(directory: String) throws(BuildError) -> ActorProject {
        let manifestPath = Paths.join(directory, manifestName)
        guard FileManager.default.fileExists(atPath: manifestPath) else {
            throw BuildError(
                .notAProject,
                "\(Paths.shown(directory)) has no \(manifestName), so it is no actor project; "
                    + "go to a project's folder or make one with 'theater new NAME'")
        }
        let manifest = try readManifest(manifestPath)
        let (name, package) = (manifest.name, manifest.package)
        guard Paths.isInside(package), package.hasSuffix(".wasm") else {
            throw BuildError(
                .badManifest,
                "\(manifestPath): package = \"\(package)\" is not a .wasm file inside the project; "
                    + "write package = \"\(buildFolder)/\(name).wasm\"")
        }
        let pactPath = try findPact(directory)
        return ActorProject(
            directory: directory, name: name, package: package, pactPath: pactPath,
            pact: try parse(pactPath), sources: try findSources(directory))
    }

    /// Where the package goes, as a path that starts with `directory`.
    public var packagePath: String { Paths.join(directory, package) }

    private static func readManifest(_ path: String) throws(BuildError) -> Manifest {
        let text = try Files.text(path)
        do throws(ManifestDiagnostics) {
            return try Manifest.parse(text, file: path)
        } catch {
            throw BuildError(.badManifest, "\(error)")
        }
    }

    private static func findPact(_ directory: String) throws(BuildError) -> String {
        let found = try Files.names(directory).filter { $0.hasSuffix(".pact") }
        guard let first = found.first else {
            throw BuildError(
                .notAProject,
                "\(Paths.shown(directory)) has no .pact file; add one that declares the actor's "
                    + "types, imports and exports, such as actor.pact")
        }
        guard found.count == 1 else {
            throw BuildError(
                .notAProject,
                "\(Paths.shown(directory)) has several .pact files (\(found.joined(separator: ", ")));"
                    + " keep the one that declares the actor there and move the others to a folder")
        }
        return Paths.join(directory, first)
    }

    private static func parse(_ path: String) throws(BuildError) -> PactPackage {
        let text = try Files.text(path)
        let package: PactPackage
        do throws(PactError) {
            package = try PactPackage.parse(text, file: path)
        } catch {
            throw BuildError(.badPact, "\(error)")
        }
        let findings = package.check()
        guard findings.isEmpty else {
            let lines = findings.prefix(20).map { "\($0)" }
            throw BuildError(.badPact, lines.joined(separator: "\n"))
        }
        return package
    }

    private static func findSources(_ directory: String) throws(BuildError) -> [String] {
        let folder = Paths.join(directory, "Sources")
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
            isFolder.boolValue
        else {
            throw BuildError(
                .notAProject,
                "\(Paths.shown(directory)) has no folder Sources; "
                    + "put the actor's Swift files there")
        }
        let sources = try Files.tree(folder, suffix: ".swift", max: sourcesMax)
        guard !sources.isEmpty else {
            throw BuildError(
                .notAProject,
                "\(folder) has no Swift file; add one with "
                    + "'enum Actor: Exports { … }'")
        }
        var byName: [String: String] = ["Bindings.swift": Bindings.relativePath]
        for source in sources {
            let name = source.split(separator: "/").last.map(String.init) ?? source
            if let other = byName.updateValue(source, forKey: name) {
                throw BuildError(
                    .notAProject,
                    "\(source) and \(other) have the same name, which the compiler "
                        + "does not accept; rename \(source)")
            }
        }
        return sources
    }
}

extension Bindings {
    /// Where the build puts the bindings, relative to the project.
    public static let relativePath = ActorProject.buildFolder + "/Bindings.swift"
}
