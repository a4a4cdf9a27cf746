// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The sources of the target are also part of every guest.
@Suite struct EmbeddedTests {
    @Test func sourcesCompileForEmbeddedWasm() async throws {
        let compiler = try #require(Self.find("swiftc"), "swiftc is not on PATH")
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/TheaterValue").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(atPath: sources.path)
            .filter { $0.hasSuffix(".swift") }.sorted()
        try #require(!files.isEmpty)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("theater-value-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let object = folder.appendingPathComponent("value.o").path
        let output = folder.appendingPathComponent("output").path
        try Data().write(to: URL(fileURLWithPath: output))
        let status = try await Self.onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: compiler)
            process.arguments =
                [
                    "-target", "wasm32-unknown-none-wasm",
                    "-enable-experimental-feature", "Embedded", "-wmo", "-parse-as-library",
                    "-Osize", "-swift-version", "6",
                    "-module-name", "TheaterValue", "-warnings-as-errors",
                    "-emit-object", "-o", object,
                ] + files.map { sources.appendingPathComponent($0).path }
            let log = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
            process.standardOutput = log
            process.standardError = log
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }
        let said = try String(contentsOfFile: output, encoding: .utf8)
        #expect(status == 0, "\(said)")
        #expect(FileManager.default.fileExists(atPath: object))
    }

    /// Does what blocks on a thread of its own: the compiler takes seconds, and the tests' threads are few.
    private static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }

    private static func find(_ program: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
