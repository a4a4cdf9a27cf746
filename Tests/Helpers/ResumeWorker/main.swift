// SPDX-License-Identifier: Apache-2.0

// Runs a tree of durable actors under messages until it is killed, and brings it back when it is started
// again on the same data directory.
//
//     ResumeWorker DATA LEDGER DURABILITY FIRST
//
// A parent passes each message on to its child, and writes it into the file LEDGER.relay as `<effect> <text>`;
// the child writes it into LEDGER. The parent's ledger knows what it has, as a service with idempotency keys
// does, and the parent does again what is in doubt; the child's does not, and the child gives up what is in
// doubt. The texts are numbers of 16 digits, from FIRST on. Standard output has `resumed <parent total>
// <child total>` once the tree is back, and `ack <text>` for each message that was acknowledged.

import Glibc
import Logging
import Synchronization
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterTesting
import TheaterValue

func say(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
    let bytes = Array((line + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

/// The functions of a ledger, with an effect.
func interface(_ effect: HostEffect) -> HostInterface {
    HostInterface(
        pact: """
            interface ledger {
                @package: string = "test:ledger"
                exports { put: func(text: string) -> result<string, string> }
            }
            """,
        suspending: ["put"], effects: ["put": effect])
}

/// A file that stands for the world.
final class LedgerFile: Sendable {
    private let file: Int32
    /// The effects that it has; `nil` when it does not look.
    private let known: Mutex<Set<String>>?

    init(_ path: String, looks: Bool) {
        file = open(path, O_RDWR | O_APPEND | O_CREAT, 0o600)
        guard looks else {
            known = nil
            return
        }
        var (text, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while true {
            let count = read(file, &chunk, chunk.count)
            guard count > 0 else { break }
            text += chunk[..<count]
        }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        known = Mutex(Set(lines.compactMap { $0.split(separator: " ").first.map(String.init) }))
    }

    func answer(_ call: HostCall) -> HostReply {
        guard case .string(let text)? = call.arguments.first, let effect = call.effectID else {
            return .failure(HostError("ledger.argument", "no text, or no effect"))
        }
        if known?.withLock({ $0.insert(effect).inserted }) ?? true {
            say("\(effect) \(text)", to: file)
        }
        return .value(.result(ok: .string, err: .string, .ok(.string(text))))
    }
}

/// Appends whatever it is told.
struct LedgerHandler: Handler {
    static let name = "ledger"
    static let interfaces = [interface(.once)]
    static let isStateless = true

    private let file: LedgerFile

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        file = LedgerFile(grant.string("path") ?? "", looks: false)
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply { file.answer(call) }
}

/// Appends what it has not.
struct BookHandler: Handler {
    static let name = "book"
    static let interfaces = [interface(.idempotent)]
    static let isStateless = true

    private let file: LedgerFile

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        file = LedgerFile(grant.string("path") ?? "", looks: true)
        try grant.finish()
    }

    func answer(_ call: HostCall) -> HostReply { file.answer(call) }
}

func guest(_ change: (inout TallyGuest) -> Void) throws -> [UInt8] {
    var guest = TallyGuest()
    (guest.writes, guest.resumes) = (true, true)
    change(&guest)
    return try Engine.assemble(wat: try guest.made().wat)
}

func manifest(
    _ name: String, _ durability: ChainSettings.Durability, _ handlers: [HandlerGrant]
) -> Manifest {
    var manifest = Manifest(name: name, package: "tally.wasm", handlers: handlers)
    manifest.chain.durability = durability
    manifest.chain.isDurable = true
    manifest.chain.snapshotEvery = 50
    // A parent that is faster than its child must not lose what it passes on.
    manifest.limits.mailbox = name == "store" ? 60_000 : 64
    return manifest
}

/// What an actor counts, when it has room for the question.
func total(of actor: ActorID, in node: Node) async throws -> Value {
    while true {
        do throws(ActorError) {
            return try await node.system.call(actor, TallyGuest.total)
        } catch {
            guard error.code == .mailboxFull else { throw error }
            await Task.yield()
        }
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let first = Int(arguments[4]),
    let durability = ChainSettings.Durability(rawValue: arguments[3])
else {
    say("usage: ResumeWorker DATA LEDGER async|strict FIRST")
    exit(64)
}
do {
    let ledger = HandlerGrant(
        type: "ledger", configuration: ["path": .string(arguments[2])], inDoubt: .fail)
    let book = HandlerGrant(
        type: "book", configuration: ["path": .string(arguments[2] + ".relay")], inDoubt: .retry)
    let messages = HandlerGrant(type: "message-server")
    var options = NodeOptions(
        dataDirectory: arguments[1], guestsMax: 8, handlers: [LedgerHandler.self, BookHandler.self])
    options.journal.segmentSizeMax = 64 << 10
    let node = try Node(
        options, logger: Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() })
    let report = try await node.resume()
    for problem in report.problems { say("error \(problem.name): \(problem.error)") }
    var parent = node.system.actor(named: "relay")
    if parent == nil {
        parent = try await node.system.spawn(
            SpawnRequest(
                wasm: try guest { $0.target = "relay/store" },
                manifest: manifest("relay", durability, [messages, book, ledger])))
    }
    guard let parent else { exit(1) }
    var child = node.system.actor(named: "relay/store")
    if child == nil {
        var request = SpawnRequest(
            wasm: try guest { _ in },
            manifest: manifest("store", durability, [messages, ledger]), name: "relay/store",
            parent: parent)
        request.childSpec.restart = .permanent
        child = try await node.system.spawn(request)
    }
    guard let child else { exit(1) }
    let totals = (try await total(of: parent, in: node), try await total(of: child, in: node))
    say("resumed \(totals.0) \(totals.1)")
    var number = first
    while true {
        let text = TallyGuest.text(number)
        do throws(MessageError) {
            try await node.system.post(Array(text.utf8), to: parent)
            say("ack \(text)")
            number += 1
        } catch {
            guard error.code == .mailboxFull else { throw error }
            await Task.yield()
        }
    }
} catch {
    say("error \(error)")
    exit(1)
}
