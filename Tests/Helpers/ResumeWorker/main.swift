// SPDX-License-Identifier: Apache-2.0

// Runs a tree of durable actors under messages until it is killed, and brings it back when it is started
// again on the same data directory.
//
//     ResumeWorker DATA LEDGER DURABILITY FIRST
//
// A parent passes each message on to its child, which writes it into the file LEDGER as
// `<effect> <text>`. The texts are numbers of 16 digits, from FIRST on. Standard output has
// `resumed <parent total> <child total>` once the tree is back, and `ack <text>` for each message that
// was acknowledged.

import Glibc
import Logging
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

/// Appends to the file that stands for the world.
struct LedgerHandler: Handler {
    static let name = "ledger"
    static let interfaces = [
        HostInterface(
            pact: """
                interface ledger {
                    @package: string = "test:ledger"
                    exports { put: func(text: string) -> result<string, string> }
                }
                """,
            suspending: ["put"], effects: ["put": .once])
    ]
    static let isStateless = true

    private let ledger: Int32

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let path = grant.string("path") ?? ""
        try grant.finish()
        ledger = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o600)
    }

    func answer(_ call: HostCall) -> HostReply {
        guard case .string(let text)? = call.arguments.first else {
            return .failure(HostError("ledger.argument", "no text"))
        }
        say("\(call.effectID ?? "none") \(text)", to: ledger)
        return .value(.result(ok: .string, err: .string, .ok(.string(text))))
    }
}

func guest(_ change: (inout TallyGuest) -> Void) throws -> [UInt8] {
    var guest = TallyGuest()
    change(&guest)
    return try Engine.assemble(wat: try guest.made().wat)
}

func manifest(
    _ name: String, _ durability: ChainSettings.Durability, _ handlers: [HandlerGrant]
) -> Manifest {
    var manifest = Manifest(name: name, package: "tally.wasm", handlers: handlers)
    manifest.chain.durability = durability
    manifest.chain.isDurable = true
    // A parent that is faster than its child must not lose what it passes on.
    manifest.limits.mailbox = name == "store" ? 60_000 : 64
    return manifest
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let first = UInt64(arguments[4]),
    let durability = ChainSettings.Durability(rawValue: arguments[3])
else {
    say("usage: ResumeWorker DATA LEDGER async|strict FIRST")
    exit(64)
}
do {
    let ledger = HandlerGrant(
        type: "ledger", configuration: ["path": .string(arguments[2])], inDoubt: .fail)
    let messages = HandlerGrant(type: "message-server")
    var options = NodeOptions(
        dataDirectory: arguments[1], guestsMax: 8, handlers: [LedgerHandler.self])
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
                manifest: manifest("relay", durability, [messages, ledger])))
    }
    guard let parent else { exit(1) }
    var child = node.system.actor(named: "relay/store")
    if child == nil {
        var request = SpawnRequest(
            wasm: try guest { $0.writes = true },
            manifest: manifest("store", durability, [messages, ledger]), name: "relay/store",
            parent: parent)
        request.childSpec.restart = .permanent
        child = try await node.system.spawn(request)
    }
    guard let child else { exit(1) }
    let totals = (
        try await node.system.call(parent, TallyGuest.total),
        try await node.system.call(child, TallyGuest.total)
    )
    say("resumed \(totals.0) \(totals.1)")
    var number = first
    while true {
        let digits = String(number)
        let text = String(repeating: "0", count: TallyGuest.bodySize - digits.count) + digits
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
