// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterAPI
import TheaterBuild
import TheaterEngine
import TheaterManifest
import TheaterPact
import TheaterRuntime
import TheaterValue

@testable import TheaterCLI

@Suite("Exit status")
struct CommandStatusTests {
    @Test("the numbers are the documented ones")
    func numbers() {
        #expect(
            CommandStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 70])
    }

    @Test("each status has a line in the help")
    func table() {
        let lines = CommandStatus.table.split(separator: "\n")
        #expect(lines.count == CommandStatus.allCases.count)
        #expect(lines.first == "   0  done")
        #expect(lines.last == "  70  an internal error; please report it")
        #expect(lines.allSatisfy { $0.count <= 80 })
    }

    @Test(
        "an actor's error has the status of its class",
        arguments: [
            (ActorError.Code.unknownFunction, CommandStatus.usage), (.wrongArgument, .usage),
            (.module, .module), (.metadata, .module), (.wrongDigest, .module),
            (.importRefused, .importRefused), (.manifest, .manifest), (.journal, .data),
            (.crashed, .failure), (.guestError, .failure), (.wrongResult, .failure),
            (.deadline, .failure), (.killed, .failure), (.notFound, .internal),
        ])
    func actorErrors(code: ActorError.Code, status: CommandStatus) {
        #expect(CLIError(ActorError(code, "x")).status == status)
        #expect(CLIError(ActorError(code, "x")).code == code.rawValue)
    }

    @Test("errors of other layers have theirs")
    func otherErrors() {
        #expect(CLIError(EngineError(.invalidModule, "x")).status == .module)
        #expect(CLIError(EngineError(.cache, "x")).status == .data)
        #expect(CLIError(BuildError(.compile, "x")).status == .build)
        #expect(CLIError(BuildError(.badName, "x")).status == .usage)
        #expect(CLIError(BuildError(.badManifest, "x")).status == .manifest)
        #expect(CLIError(PactError(.syntax, "x")).status == .module)
        let diagnostic = ManifestDiagnostic(.syntax, file: "m", at: .none, "x")
        #expect(CLIError(unexpected: ManifestDiagnostics([diagnostic])).status == .manifest)
        struct Odd: Error {}
        #expect(CLIError(unexpected: Odd()).status == .internal)
    }

    @Test("an error is a line of text or an object")
    func shown() {
        let error = CLIError(.data, "journal.locked", "it is \"locked\"")
        #expect(error.text == "error: it is \"locked\" [journal.locked]")
        #expect(
            error.json.description
                == #"{"error":{"code":"journal.locked","message":"it is \"locked\""}}"#)
    }

    @Test("how a run ended decides the status")
    func outcomes() {
        func status(
            _ reason: ExitReason, failure: ActorError? = nil, left: Int = 0,
            interrupted: Bool = false
        ) -> CommandStatus? {
            RunOutcome(
                reason: reason, failure: failure, callsLeft: left, isInterrupted: interrupted
            ).error(grace: .seconds(1))?.status
        }
        let crash = ActorError(.crashed, "boom")
        #expect(status(.stopped) == nil)
        #expect(status(.completed(nil)) == nil)
        #expect(status(.failed(crash)) == .failure)
        #expect(status(.killed) == .failure)
        #expect(status(.stopped, failure: ActorError(.guestError, "no")) == .failure)
        #expect(status(.stopped, failure: ActorError(.unknownFunction, "no")) == .usage)
        #expect(status(.stopped, interrupted: true) == nil)
        #expect(status(.killed, interrupted: true) == .interrupted)
        #expect(status(.stopped, left: 1, interrupted: true) == .interrupted)
        #expect(status(.failed(crash), interrupted: true) == .failure)
    }
}
