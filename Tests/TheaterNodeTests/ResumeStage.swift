// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterStore
import TheaterTesting
import TheaterValue

/// What a test's ledger has been told, and whether it answers.
final class LedgerBox: Sendable {
    private struct State {
        var lines: [String] = []
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        var arrivals: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private static let all = Mutex<[String: LedgerBox]>([:])

    static func named(_ name: String) -> LedgerBox {
        all.withLock { boxes in
            let box = boxes[name] ?? LedgerBox()
            boxes[name] = box
            return box
        }
    }

    var lines: [String] { state.withLock { $0.lines } }

    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func put(_ line: String) async {
        await withCheckedContinuation { continuation in
            let (goesOn, arrivals) = state.withLock { state in
                state.lines.append(line)
                defer { state.arrivals = [] }
                if state.isHeld { state.held.append(continuation) }
                return (!state.isHeld, state.arrivals)
            }
            for arrival in arrivals { arrival.resume() }
            if goesOn { continuation.resume() }
        }
    }

    /// Waits until somebody is held.
    func awaitHeld() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.held.isEmpty { state.arrivals.append(continuation) }
                return !state.held.isEmpty
            }
            if isThere { continuation.resume() }
        }
    }
}

/// A ledger whose `put` has no effect in the runtime's sense.
struct PlainLedger: Handler {
    static let name = "plain-ledger"
    static let interfaces = [Ledger.interface(nil)]
    private let box: LedgerBox

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        box = try Ledger.box(&grant)
    }

    func answer(_ call: HostCall) -> HostReply { Ledger.answer(call, box) }
}

/// A ledger whose `put` must not be done twice.
struct OnceLedger: Handler {
    static let name = "once-ledger"
    static let interfaces = [Ledger.interface(.once)]
    private let box: LedgerBox

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        box = try Ledger.box(&grant)
    }

    func answer(_ call: HostCall) -> HostReply { Ledger.answer(call, box) }
}

/// A ledger whose `put` may be done twice.
struct RepeatLedger: Handler {
    static let name = "repeat-ledger"
    static let interfaces = [Ledger.interface(.idempotent)]
    private let box: LedgerBox

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        box = try Ledger.box(&grant)
    }

    func answer(_ call: HostCall) -> HostReply { Ledger.answer(call, box) }
}

enum Ledger {
    static func interface(_ effect: HostEffect?) -> HostInterface {
        HostInterface(
            pact: """
                interface ledger {
                    @package: string = "test:ledger"
                    exports { put: func(text: string) -> result<string, string> }
                }
                """,
            suspending: ["put"], effects: effect.map { ["put": $0] } ?? [:])
    }

    static func box(_ grant: inout SectionReader) throws(ManifestDiagnostics) -> LedgerBox {
        let name = grant.string("box") ?? ""
        try grant.finish()
        return LedgerBox.named(name)
    }

    static func answer(_ call: HostCall, _ box: LedgerBox) -> HostReply {
        guard case .string(let text)? = call.arguments.first else {
            return .failure(HostError("ledger.argument", "no text"))
        }
        let line = "\(call.effectID ?? "none") \(text)"
        return .later {
            await box.put(line)
            return .success(.result(ok: .string, err: .string, .ok(.string(text))))
        }
    }
}

/// Nodes that are killed, and come back on what was on disk at that moment.
final class ResumeStage {
    static let handlers: [any Handler.Type] = [
        PlainLedger.self, OnceLedger.self, RepeatLedger.self,
    ]
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let folder: TemporaryFolder
    let box: LedgerBox
    let boxName = "\(UInt64.random(in: 0 ... .max))"
    private(set) var node: Node
    private var path: String
    private var crashes = 0
    private var gone: [Node] = []

    init() throws {
        folder = try TemporaryFolder()
        box = LedgerBox.named(boxName)
        path = folder.path + "/0"
        node = try Self.open(path)
    }

    private static func open(_ path: String) throws -> Node {
        try Node(
            NodeOptions(dataDirectory: path, guestsMax: 16, handlers: handlers), logger: quiet)
    }

    /// What is on disk now is what the next node finds; the present one goes away with its actors.
    ///
    /// - Parameter meanwhile: what is done before the next node opens the directory.
    func crash(meanwhile: (String) async throws -> Void = { _ in }) async throws {
        try await node.journal.sync()
        crashes += 1
        let next = folder.path + "/\(crashes)"
        try FileManager.default.copyItem(atPath: path, toPath: next)
        try copyBlobs(to: next)
        path = next
        gone.append(node)
        for actor in node.system.tree() { _ = try? await node.system.terminate(actor.id) }
        try await meanwhile(path)
        node = try Self.open(path)
    }

    /// Content is on disk before anything names it; what was put there while the rest was copied comes after.
    private func copyBlobs(to next: String) throws {
        let (from, to) = (path + "/store/blobs/", next + "/store/blobs/")
        let files = FileManager.default
        for blob in files.enumerator(atPath: from)?.compactMap({ $0 as? String }).sorted() ?? []
        where !files.fileExists(atPath: to + blob) {
            try? files.copyItem(atPath: from + blob, toPath: to + blob)
        }
    }

    /// The present node is closed in order and spares its durable actors, and the next opens the same directory.
    func restart(grace: Duration) async throws {
        try await node.close(grace: grace, sparesDurable: true)
        node = try Self.open(path)
    }

    /// The present node goes away with its actors, and another directory is opened.
    func open(_ other: String) async throws {
        for actor in node.system.tree() { _ = try? await node.system.terminate(actor.id) }
        gone.append(node)
        path = other
        node = try Self.open(path)
    }

    /// Has the present node bring back what a crash took, which must be these.
    func expectResume(
        of roots: [ActorID], what: String = "",
        _ location: Testing.SourceLocation = #_sourceLocation
    ) async throws {
        let report = try await node.resume()
        #expect(report.resumed == roots, "\(what) \(report.problems)", sourceLocation: location)
    }

    /// Crashes, lets go of whom the ledger holds, and has the next node bring back these.
    func crashAndResume(
        _ roots: [ActorID], _ location: Testing.SourceLocation = #_sourceLocation
    ) async throws {
        try await crash()
        box.release()
        try await expectResume(of: roots, location)
    }

    /// The events of which snapshots are kept, in the order of their labels.
    func snapshots() throws -> [UInt64] {
        try node.store.labels(of: .snapshots).compactMap { UInt64($0.label.text.suffix(20)) }
    }

    /// Puts everything away, and checks every chain.
    func close(isFaithful: Bool = true) async throws {
        box.release()
        for node in gone { try await node.close(grace: .seconds(1)) }
        await node.system.shutDown(grace: .seconds(1))
        let reader = try await node.journal.reader()
        #expect(try reader.verifyAll().isValid)
        let replayer = Replayer(
            engine: node.system.engine, library: StoredCode(node.store, logger: Self.quiet),
            options: Node.registry(Self.handlers).replayOptions())
        for chain in reader.actors() {
            let verdict = try await replayer.replay(
                ReplayEvents(try reader.events(of: chain.actor)))
            #expect(
                verdict.isFaithful,
                "\(chain.name ?? "?"): \(verdict.divergence.map(String.init(describing:)) ?? "")")
            #expect(verdict.counts.events == chain.count)
        }
        try await node.close()
    }

    // MARK: Actors

    /// A request for a counting actor.
    func request(
        _ name: String, isDurable: Bool = true, ledger: String? = nil, inDoubt: InDoubt? = nil,
        parent: ActorID? = nil, restart: ChildDeclaration.Restart = .temporary,
        change: (inout TallyGuest) -> Void = { _ in }
    ) throws -> SpawnRequest {
        var guest = TallyGuest()
        guest.writes = ledger != nil
        change(&guest)
        var handlers = [HandlerGrant(type: "message-server")]
        if let ledger {
            handlers.append(
                HandlerGrant(
                    type: ledger, configuration: ["box": .string(boxName)], inDoubt: inDoubt))
        }
        var manifest = Manifest(name: "tally", package: "tally.wasm", handlers: handlers)
        manifest.chain.isDurable = isDurable
        var request = SpawnRequest(
            wasm: try Engine.assemble(wat: try guest.made().wat), manifest: manifest, name: name,
            initialState: .u64(0), parent: parent)
        request.childSpec.restart = restart
        return request
    }

    static func body(_ number: Int) -> [UInt8] { Array(TallyGuest.text(number).utf8) }

    /// Sends an actor messages, one after the other.
    func post(_ numbers: ClosedRange<Int>, to id: ActorID) async throws {
        for number in numbers { try await node.system.post(Self.body(number), to: id) }
    }

    func total(_ id: ActorID) async throws -> Value {
        try await node.system.call(id, TallyGuest.total)
    }

    /// The typed payloads of an actor's chain.
    func events(of id: ActorID) async throws -> [EventPayload] {
        var cursor = try await node.journal.reader().events(of: id)
        var payloads: [EventPayload] = []
        while let event = try cursor.next() {
            payloads.append(try #require(try event.decodedPayload()))
        }
        return payloads
    }

    /// The texts of the messages that a chain's calls handle, in order.
    func handled(by id: ActorID) async throws -> [String] {
        try await events(of: id).compactMap { event in
            guard case .called(let function, let parameters, _, _) = event else { return nil }
            return try TallyGuest.text(handledBy: function, parameters)
        }
    }
}
