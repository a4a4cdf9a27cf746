// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

@Suite("Commands of the handler filesystem", .timeLimit(.minutes(2)))
struct FilesystemCommandTests {
    private let files: FileStage

    init() throws { files = try FileStage() }

    private func run(
        _ id: ActorID, _ folder: String, _ command: String, _ arguments: String...
    ) async throws -> Value {
        try await files.stage.host(
            id, "execute-command", .string(folder), .string(command),
            .list(.string, arguments.map { .string($0) }))
    }

    private func actor(
        _ commands: String..., timeout: String = "30s", name: String = "actor"
    ) async throws -> ActorID {
        try await files.actor(
            [
                "allowed_commands": .array(commands.map(ManifestValue.string)),
                "command_timeout": .string(timeout),
            ], name: name)
    }

    private func outcome(_ value: Value) -> (output: String?, error: String?, code: Int32?) {
        let record = value.asVariant?.payload.first
        return (
            record?.field(named: "stdout")?.asString, record?.field(named: "stderr")?.asString,
            record?.field(named: "exit-code")?.integer(as: Int32.self)
        )
    }

    private func problem(_ value: Value) -> String? {
        value.asVariant?.caseName == "error"
            ? value.asVariant?.payload.first?.field(named: "message")?.asString : nil
    }

    @Test("run to their end in a folder below the root, without the node's environment or input")
    func ordinary() async throws {
        let id = try await actor("sh")
        try files.folder("inside/d")
        let value = try await run(
            id, "d", "sh", "-c", "pwd; echo $SECRET; echo oops >&2; cat; exit 3")
        let (output, error, code) = outcome(value)
        #expect(output == files.inside + "/d\n\n" && error == "oops\n" && code == 3)
        let killed = outcome(try await run(id, ".", "sh", "-c", "kill -9 $$"))
        #expect(killed.code == -9)
        let bytes = outcome(try await run(id, ".", "sh", "-c", "printf '\\377x'"))
        #expect(bytes.output == "\u{FFFD}x")
        #expect(try await files.stage.denials(id).isEmpty)
        await files.close()
    }

    @Test("are off unless granted")
    func off() async throws {
        let none = try await files.actor(name: "none")
        let some = try await actor("cat", name: "some")
        let arguments = [Value.string("."), .string("pwd"), .list(.string, [])]
        for id in [none, some] {
            #expect(
                try await files.code(id, "execute-command", arguments)
                    == "process.program-denied")
            #expect(try await files.stage.denials(id).count == 1)
        }
        await files.close()
    }

    @Test("that cannot run, take too long or say too much have an error")
    func problems() async throws {
        let id = try await actor("sh", "no-such-program", timeout: "1s")
        #expect(problem(try await run(id, ".", "no-such-program"))?.contains("no program") == true)
        let late = outcome(try await run(id, ".", "sh", "-c", "sleep 600 & wait"))
        #expect(late.code == -15)
        // So much takes its time on a busy machine.
        let patient = try await actor("sh", name: "patient")
        let loud = try await run(patient, ".", "sh", "-c", "exec yes")
        #expect(problem(loud)?.contains("1048576 bytes") == true)
        #expect(
            try await files.code(
                id, "execute-command", [.string("none"), .string("sh"), .list(.string, [])])
                == "process.folder-denied")
        await files.close()
    }

    @Test("end with their actor")
    func ending() async throws {
        let id = try await actor("sh")
        let mark = ProcessStage.mark()
        let call = Task { try await run(id, ".", "sh", "-c", "trap '' TERM; sleep 600; : \(mark)") }
        try await ProcessStage.processes(1, with: mark)
        try await files.stage.system.terminate(id)
        try await ProcessStage.processes(0, with: mark)
        _ = try? await call.value
        await files.close()
    }
}
