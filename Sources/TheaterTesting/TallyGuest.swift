// SPDX-License-Identifier: Apache-2.0

internal import TheaterPact
internal import TheaterValue

/// A guest that counts the messages it gets, in its memory and in its state, for tests and benchmarks of
/// what has to last.
///
/// The state is the count, a `u64`. Each message is ``bodySize`` bytes. It may write the message into a
/// ledger, a host function with an effect, and pass it on to another actor.
public struct TallyGuest {
    /// The size of each message.
    public static let bodySize = 16
    /// The function that answers the count, and takes the state.
    public static let total = "test:tally/tally.total"

    /// Whom it passes each message on to, by name.
    public var target: String?
    /// Whether it calls `test:ledger/ledger.put` with each message.
    public var writes = false
    /// Whether it exports `handle-resumed`, which counts as ``resumedText`` in the ledger if it writes.
    public var resumes = false
    /// Whether it accepts channels, whose messages and ends it counts too.
    public var takesChannels = false
    /// Further instructions of `handle-send`, before its answer.
    public var instructions = ""
    /// Further definitions.
    public var body: [String] = []

    /// What `handle-resumed` writes.
    public static let resumedText = "resumed ........"

    /// Makes a guest that only counts.
    public init() {}

    /// A message of its own for each number: the number, with zeros before it.
    public static func text(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, bodySize - digits.utf8.count)) + digits
    }

    /// The message that a recorded call handles; `nil` for another call than one of `handle-send`.
    public static func text(handledBy function: String, _ parameters: [UInt8]) throws -> String? {
        guard function.hasSuffix("handle-send"),
            case .tuple(let values) = try CGRF.decode(parameters), let body = values.last?.asBytes
        else { return nil }
        return String(decoding: body, as: UTF8.self)
    }

    private static let mark: UInt64 = 0x1122_3344_5566_7788
    private static let sample = [UInt8](repeating: 0xA5, count: bodySize)
    private static var sampleText: String { String(repeating: "\u{7}", count: bodySize) }

    /// Where some bytes are in others; they are there once.
    private static func place(of part: [UInt8], in whole: [UInt8]) -> Int {
        (0...max(0, whole.count - part.count)).first { whole[$0...].starts(with: part) } ?? 0
    }

    private static func place(of number: UInt64, in whole: [UInt8]) -> Int {
        place(of: (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }, in: whole)
    }

    /// The module's text, and where in its memory the count is.
    public func made() throws -> (wat: String, count: Int) {
        let (answerAt, sendAt, putAt) = (20_000, 21_000, 22_000)
        var (resumed, exports, clients) = ("", "", "")
        let state = Value.u64(Self.mark)
        let answer = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .ok(.tuple([state]))))
        let total = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .ok(.tuple([state, .u64(Self.mark + 1)]))))
        let input = try CGRF.encode(.tuple([.u64(0), .bytes(Self.sample)]))
        let inputBody = Self.place(of: Self.sample, in: input)
        let count = answerAt + Self.place(of: Self.mark, in: answer)
        var actor = WatActor()
        var imports: [String] = []
        var steps = [
            "(i64.store (i32.const \(count)) (i64.add (i64.load (i32.const \(count))) (i64.const 1)))"
        ]
        var template = answer
        let place = Self.place(of: Self.mark, in: answer)
        template.replaceSubrange(place..<(place + 8), with: [UInt8](repeating: 0, count: 8))
        actor.body = [WatActor.data(template, at: answerAt)]
        if let target {
            let bytes = try CGRF.encode(.tuple([.string(target), .bytes(Self.sample)]))
            let place = sendAt + Self.place(of: Self.sample, in: bytes)
            imports.append(
                "theater:simple/message-server-host { send: func(actor-id: string, msg: list<u8>) -> "
                    + "result<_, string> }")
            actor.imports.append(
                WatActor.importing("theater:simple/message-server-host", "send", as: "send"))
            actor.body.append(WatActor.data(bytes, at: sendAt))
            steps.append(Self.step("send", sendAt, bytes.count, place, inputBody))
        }
        if writes {
            let bytes = try CGRF.encode(.string(Self.sampleText))
            let place = putAt + Self.place(of: Array(Self.sampleText.utf8), in: bytes)
            imports.append(
                "test:ledger/ledger { put: func(text: string) -> result<string, string> }")
            actor.imports.append(WatActor.importing("test:ledger/ledger", "put", as: "put"))
            actor.body.append(WatActor.data(bytes, at: putAt))
            steps.append(Self.step("put", putAt, bytes.count, place, inputBody))
            actor.body.append(WatActor.data(Array(Self.resumedText.utf8), at: 24_000))
            resumed = """
                (memory.copy (i32.const \(place)) (i32.const 24000) (i32.const \(Self.bodySize)))
                (drop (call $put (i32.const \(putAt)) (i32.const \(bytes.count)) (i32.const 512)
                  (i32.const 516)))
                """
        }
        if resumes {
            exports +=
                "theater:simple/durable-client { handle-resumed: func(state: value) -> value }\n"
            actor.body.append(
                WatActor.function(
                    "theater:simple/durable-client.handle-resumed",
                    resumed + Self.answering(answerAt, answer.count)))
        }
        if takesChannels {
            (clients, actor.body) = try channels(actor.body, answerAt, answer.count, count)
        }
        steps.append(instructions)
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(
                """
                imports { \(imports.joined(separator: "\n")) }
                exports {
                    theater:simple/message-server-client {
                        handle-send: func(state: value, data: list<u8>) -> value
                        \(clients)
                    }
                    \(exports)
                    test:tally/tally { total: func(state: value) -> value }
                }
                """, file: "tally.pact")
        ).encoded()
        actor.pages = (4, nil)
        actor.body += [
            WatActor.function(
                "theater:simple/message-server-client.handle-send",
                steps.joined(separator: "\n") + Self.answering(answerAt, answer.count)),
            Self.totalFunction(total, count: count),
        ]
        actor.body += body
        return (actor.wat, count)
    }

    /// The callbacks of channels: all are accepted.
    private func channels(
        _ body: [String], _ answerAt: Int, _ answerSize: Int, _ count: Int
    ) throws -> (clients: String, body: [String]) {
        let accepts = Value.record(
            Value.Record(
                "channel-accept",
                [
                    .init("accepted", .bool(true)),
                    .init("message", .option(.list(.primitive(.u8)), nil)),
                ]))
        let accepted = try CGRF.encode(
            .result(ok: .tuple([]), err: .string, .ok(.tuple([.u64(0), accepts]))))
        let counting =
            "(i64.store (i32.const \(count)) (i64.add (i64.load (i32.const \(count))) (i64.const 1)))"
            + Self.answering(answerAt, answerSize)
        let client = "theater:simple/message-server-client."
        return (
            """
            handle-channel-open: func(state: value, id: string, data: list<u8>) -> value
            handle-channel-message: func(state: value, id: string, data: list<u8>) -> value
            handle-channel-close: func(state: value, id: string) -> value
            """,
            body + [
                WatActor.answering(client + "handle-channel-open", accepted, at: 25_000),
                WatActor.function(client + "handle-channel-message", counting),
                WatActor.function(client + "handle-channel-close", counting),
            ]
        )
    }

    /// Copies the message into a host function's arguments, and calls it.
    private static func step(
        _ function: String, _ address: Int, _ size: Int, _ place: Int, _ inputBody: Int
    ) -> String {
        """
        (memory.copy (i32.const \(place)) (i32.add (local.get $in) (i32.const \(inputBody)))
          (i32.const \(bodySize)))
        (drop (call $\(function) (i32.const \(address)) (i32.const \(size)) (i32.const 512)
          (i32.const 516)))
        """
    }

    private static func answering(_ address: Int, _ size: Int) -> String {
        """
        (i32.store (local.get $slot) (i32.const \(address)))
        (i32.store (local.get $lenslot) (i32.const \(size))) (i32.const 0)
        """
    }

    private static func totalFunction(_ total: [UInt8], count: Int) -> String {
        let address = 23_000
        let (first, second) = (place(of: mark, in: total), place(of: mark + 1, in: total))
        return WatActor.data(total, at: address) + "\n"
            + WatActor.function(
                TallyGuest.total,
                """
                (i64.store (i32.const \(address + first)) (i64.load (i32.const \(count))))
                (i64.store (i32.const \(address + second)) (i64.load (i32.const \(count))))
                """ + answering(address, total.count))
    }
}
