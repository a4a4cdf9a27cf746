// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A program beside the tests that runs a node, says what it has done, and is killed.
enum KilledWorker {
    struct Missing: Error {}

    /// Runs one, and kills it a random while after a number of its lines; the whole lines that it had said.
    static func run(
        _ name: String, _ arguments: [String], killedAfter lines: Int, spin: Int
    ) async throws -> [String] {
        try await withCheckedThrowingContinuation { done in
            // Reading blocks, so it has a thread of its own.
            Thread.detachNewThread {
                done.resume(
                    with: Result {
                        try runBlocking(name, arguments, killedAfter: lines, spin: spin)
                    })
            }
        }
    }

    /// Takes half a line from the end of a file that a worker appended to: a kill that comes within a write leaves what
    /// had room on its page, and the next line would be put behind it.
    static func cutHalfLine(of path: String) throws {
        guard let file = FileHandle(forUpdatingAtPath: path) else { return }
        defer { try? file.close() }
        let text = try file.readToEnd() ?? Data()
        try file.truncate(atOffset: UInt64(text.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0))
    }

    private static func program(_ name: String) throws -> URL {
        var folders = [URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()]
        folders += CommandLine.arguments.map { URL(filePath: $0) }
        for file in folders {
            let candidate = file.deletingLastPathComponent().appending(path: name)
            if FileManager.default.isExecutableFile(atPath: candidate.path()) { return candidate }
        }
        throw Missing()
    }

    private static func runBlocking(
        _ name: String, _ arguments: [String], killedAfter lines: Int, spin: Int
    ) throws -> [String] {
        let process = Process()
        let output = Pipe()
        process.executableURL = try program(name)
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
        var said: [UInt8] = []
        var isKilled = false
        while true {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            said += data
            guard !isKilled, said.count(where: { $0 == 0x0A }) >= lines else { continue }
            // Not always when it has just said something.
            let turns = Atomic(0)
            while turns.wrappingAdd(1, ordering: .relaxed).newValue < spin {}
            kill(process.processIdentifier, SIGKILL)
            isKilled = true
        }
        process.waitUntilExit()
        // The last line may be cut.
        let end = said.lastIndex(of: 0x0A) ?? -1
        return String(decoding: said[...end], as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
