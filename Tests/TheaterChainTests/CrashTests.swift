// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Crashes of a real process", .serialized)
struct CrashTests {
    /// The helper, beside the test bundle.
    static func helper() throws -> URL {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let beside = URL(fileURLWithPath: tests).deletingLastPathComponent()
        let bundle = Bundle(for: Token.self).bundleURL.deletingLastPathComponent()
        return try #require(
            [beside, bundle].map { $0.appendingPathComponent("JournalWriter") }
                .first { FileManager.default.isExecutableFile(atPath: $0.path) },
            "build the product JournalWriter")
    }

    private final class Token {}

    /// What the helper said.
    struct Said {
        var acknowledged: [ActorID: (count: UInt64, head: Digest)] = [:]
        var begun: Set<ActorID> = []
        var errors: [String] = []

        mutating func read(_ line: Substring) {
            let words = line.split(separator: " ")
            guard let first = words.first, let actor = ActorID(first) else {
                if words.first == "error" { errors.append(String(line)) }
                return
            }
            if words.count == 3, let count = UInt64(words[1]), let head = Digest(hex: words[2]) {
                acknowledged[actor] = (count, head)
            } else {
                begun.insert(actor)
            }
        }
    }

    /// Runs the helper and kills it after a number of lines; reads what it still had said.
    static func run(
        _ arguments: [String], shell: String? = nil, killedAfter lines: Int?
    ) async throws -> Said {
        // Reading blocks, so it has a thread of its own.
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                done.resume(
                    with: Result { try runBlocking(arguments, shell: shell, killedAfter: lines) })
            }
        }
    }

    private static func runBlocking(
        _ arguments: [String], shell: String?, killedAfter lines: Int?
    ) throws -> Said {
        let process = Process()
        let output = Pipe()
        if let shell {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", shell, try helper().path] + arguments
        } else {
            process.executableURL = try helper()
            process.arguments = arguments
        }
        process.standardOutput = output
        try process.run()
        var said = Said()
        var rest = ""
        var count = 0
        while true {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            rest += String(decoding: data, as: UTF8.self)
            while let end = rest.firstIndex(of: "\n") {
                said.read(rest[..<end])
                rest = String(rest[rest.index(after: end)...])
                count += 1
                if count == lines { kill(process.processIdentifier, SIGKILL) }
            }
        }
        process.waitUntilExit()
        return said
    }

    /// Opens, verifies and compares with what was acknowledged.
    static func expectKept(_ directory: String, _ said: Said, _ what: String) async throws {
        let journal = try Journal.open(directory: directory)
        let reader = try await journal.reader()
        let result = try reader.verifyAll()
        #expect(result.isValid, "\(what): \(result.problems)")
        for (actor, last) in said.acknowledged {
            let count = reader.summary(of: actor)?.count ?? 0
            #expect(count >= last.count, "\(what): acknowledged events are lost")
            guard count >= last.count else { continue }
            let event = try events(reader, actor, in: last.count - 1..<last.count).first
            #expect(event?.hash == last.head, "\(what): another event is in its place")
        }
        for summary in reader.actors() {
            try expectPossible(reader, summary, what)
        }
        try await journal.close()
    }

    /// Every event must be one that the helper appends: its payload follows from its sequence.
    private static func expectPossible(
        _ reader: JournalReader, _ summary: ChainSummary, _ what: String
    ) throws {
        let newest = summary.count > 50 ? summary.count - 50..<summary.count : 0..<summary.count
        for event in try events(reader, summary.actor, in: newest) {
            let size = Int(truncatingIfNeeded: event.sequence &* 2_654_435_761 % 300)
            let input = [UInt8](repeating: UInt8(truncatingIfNeeded: event.sequence), count: size)
            let expected = EventPayload.hostCall(
                interface: "theater:simple/runtime", function: "log", input: input,
                output: summary.actor.bytes)
            #expect(try event.decodedPayload() == expected, "\(what): an event was invented")
        }
    }

    // Goal: kill -9 at any instant loses nothing acknowledged. Method: kill the helper after a random
    // number of its lines, a hundred times, several times on the same files; it resumes old chains.
    @Test("kill -9 loses nothing acknowledged and invents nothing", arguments: ["strict", "async"])
    func killed(mode: String) async throws {
        let seed: UInt64 = 11
        var random = SplitMix(seed: seed)
        for directoryNumber in 0..<10 {
            try await withDirectory { path in
                for round in 0..<5 {
                    let lines = Int.random(in: 1...25, using: &random)
                    let said = try await Self.run([path, mode], killedAfter: lines)
                    #expect(said.errors.isEmpty, "\(said.errors)")
                    let what = "\(mode), directory \(directoryNumber), round \(round), seed \(seed)"
                    try await Self.expectKept(path, said, what)
                }
            }
        }
    }

    @Test("a file that may not grow stops the journal with the reason, and loses nothing")
    func fileSizeLimit() async throws {
        try await withDirectory { path in
            let said = try await Self.run(
                [path, "strict"], shell: "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"",
                killedAfter: nil)
            #expect(said.errors.count == 1)
            #expect(said.errors.first?.contains("File too large") == true, "\(said.errors)")
            #expect(said.errors.first?.contains("000001.journal") == true, "\(said.errors)")
            #expect(said.errors.first?.contains("journal.disk") == true, "\(said.errors)")
            #expect(!said.acknowledged.isEmpty)
            try await Self.expectKept(path, said, "file size limit")
        }
    }
}
