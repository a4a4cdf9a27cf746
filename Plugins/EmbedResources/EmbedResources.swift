// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Turns text files into Swift source, so that the installed binary needs no files beside it: the guest
/// SDK and the project templates to build actors, the dashboard to serve it.
@main
struct EmbedResources: BuildToolPlugin {
    func createBuildCommands(
        context: PluginContext, target: any Target
    ) async throws -> [Command] {
        let root = context.package.directoryURL
        let script = root.appending(path: "Scripts/embed.py")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let folders =
            target.name == "TheaterServer"
            ? ["Dashboard"]
            : [
                "Guest/Sources/TheaterGuest", "Sources/TheaterValue", "Guest/Runtime",
                "Guest/Templates",
            ]
        let inputs = folders.flatMap { Self.files(in: root.appending(path: $0)) }
        return [
            .buildCommand(
                displayName: "Embedding files for \(target.name)",
                executable: URL(filePath: "/usr/bin/env"),
                arguments: ["python3", script.path(), root.path(), output.path(), target.name],
                inputFiles: [script] + inputs, outputFiles: [output])
        ]
    }

    private static func files(in folder: URL) -> [URL] {
        let contents = FileManager.default.enumerator(
            at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: [.isRegularFileKey])
        let urls = (contents?.allObjects ?? []).compactMap { $0 as? URL }
        return urls.filter {
            (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
        }.sorted { $0.path() < $1.path() }
    }
}
