// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterPlatform
import TheaterTesting
import TheaterValue

/// The world outside, as the handler `ledger` changes it.
final class Ledger: Sendable {
    struct Entry: Hashable {
        let text: String
        let effectID: String?
        /// Whether the intent was on disk at that moment.
        let wasDurable: Bool
    }
    private let kept = Mutex<[Entry]>([])
    let directory: String?

    init(journalDirectory: String? = nil) { directory = journalDirectory }

    var entries: [Entry] { kept.withLock { $0 } }

    func add(_ call: HostCall, _ text: String, _ actor: ActorID) {
        let doubts =
            directory.flatMap { try? Journal.openReadOnly(directory: $0).doubts(of: actor) } ?? []
        let entry = Entry(
            text: text, effectID: call.effectID,
            wasDurable: doubts.contains { $0.id.description == call.effectID })
        kept.withLock { $0.append(entry) }
    }
}

/// Writes into the ledger and answers as its argument says. `put` happens each time, `set` once.
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
                        trap: func(text: string) -> string
                    }
                }
                """,
            suspending: ["put", "set", "trap"],
            effects: ["put": .once, "set": .idempotent, "trap": .once])
    ]

    private let ledger: Ledger?
    private let actor: ActorID

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
        ledger = context.services.service(Ledger.self)
        actor = context.actorID
    }

    func answer(_ call: HostCall) -> HostReply {
        guard case .string(let text)? = call.arguments.first else {
            return .failure(HostError("ledger.argument", "no text"))
        }
        ledger?.add(call, text, actor)
        let error = HostError("ledger.refused", "the ledger refuses '\(text)'")
        switch text {
        case "fail": return .failure(error)
        case "deny": return .denied(error)
        case "withhold": return .withheld(error, answer: Self.ok("nothing"))
        case "redact": return .redacted(Self.ok("secret"), recorded: Self.ok("<secret>"))
        case "key": return .value(Self.ok(call.effectID ?? "none"))
        case "later": return .later { .success(Self.ok("later")) }
        case "later-fail": return .later { .failure(error) }
        case "parked": return .parked { $0(.success(Self.ok("parked"))) }
        case "large":
            return .value(Self.ok(String(repeating: "x", count: 8192)))
        case let text where text.hasPrefix("gate "):
            return .later {
                _ = await Gate.of(text).pass()
                return .success(Self.ok("passed"))
            }
        default: return .value(Self.ok("put \(text)"))
        }
    }

    static func ok(_ text: String) -> Value {
        .result(ok: .string, err: .string, .ok(.string(text)))
    }
}

/// A guest that hands its argument to the ledger and answers what that answered.
func bookkeeper(_ functions: [String] = ["put", "set", "trap"]) throws -> String {
    let imports = functions.map {
        "\($0): func(text: string) -> \($0 == "trap" ? "string" : "result<string, string>")"
    }
    let exports = functions.map { "\($0): func(text: string) -> value" }
    return try actor(
        """
        imports { test:ledger/ledger { \(imports.joined(separator: "\n")) } }
        exports { test:book/book { \(exports.joined(separator: "\n")) } }
        """
    ) { actor in
        actor.imports = functions.map {
            WatActor.importing("test:ledger/ledger", $0, as: "host-\($0)")
        }
        actor.body = functions.map { name in
            WatActor.function(
                "test:book/book.\(name)",
                """
                (drop (call $host-\(name) (local.get $in) (local.get $size) (i32.const 512)
                  (i32.const 516)))
                (call $answer (i32.load (i32.const 512)) (i32.load (i32.const 516)) (local.get $slot)
                  (local.get $lenslot)) (i32.const 0)
                """)
        }
    }
}

/// The system's disk, whose syncs a test can hold up or make fail, and whose room it can take away.
final class BrittleDisk: Disk {
    private let disk = SystemDisk()
    private let fails = Mutex(false)
    private let holds = Mutex(false)
    private let room = Mutex(Int.max)
    private let released = DispatchSemaphore(value: 0)
    /// Told when a sync is held.
    let held = AsyncStream<Void>.makeStream()

    func breakSyncs() { fails.withLock { $0 = true } }

    /// Leaves room for so many bytes more.
    func fill(leaving size: Int) { room.withLock { $0 = size } }

    /// Makes the next sync wait until ``release()``.
    func holdSync() { holds.withLock { $0 = true } }

    func release() { released.signal() }

    func makeDirectory(_ path: String) throws(DiskError) { try disk.makeDirectory(path) }
    func list(_ path: String) throws(DiskError) -> [String] { try disk.list(path) }
    func open(_ path: String, _ mode: DiskMode) throws(DiskError) -> DiskFile {
        try disk.open(path, mode)
    }
    func size(of file: DiskFile) throws(DiskError) -> UInt64 { try disk.size(of: file) }
    func read(
        _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int { try disk.read(file, into: buffer, at: offset) }
    func write(
        _ file: DiskFile, from buffer: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        let size = room.withLock { room in
            let size = min(room, buffer.count)
            room -= size
            return size
        }
        guard size > 0 || buffer.isEmpty else {
            throw DiskError(operation: .write, path: file.path, errno: ENOSPC)
        }
        // What still fits is written, as a file system does.
        return try disk.write(
            file, from: UnsafeRawBufferPointer(rebasing: buffer[..<size]), at: offset)
    }
    func sync(_ file: DiskFile) throws(DiskError) {
        if fails.withLock({ $0 }) {
            throw DiskError(operation: .sync, path: file.path, errno: EIO)
        }
        let isHeld = holds.withLock { holds in
            defer { holds = false }
            return holds
        }
        if isHeld {
            held.continuation.yield()
            released.wait()
        }
        try disk.sync(file)
    }
    func truncate(_ file: DiskFile, to size: UInt64) throws(DiskError) {
        try disk.truncate(file, to: size)
    }
    func lock(_ file: DiskFile) throws(DiskError) -> Bool { try disk.lock(file) }
    func release(_ file: DiskFile) { disk.release(file) }
    func close(_ file: DiskFile) { disk.close(file) }
    func rename(_ path: String, to newPath: String) throws(DiskError) {
        try disk.rename(path, to: newPath)
    }
    func remove(_ path: String) throws(DiskError) { try disk.remove(path) }
    func syncDirectory(_ path: String) throws(DiskError) { try disk.syncDirectory(path) }
}
