// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

@Suite("Effects", .timeLimit(.minutes(2)))
struct EffectTests {
    private let ledger: Ledger
    private let stage: Stage

    init() throws {
        ledger = Ledger()
        stage = try Self.stage(ledger)
    }

    private static func stage(_ ledger: Ledger, _ journal: Journal = .inMemory()) throws -> Stage {
        var services = HandlerServices()
        services.provide(ledger)
        return try Stage(
            journal: journal, handlers: [RuntimeHandler.self, LedgerHandler.self],
            services: services)
    }

    private static func spawn(
        _ stage: Stage, inDoubt: InDoubt? = nil, functions: [String] = ["put", "set", "trap"],
        change: (inout SpawnRequest) -> Void = { _ in }
    ) async throws -> ActorID {
        let manifest = Manifest(
            name: "book", package: "test.wasm",
            handlers: [HandlerGrant(type: "ledger", inDoubt: inDoubt)])
        var request = SpawnRequest(
            wasm: try Engine.assemble(wat: try bookkeeper(functions)), manifest: manifest)
        change(&request)
        return try await stage.system.spawn(request)
    }

    private static func input(_ text: String) throws -> [UInt8] { try CGRF.encode(.string(text)) }

    /// The events of the chain between the call and its end.
    private func effect(
        _ text: String, _ function: String = "put"
    ) async throws -> (Result<Value, ActorError>, [EventPayload], ActorID) {
        let id = try await Self.spawn(stage)
        let result: Result<Value, ActorError>
        do {
            result = .success(
                try await stage.system.call(id, "test:book/book.\(function)", [.string(text)]))
        } catch {
            result = .failure(error)
        }
        let events = try await stage.events(of: id)
        let start = try #require(events.firstIndex { $0.isCall(of: "test:book/book.\(function)") })
        return (result, Array(events[(start + 1)...]), id)
    }

    @Test("are recorded before and after", arguments: ["put", "set"])
    func beforeAndAfter(function: String) async throws {
        let (result, events, id) = try await effect("key", function)
        let key = EffectID(actor: id, sequence: 2)
        #expect(try result.get() == LedgerHandler.ok(key.description))
        #expect(events.count == 3)
        #expect(
            events.first
                == .intent(
                    interface: "test:ledger/ledger", function: function,
                    input: try Self.input("key"), effect: function == "put" ? .once : .idempotent,
                    policy: .fail))
        #expect(
            events.dropFirst().first
                == .outcome(
                    interface: "test:ledger/ledger", function: function, intent: 2,
                    output: try CGRF.encode(LedgerHandler.ok(key.description))))
        #expect(ledger.entries == [.init(text: "key", effectID: "\(key)", wasDurable: false)])
        #expect(try await stage.journal.reader().doubts(of: id).isEmpty)
    }

    @Test(
        "are answered in every way that a handler can answer",
        arguments: [
            ("x", "put x", "put x"), ("later", "later", "later"), ("parked", "parked", "parked"),
            ("redact", "secret", "<secret>"), ("withhold", "nothing", "nothing"),
        ])
    func answers(text: String, answer: String, recorded: String) async throws {
        let (result, events, _) = try await effect(text)
        #expect(try result.get() == LedgerHandler.ok(answer))
        let output = try CGRF.encode(LedgerHandler.ok(recorded))
        #expect(
            events.contains(
                .outcome(
                    interface: "test:ledger/ledger", function: "put", intent: 2, output: output)))
        let isDenied = events.contains { if case .denied = $0 { true } else { false } }
        #expect(isDenied == (text == "withhold"))
    }

    @Test(
        "that fail have the error value as their outcome",
        arguments: ["fail", "later-fail", "deny"])
    func failures(text: String) async throws {
        let (result, events, _) = try await effect(text)
        guard case .failure(let error) = result else {
            Issue.record("no failure")
            return
        }
        #expect(error.code == .guestError)
        let value = Value.result(
            ok: .string, err: .string,
            .err(.string("the ledger refuses '\(text)' [ledger.refused]")))
        #expect(
            events.contains(
                .outcome(
                    interface: "test:ledger/ledger", function: "put", intent: 2,
                    output: try CGRF.encode(value))))
        let isDenied = events.contains { if case .denied = $0 { true } else { false } }
        #expect(isDenied == (text == "deny"))
    }

    @Test("that fail without an error value trap, and are not in doubt")
    func traps() async throws {
        let (result, events, id) = try await effect("fail", "trap")
        guard case .failure(let error) = result else {
            Issue.record("no failure")
            return
        }
        #expect(error.code == .crashed)
        #expect(
            events.contains(
                .outcomeError(
                    interface: "test:ledger/ledger", function: "trap", intent: 2,
                    message: "the ledger refuses 'fail' [ledger.refused]")))
        #expect(try await stage.journal.reader().doubts(of: id).isEmpty)
    }

    @Test("reach the handler when their intent is on disk", arguments: [Durability.async, .strict])
    func durable(durability: Durability) async throws {
        let directory = FileManager.default.temporaryDirectory.path() + "/effects-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var options = JournalOptions()
        // Nothing is written because of the time that has passed.
        options.asyncDelay = .seconds(3600)
        let journal = try Journal.open(directory: directory, options: options)
        let ledger = Ledger(journalDirectory: directory)
        let stage = try Self.stage(ledger, journal)
        let id = try await Self.spawn(stage) {
            $0.manifest.chain.durability = durability == .strict ? .strict : .async
        }
        for text in ["a", "later", "parked"] {
            _ = try await stage.system.call(id, "test:book/book.put", [.string(text)])
        }
        #expect(ledger.entries.map(\.text) == ["a", "later", "parked"])
        #expect(ledger.entries.map(\.wasDurable) == [true, true, true])
        #expect(Set(ledger.entries.map(\.effectID)).count == 3)
        _ = try await stage.system.stop(id)
        try await journal.close()
    }

    @Test("do not happen when their intent cannot be recorded, and are not in doubt")
    func unrecordable() async throws {
        let directory = FileManager.default.temporaryDirectory.path() + "/effects-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let disk = BrittleDisk()
        let journal = try Journal.open(directory: directory, disk: disk)
        let ledger = Ledger(journalDirectory: directory)
        let stage = try Self.stage(ledger, journal)
        let id = try await Self.spawn(stage)
        disk.breakSyncs()
        let error = try await stage.failure(id, "test:book/book.put", [.string("x")])
        #expect(error.code == .journal)
        #expect(error.message.contains("Input/output error"))
        #expect(ledger.entries.isEmpty)
        await #expect(throws: JournalError.self) { try await journal.close() }
    }

    @Test("do not begin when their actor ends while the intent is written, and are not in doubt")
    func notBegun() async throws {
        let directory = FileManager.default.temporaryDirectory.path() + "/effects-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let disk = BrittleDisk()
        let journal = try Journal.open(directory: directory, disk: disk)
        let ledger = Ledger(journalDirectory: directory)
        let stage = try Self.stage(ledger, journal)
        let id = try await Self.spawn(stage)
        try await journal.sync()
        disk.holdSync()
        let system = stage.system
        let call = Task { try await system.call(id, "test:book/book.put", [.string("x")]) }
        for await _ in disk.held.stream { break }
        let cell = try system.cell(id)
        let end = Task { try await system.terminate(id) }
        while cell.control.killedBecause == nil { await Task.yield() }
        disk.release()
        #expect(try await end.value == .killed)
        _ = await call.result
        #expect(ledger.entries.isEmpty)
        let events = try await stage.events(of: id)
        let isSaid = events.contains {
            if case .outcomeError(_, "put", 2, let message) = $0 {
                message.contains("host.not-begun")
            } else {
                false
            }
        }
        #expect(isSaid)
        #expect(try await journal.reader().doubts(of: id).isEmpty)
        try await journal.close()
    }

    @Test(
        "that end with their actor are settled as their policy says",
        arguments: [InDoubt.fail, .ask])
    func cutOff(policy: InDoubt) async throws {
        let id = try await Self.spawn(stage, inDoubt: policy)
        let text = "gate \(policy) \(id)"
        let system = stage.system
        let call = Task { try await system.call(id, "test:book/book.put", [.string(text)]) }
        await Gate.of(text).arrived()
        #expect(try await stage.system.terminate(id) == .killed)
        _ = await call.result
        let events = try await stage.events(of: id)
        let settled = events.contains {
            if case .settled(2, .failed, _) = $0 { true } else { false }
        }
        #expect(settled == (policy == .fail))
        let doubts = try await stage.journal.reader().doubts(of: id)
        #expect(doubts.map(\.policy) == (policy == .fail ? [] : [.ask]))
        #expect(doubts.map(\.id.sequence) == (policy == .fail ? [] : [2]))
        let input = try Self.input(text)
        #expect(doubts.map(\.input) == (policy == .fail ? [] : [input]))
    }

    @Test("whose answer is too large to be recorded are not in doubt")
    func largeAnswer() async throws {
        var options = JournalOptions()
        options.payloadSizeMax = 8000
        let stage = try Self.stage(ledger, .inMemory(options: options))
        let id = try await Self.spawn(stage)
        let error = try await stage.failure(id, "test:book/book.put", [.string("large")])
        #expect(error.code == .tooLarge)
        #expect(ledger.entries.count == 1)
        let events = try await stage.events(of: id)
        let isSaid = events.contains {
            if case .outcomeError(_, "put", 2, let message) = $0 {
                message.contains("host.unrecordable")
            } else {
                false
            }
        }
        #expect(isSaid)
    }

    @Test("may be retried only where doing them twice does them once")
    func retries() async throws {
        let error = await #expect(throws: ActorError.self) {
            try await Self.spawn(stage, inDoubt: .retry)
        }
        #expect(error?.code == .manifest)
        #expect(error?.message.contains("'test:ledger/ledger.put'") == true)
        #expect(error?.message.contains("in_doubt = \"ask\"") == true)
        let id = try await Self.spawn(stage, inDoubt: .retry, functions: ["set"])
        _ = try await stage.system.call(id, "test:book/book.set", [.string("x")])
        let isRetry = try await stage.events(of: id).contains {
            if case .intent(_, "set", _, .idempotent, .retry) = $0 { true } else { false }
        }
        #expect(isRetry)
        // The same module under another policy: nothing of the first one is kept.
        let second = try await Self.spawn(stage, inDoubt: .ask, functions: ["set"]) {
            $0.name = "second"
        }
        _ = try await stage.system.call(second, "test:book/book.set", [.string("x")])
        let isAsk = try await stage.events(of: second).contains {
            if case .intent(_, "set", _, .idempotent, .ask) = $0 { true } else { false }
        }
        #expect(isAsk)
    }

    @Test("are what in_doubt speaks of: elsewhere it is refused")
    func needless() async throws {
        let manifest = Manifest(
            name: "book", package: "test.wasm",
            handlers: [HandlerGrant(type: "runtime", inDoubt: .ask)])
        let error = #expect(throws: ManifestDiagnostics.self) {
            try HandlerRegistry([RuntimeHandler.self]).granted(by: manifest)
        }
        #expect(error?.diagnostics.first?.code == .unknownKey)
    }

    @Test("of an actor that is not recorded have no identity")
    func unrecorded() async throws {
        var services = HandlerServices()
        services.provide(ledger)
        let system = ActorSystem(
            engine: try Engine(EngineOptions(guestsMax: 2)), journal: nil,
            handlers: HandlerRegistry([LedgerHandler.self]),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, services: services)
        let manifest = Manifest(
            name: "book", package: "test.wasm", handlers: [HandlerGrant(type: "ledger")])
        let id = try await system.spawn(
            SpawnRequest(wasm: try Engine.assemble(wat: try bookkeeper()), manifest: manifest))
        let key = try await system.call(id, "test:book/book.put", [.string("key")])
        #expect(key == LedgerHandler.ok("none"))
    }
}
