// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// What is heard of what a program writes.
extension ProcessTests {
    @Test("output comes in order, and the exit once, after all of it")
    func order() async throws {
        let id = try await processes.actor()
        let pid = try await processes.spawn(
            id, "sh", "-c", "for i in 1 2 3; do echo o$i; echo e$i >&2; done; exit 3"
        ) { config in
            config.outputMode = 1
            config.errorMode = 1
        }
        #expect(pid == 1)
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.filter { $0.kind == "out" }.map(\.text) == ["o1", "o2", "o3"])
        #expect(heard.filter { $0.kind == "err" }.map(\.text) == ["e1", "e2", "e3"])
        #expect(heard.last == Heard(kind: "exit", process: 1, text: "3"))
        #expect(heard.count == 7)
        await processes.close()
    }

    @Test("modes cut output as the interface says")
    func modes() async throws {
        let id = try await processes.actor()
        func output(_ text: String, _ change: (inout ProcessStage.Config) -> Void) async throws
            -> [String]
        {
            let pid = try await processes.spawn(id, "printf", "%b", text, change: change)
            while true {
                let heard = try await processes.heard(id).filter { $0.process == pid }
                if heard.last?.kind == "exit" { return heard.dropLast().map(\.text) }
                try await ProcessStage.pause()
            }
        }
        #expect(try await output("a\\n\\nbc\\nd") { $0.outputMode = 1 } == ["a", "bc", "d"])
        #expect(
            try await output("abcdefgh\\nij\\n") {
                $0.outputMode = 1
                $0.bufferSize = 4
            } == ["abcd", "efgh", "ij"])
        #expect(
            try await output(#"{"a": 1}\nno\n [2] \n{"tail":3}"#) { $0.outputMode = 2 }
                == [#"{"a": 1}"#, "[2]", #"{"tail":3}"#])
        #expect(
            try await output("abcdefghij") {
                $0.outputMode = 3
                $0.chunkSize = 4
            } == ["abcd", "efgh", "ij"])
        let raw = try await output("abcdefghij") { $0.bufferSize = 3 }
        #expect(raw.joined() == "abcdefghij" && raw.allSatisfy { $0.utf8.count <= 3 })
        let standard = try await output("x") { $0.outputMode = 3 }
        #expect(standard == ["x"])
        await processes.close()
    }

    @Test("a buffer of no size or of a huge one is bounded by the grant, in every mode")
    func bufferSizes() async throws {
        let id = try await processes.actor([
            "allowed_programs": .array([.string("*")]), "max_output_buffer": .integer(20_000),
        ])
        // One text of JSON without a newline, of 15,000 bytes, and one that is too long.
        let script = "printf '\"'; head -c 14998 /dev/zero | tr '\\0' x; printf '\"'"
        var exits = 0
        for (mode, size, most) in [
            (0, 0, 8192), (1, 0, 8192), (2, 0, 0), (3, 0, 4096),
            (0, UInt32.max, 20_000), (1, .max, 15_000), (2, .max, 15_000), (3, .max, 4096),
        ] {
            let pid = try await processes.spawn(id, "sh", "-c", script) {
                $0.outputMode = mode
                $0.bufferSize = size
            }
            exits += 1
            let pieces = try await processes.heard(id, exits: exits)
                .filter { $0.process == pid && $0.kind == "out" }.map(\.text.utf8.count)
            #expect(pieces.reduce(0, +) == (most == 0 ? 0 : 15_000), "mode \(mode), \(size)")
            #expect((pieces.max() ?? 0) <= most, "mode \(mode), \(size)")
        }
        let large = try await processes.spawn(id, "head", "-c", "50000", "/dev/zero") {
            ($0.outputMode, $0.chunkSize) = (3, .max)
        }
        let chunks = try await processes.heard(id, exits: exits + 1)
            .filter { $0.process == large && $0.kind == "out" }.map(\.text.utf8.count)
        #expect(chunks == [20_000, 20_000, 10_000])
        let none = try await processes.spawn(id, "head", "-c", "5000", "/dev/zero") {
            ($0.outputMode, $0.chunkSize) = (3, 0)
        }
        let standard = try await processes.heard(id, exits: exits + 2)
            .filter { $0.process == none && $0.kind == "out" }.map(\.text.utf8.count)
        #expect(standard == [4096, 904])
        await processes.close()
    }

    @Test("a character whose bytes come apart is whole in a line of JSON")
    func splitCharacter() async throws {
        let id = try await processes.actor()
        _ = try await processes.spawn(
            id, "python3", "-uc",
            """
            import array, fcntl, os, termios
            waiting = array.array("i", [0])
            for part in [b'["\\xc3', b'\\xa9', b'"', b']\\n']:
                os.write(1, part)
                while fcntl.ioctl(1, termios.FIONREAD, waiting) == 0 and waiting[0]: pass
            """
        ) { $0.outputMode = 2 }
        #expect(try await processes.heard(id, exits: 1).map(\.text) == ["[\"\u{e9}\"]", "0"])
        await processes.close()
    }

    @Test("invalid UTF-8 is bytes in raw and line mode, and no JSON")
    func invalidText() async throws {
        let id = try await processes.actor()
        for mode in [0, 1, 2] {
            _ = try await processes.spawn(id, "printf", "%b", "\"\\0377\"\\n[1]\\n") {
                $0.outputMode = mode
            }
            _ = try await processes.heard(id, exits: mode + 1)
        }
        let texts = try await processes.heard(id).filter { $0.kind == "out" }
        #expect(texts.map(\.process) == [1, 2, 2, 3])
        #expect(texts.last?.text == "[1]")
        #expect(stage.log.lines.contains { $0.contains("process 3 wrote lines that are no JSON") })
        await processes.close()
    }

    @Test("a program that ends before anything is read loses nothing")
    func shortLived() async throws {
        let id = try await processes.actor(output: .wait("short", Behaviour.ok()))
        let mark = ProcessStage.mark()
        _ = try await processes.spawn(id, "sh", "-c", "echo one; echo two; echo three; : \(mark)") {
            $0.outputMode = 1
        }
        await Gate.of("short").arrived()
        // The program is over long before the actor takes the second line.
        try await ProcessStage.processes(0, with: mark)
        Gate.of("short").open()
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.map(\.text) == ["one", "two", "three", "0"])
        await processes.close()
    }

    @Test("a slow actor holds the program up, and nothing is piled up meanwhile")
    func backPressure() async throws {
        let id = try await processes.actor(output: .wait("slow", Behaviour.ok()))
        let pid = try await processes.spawn(id, "yes") { $0.bufferSize = 1000 }
        await Gate.of("slow").arrived()
        let program = try #require(ProcessStage.processes(with: "yes\0").first)
        // The pipe is full, and the program sleeps in its write: it uses no more time.
        func ticks() -> String {
            let text = (try? String(contentsOfFile: "/proc/\(program)/stat", encoding: .utf8)) ?? ""
            return text.split(separator: ")").last.map {
                $0.split(separator: " ")[11...12].joined()
            } ?? ""
        }
        func isAsleep() -> Bool {
            let text = (try? String(contentsOfFile: "/proc/\(program)/stat", encoding: .utf8)) ?? ""
            return text.contains(") S ")
        }
        while !isAsleep() { try await ProcessStage.pause() }
        let before = ticks()
        for _ in 0..<20 { try await ProcessStage.pause() }
        #expect(ticks() == before && isAsleep())
        #expect(try await processes.heard(id).count == 1)
        // What does not wait for the actor's turn works all the same.
        #expect(try await processes.heard(id).first?.process == pid)
        try await stage.system.stop(id, grace: .zero)
        try await ProcessStage.processes(0, with: "yes\0")
        Gate.of("slow").open()
        await processes.close()
    }

    @Test("what the actor does not listen to is dropped, and holds nothing up")
    func unheard() async throws {
        let id = try await processes.actor(output: nil, error: nil)
        _ = try await processes.spawn(id, "sh", "-c", "head -c 300000 /dev/zero; exit 4")
        #expect(try await processes.heard(id, exits: 1).map(\.text) == ["4"])
        let deaf = try await processes.actor(name: "deaf", output: nil, error: nil, exit: nil)
        let pid = try await processes.spawn(deaf, "true")
        while try await status(deaf, pid).running { try await ProcessStage.pause() }
        #expect(try await status(deaf, pid).code == 0)
        await processes.close()
    }

    @Test("what a process leaves behind may finish its output, and is ended after two seconds")
    func grandchild() async throws {
        let mark = ProcessStage.mark()
        let id = try await processes.actor()
        _ = try await processes.spawn(
            id, "sh", "-c", "(sleep 0.2; echo late; exec sleep \(mark)) & echo early"
        ) { $0.outputMode = 1 }
        let heard = try await processes.heard(id, exits: 1)
        #expect(heard.map(\.text) == ["early", "late", "0"])
        #expect(ProcessStage.processes(with: mark) == [])
        await processes.close()
    }
}
