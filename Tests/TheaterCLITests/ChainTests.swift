// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterValue

@testable import TheaterCLI

@Suite("theater chain, as a process", .timeLimit(.minutes(1)))
struct ChainTests {
    /// A folder with two chains, of actors `first` and `second`.
    private func recorded() async throws -> Folder {
        let folder = try Folder()
        for name in ["first", "second"] {
            try folder.put(try TestActors.fixture(), name: name)
            let run = try await Finished(["run", "--call", "echo", "--arg", "\"hi\""], in: folder)
            #expect(run.status == 0, "\(run.stderr)")
        }
        return folder
    }

    @Test("shows the newest chain, or the one that is named")
    func show() async throws {
        let folder = try await recorded()
        let newest = try await Finished(["chain", "show"], in: folder)
        #expect(newest.status == 0)
        #expect(newest.stdout.contains("'second', 7 events"))
        let named = try await Finished(["chain", "show", "first"], in: folder)
        #expect(named.stdout.contains("spawned first"))
        #expect(named.stdout.contains("called echo \"hi\""))
        #expect(named.stdout.contains("theater:simple/runtime/log \"fixture: init\" -> ()"))
        #expect(!named.stdout.contains("…"), "nobody reads it on a terminal")
        let id = try #require(named.stdout.split(separator: " ").dropFirst().first)
        for prefix in [id, id.prefix(8)] {
            let found = try await Finished(["chain", "show", String(prefix)], in: folder)
            #expect(found.stdout == named.stdout)
        }
        let missing = try await Finished(["chain", "show", "third"], in: folder)
        #expect(missing.status == 2)
        #expect(missing.stderr.contains("theater chain list"))
    }

    @Test("selects events by position, type and number")
    func select() async throws {
        let folder = try await recorded()
        func lines(_ arguments: String...) async throws -> Int {
            let run = try await Finished(["chain", "show", "--json"] + arguments, in: folder)
            #expect(run.status == 0, "\(run.stderr)")
            return run.stdout.split(separator: "\n").count
        }
        #expect(try await lines() == 7)
        #expect(try await lines("--from", "2") == 5)
        #expect(try await lines("--from", "1", "--to", "2") == 2)
        #expect(try await lines("--from", "99") == 0)
        #expect(try await lines("--to", "18446744073709551615") == 7)
        #expect(try await lines("--limit", "3") == 3)
        #expect(try await lines("--type", "theater.runtime/called") == 2)
        #expect(try await lines("--type", "theater:simple/") == 1)
    }

    @Test("an event as JSON has the documented members")
    func eventSchema() async throws {
        let folder = try await recorded()
        let run = try await Finished(
            ["chain", "show", "--json", "--from", "1", "--limit", "1"], in: folder)
        let event = try #require(
            try JSONSerialization.jsonObject(with: Data(run.stdout.utf8)) as? [String: Any])
        #expect(
            Set(event.keys) == [
                "actor", "sequence", "time", "time_nanoseconds", "type", "hash", "parent",
                "payload_digest", "payload",
            ])
        let payload = try #require(event["payload"] as? [String: Any])
        #expect(payload["function"] as? String == "theater:simple/actor.init")
        let full = try await Finished(["chain", "show", "--full"], in: folder)
        #expect(full.stdout.contains("  hash    \(event["hash"] as? String ?? "?")\n"))
    }

    @Test("a changed byte is found: which event, in which file, where; status 3")
    func altered() async throws {
        let folder = try await recorded()
        let journal = folder.url.appending(path: "data/journal")
        let names = try FileManager.default.contentsOfDirectory(atPath: journal.path())
        let needle = Array("fixture: init".utf8)
        var altered = ""
        for name in names.sorted() {
            let file = journal.appending(path: name)
            var bytes = Array(try Data(contentsOf: file))
            guard bytes.count > needle.count,
                let place = (0...bytes.count - needle.count).last(where: {
                    bytes[$0..<$0 + needle.count].elementsEqual(needle)
                })
            else { continue }
            bytes[place] ^= 1
            try Data(bytes).write(to: file)
            altered = name
            break
        }
        #expect(!altered.isEmpty)
        let verify = try await Finished(["chain", "verify"], in: folder)
        #expect(verify.status == 3)
        #expect(verify.stdout.contains("BROKEN"))
        #expect(verify.stdout.contains("ok      "))
        #expect(verify.stdout.contains("\(altered)' at byte"))
        #expect(verify.stdout.contains("NOT VERIFIED"))
        let one = try await Finished(["chain", "verify", "first", "--json"], in: folder)
        #expect(one.status == 0 || one.status == 3)
        let second = try await Finished(["chain", "verify", "second", "--json"], in: folder)
        #expect(second.status == 3)
        #expect(second.stdout.contains(#""valid":false,"problem":{"code":"chain."#))
    }

    @Test("without chains the next command is named, status 8")
    func none() async throws {
        let folder = try Folder()
        for command in ["list", "show", "verify"] {
            let run = try await Finished(["chain", command], in: folder)
            #expect(run.status == 8)
            #expect(run.stderr.contains("theater run"))
        }
        let json = try await Finished(["chain", "verify", "--json"], in: folder)
        #expect(json.stderr.hasPrefix(#"{"error":{"code":"cli.no-journal""#))
    }

    @Test("a reader that goes away ends the command quietly")
    func brokenPipe() async throws {
        let folder = try await recorded()
        let output = try await Program.output(
            of: [
                "sh", "-c", "\"$0\" chain show --full 2>errors | true; cat errors",
                try Program.path(),
            ], in: folder,
            environment: ["THEATER_HOME": folder.path("data"), "PATH": "/usr/bin:/bin"])
        #expect(output.isEmpty)
    }
}
