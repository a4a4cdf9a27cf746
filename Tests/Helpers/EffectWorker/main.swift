// SPDX-License-Identifier: Apache-2.0

// Lets actors change the world until it is killed, and says what they were told.
//
//     EffectWorker DATA LEDGER DURABILITY
//
// The world is the file LEDGER: each effect appends a line `<effect> <text>`, where the effect is the
// identity that the handler was given. Four actors put texts there one after the other, half of them
// through a handler that answers at once. Standard output has `do <text>` before each effect and
// `ack <actor> <text>` after each answered call.

import Glibc
import Logging
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPact
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
                    exports {
                        put: func(text: string) -> result<string, string>
                        set: func(text: string) -> result<string, string>
                    }
                }
                """,
            suspending: ["put", "set"], effects: ["put": .once, "set": .idempotent])
    ]
    static let isStateless = true

    private let ledger: Int32

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let descriptor = grant.integer("descriptor", in: 0...Int(Int32.max))
        try grant.finish()
        ledger = Int32(descriptor ?? 0)
    }

    func answer(_ call: HostCall) -> HostReply {
        guard case .string(let text)? = call.arguments.first else {
            return .failure(HostError("ledger.argument", "no text"))
        }
        say("do \(text)")
        let (ledger, line) = (ledger, "\(call.effectID ?? "none") \(text)")
        let answer = Value.result(ok: .string, err: .string, .ok(.string(text)))
        if text.hasSuffix("0") || text.hasSuffix("5") {
            say(line, to: ledger)
            return .value(answer)
        }
        return .later {
            await Task.yield()
            say(line, to: ledger)
            return .success(answer)
        }
    }
}

/// A guest that hands its argument to one function of the ledger.
func guest(_ function: String) throws -> [UInt8] {
    var actor = WatActor()
    actor.metadata = try PackageMetadata(
        package: PactPackage.parse(
            """
            imports { test:ledger/ledger { \(function): func(text: string) -> result<string, string> } }
            exports { test:book/book { write: func(text: string) -> value } }
            """, file: "book.pact")
    ).encoded()
    actor.imports = [WatActor.importing("test:ledger/ledger", function, as: "host")]
    actor.body = [
        WatActor.function(
            "test:book/book.write",
            """
            (drop (call $host (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
            (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
              (local.get $lenslot)) (i32.const 0)
            """)
    ]
    return try Engine.assemble(wat: actor.wat)
}

guard CommandLine.arguments.count == 4,
    let durability = ChainSettings.Durability(rawValue: CommandLine.arguments[3])
else {
    say("usage: EffectWorker DATA LEDGER memory|async|strict")
    exit(64)
}
let ledger = open(CommandLine.arguments[2], O_WRONLY | O_APPEND | O_CREAT, 0o600)
guard ledger >= 0 else {
    say("error the ledger cannot be opened")
    exit(1)
}
do {
    var options = NodeOptions(
        dataDirectory: CommandLine.arguments[1], guestsMax: 8, handlers: [LedgerHandler.self])
    options.journal.segmentSizeMax = 32 << 10
    let node = try Node(
        options, logger: Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() })
    try await withThrowingTaskGroup { group in
        for (number, policy) in [InDoubt.ask, .ask, .fail, .retry].enumerated() {
            let function = policy == .retry ? "set" : "put"
            var manifest = Manifest(
                name: "book-\(number)", package: "book.wasm",
                handlers: [
                    HandlerGrant(
                        type: "ledger", configuration: ["descriptor": .integer(Int64(ledger))],
                        inDoubt: policy)
                ])
            manifest.chain.durability = durability
            let id = try await node.system.spawn(
                SpawnRequest(wasm: try guest(function), manifest: manifest))
            group.addTask {
                var count = 0
                while true {
                    let text = "\(id)-\(count)"
                    try await node.system.call(id, "test:book/book.write", [.string(text)])
                    say("ack \(id) \(text)")
                    count += 1
                }
            }
        }
        try await group.waitForAll()
    }
} catch {
    say("error \(error)")
    exit(1)
}
