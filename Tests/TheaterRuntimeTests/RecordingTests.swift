// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Answers with as many bytes as it is asked for.
private struct BulkHandler: Handler {
    static let name = "bulk"
    static let interfaces = [
        HostInterface(
            pact: """
                interface bulk {
                    @package: string = "test:bulk"
                    exports { give: func(size: u32) -> list<u8> }
                }
                """)
    ]

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply {
        guard case .u32(let size)? = call.arguments.first else {
            return .failure(HostError("bulk.argument", "no size"))
        }
        return .value(.bytes([UInt8](repeating: 7, count: Int(size))))
    }
}

/// Goal: what cannot be recorded does not happen, and is told apart from a journal that is broken. Method:
/// a journal whose events are small.
@Suite("What is too large to be recorded")
struct RecordingTests {
    private static let sizeMax = 32 << 10

    private func stage() throws -> Stage {
        var options = JournalOptions()
        options.payloadSizeMax = Self.sizeMax
        return try Stage(
            journal: .inMemory(options: options), handlers: [GateHandler.self, BulkHandler.self])
    }

    private func spawn(_ stage: Stage) async throws -> ActorID {
        var actor = MessageActor()
        actor.messages = false
        actor.others = [("test:bulk/bulk", "give", "size: u32", "list<u8>")]
        actor.exports = [
            (
                "test:s/s", "large: func(x: u8) -> value",
                .answer(.bytes([UInt8](repeating: 1, count: Self.sizeMax)))
            )
        ]
        return try await stage.spawn(try actor.wat, name: "bulky", grants: ["gate", "bulk"])
    }

    private func expectEnd(
        _ stage: Stage, _ id: ActorID, _ error: ActorError, in function: String
    ) async throws {
        #expect(error.code == .tooLarge, "\(error)")
        #expect(error.message.contains("too large to be recorded"))
        guard case .failed(let reason) = try await stage.system.awaitEnd(of: id) else {
            Issue.record("it lives on")
            return
        }
        #expect(reason.code == .tooLarge)
        // The chain is whole, and says why.
        let events = try await stage.events(of: id)
        guard case .failed(function, "actor.too-large", _)? = events.dropLast().last,
            case .exited("failed", _, _)? = events.last
        else {
            Issue.record("\(events.suffix(2))")
            return
        }
    }

    @Test("an answer of a host function ends the actor before it has it")
    func hostAnswer() async throws {
        let stage = try stage()
        let id = try await spawn(stage)
        let fits = try await stage.system.call(id, "test:m/m.give", [.u32(1000)])
        #expect(fits.asBytes?.count == 1000)
        let error = try await stage.failure(id, "test:m/m.give", [.u32(UInt32(Self.sizeMax))])
        try await expectEnd(stage, id, error, in: "test:m/m.give")
        let calls = try await stage.events(of: id).filter {
            if case .hostCall = $0 { true } else { false }
        }
        #expect(calls.count == 1, "the one that fits")
    }

    @Test("an answer of the actor ends it before anybody has it")
    func ownAnswer() async throws {
        let stage = try stage()
        let id = try await spawn(stage)
        let error = try await stage.failure(id, "test:s/s.large", [.u8(1)])
        try await expectEnd(stage, id, error, in: "test:s/s.large")
    }

    @Test("arguments are the caller's error, and end nobody")
    func arguments() async throws {
        let stage = try stage()
        let id = try await spawn(stage)
        let large = String(repeating: "x", count: Self.sizeMax)
        let error = try await stage.failure(id, "test:m/m.wait", [.string(large)])
        #expect(error.code == .wrongArgument)
        #expect(error.message.contains("too large to be recorded"))
        #expect(stage.system.status(of: id) == .running)
    }
}
