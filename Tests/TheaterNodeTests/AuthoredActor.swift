// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import TheaterBuild
import TheaterPlatform

/// A folder that is removed with its scope.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/theater-\(ActorID.random())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Logger {
    /// Says nothing.
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// A project as an author has it, built in a folder that is gone afterwards.
///
/// - Parameters:
///   - template: what it begins as; it is named `demo`.
///   - pact: in place of the template's.
///   - source: in place of the template's one source file.
///   - change: what else the author changes.
/// - Returns: the wasm, and the manifest's text.
func buildActor(
    template: String = "hello", pact: String? = nil, source: String? = nil,
    change: @escaping @Sendable (String) throws -> Void = { _ in }
) async throws -> (wasm: [UInt8], manifest: String) {
    // A thread of its own: the compiler takes seconds, and the tests' threads are few.
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(
                with: Result {
                    try built(template: template, pact: pact, source: source, change: change)
                })
        }
    }
}

private func built(
    template: String, pact: String?, source: String?, change: (String) throws -> Void
) throws -> (wasm: [UInt8], manifest: String) {
    let folder = try TemporaryFolder()
    let project = folder.path + "/demo"
    try Templates.named(template).instantiate(name: "demo", into: project)
    try pact?.write(toFile: project + "/actor.pact", atomically: true, encoding: .utf8)
    try source?.write(toFile: project + "/Sources/Actor.swift", atomically: true, encoding: .utf8)
    try change(project)
    let builder = ActorBuilder(
        options: BuildOptions(environment: ProcessInfo.processInfo.environment))
    let product = try builder.build(ActorProject.load(directory: project))
    return (
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: product.wasmPath))),
        try String(contentsOfFile: project + "/manifest.toml", encoding: .utf8)
    )
}
