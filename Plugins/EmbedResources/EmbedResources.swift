// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Turns the guest SDK and the project templates into Swift source, so that the installed binary
/// needs no files beside it to build actors.
@main
struct EmbedResources: BuildToolPlugin {
    func createBuildCommands(
        context: PluginContext, target: any Target
    ) async throws -> [Command] {
        let root = context.package.directoryURL
        let script = root.appending(path: "Scripts/embed.py")
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let folders = [
            "Guest/Sources/TheaterGuest", "Sources/TheaterValue", "Guest/Runtime",
            "Guest/Templates",
        ]
        let inputs = folders.flatMap { Self.files(in: root.appending(path: $0)) }
        return [
            .buildCommand(
                displayName: "Embedding the guest SDK and the templates",
                executable: URL(filePath: "/usr/bin/env"),
                arguments: ["python3", script.path(), root.path(), output.path()],
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
