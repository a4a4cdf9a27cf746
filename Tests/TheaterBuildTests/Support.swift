// SPDX-License-Identifier: Apache-2.0

import Foundation
import TheaterPact

@testable import TheaterBuild

/// Where things are in the repository.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// One cache of compiled SDKs for all tests, and for the next run.
    static let cache = root.appending(path: ".build/test-sdk").path()
}

/// A folder that is removed with its contents.
final class ScratchFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "theater-build-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    /// Writes a project with one Swift file.
    func project(pact: String, swift: String) throws {
        try write("name = \"probe\"\npackage = \"build/probe.wasm\"\n", to: "manifest.toml")
        try write(pact, to: "actor.pact")
        try write(swift, to: "Sources/Actor.swift")
    }
}

/// What a call throws, for tests of errors.
func buildError(_ body: () throws -> Void) -> BuildError? {
    do {
        try body()
        return nil
    } catch {
        return error as? BuildError
    }
}

/// A builder with the tests' cache.
func testBuilder(_ change: (inout BuildOptions) -> Void = { _ in }) -> ActorBuilder {
    var options = BuildOptions(environment: ProcessInfo.processInfo.environment)
    options.cacheFolder = Repository.cache
    change(&options)
    return ActorBuilder(options: options)
}

/// Does what blocks on a thread of its own: compilers take seconds, and the tests' threads are few.
func onThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

/// A sequence of numbers that a seed fixes.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
