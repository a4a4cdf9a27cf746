// SPDX-License-Identifier: Apache-2.0

import TheaterPlatform
import TheaterValue

/// The guests that send each other messages. What they say is 16 bytes long, as the Erlang peer's is.
extension Guests {
    static let ask = "bench:guest/guest.ask"
    static let flood = "bench:guest/guest.flood"
    static let push = "bench:guest/guest.push"
    static let total = "bench:guest/guest.total"
    static let crash = "bench:guest/guest.crash"

    private static let body = Array("sixteen bytes...".utf8)
    private static let client = "theater:simple/message-server-client"
    private static let done = Value.result(ok: .tuple([]), err: .string, .ok(.unit))
    /// What a callback without a result answers: the state alone.
    private static let kept = Value.result(ok: .tuple([]), err: .string, .ok(.tuple([.u64(1)])))

    private static func message(to address: String) throws -> [UInt8] {
        try CGRF.encode(.tuple([.string(address), .bytes(body)]))
    }

    static func importing(_ interface: String, _ name: String) -> String {
        "(import \"\(interface)\" \"\(name)\" (func $\(name) (param i32 i32 i32 i32) (result i32)))"
    }

    private static let sending = "theater:simple/message-server-host"
    private static let sendPact = """
        theater:simple/message-server-host {
            send: func(actor-id: string, msg: list<u8>) -> result<_, string>
        }
        """
    private static let donePact = "bench:host/signal { done: func() }"

    /// Calls a host function with a message, and traps unless it answers with so many bytes: an error
    /// has another size.
    private static func host(_ name: String, _ message: [UInt8], at address: Int, answer size: Int)
        -> String
    {
        """
        (if (call $\(name) (i32.const \(address)) (i32.const \(message.count)) (i32.const 128)
          (i32.const 132)) (then (unreachable)))
        (if (i32.ne (i32.load (i32.const 132)) (i32.const \(size))) (then (unreachable)))
        """
    }

    static let callDone = """
        (if (call $done (i32.const 4000) (i32.const 28) (i32.const 128) (i32.const 132))
          (then (unreachable)))
        """

    /// Answers each request with the same bytes, and takes each message, without looking at them.
    static func answerer() throws -> [UInt8] {
        let reply = Value.result(
            ok: .tuple([]), err: .string,
            .ok(.tuple([.u64(1), .option(.list(.primitive(.u8)), .bytes(body))])))
        let kept = Value.result(ok: .tuple([]), err: .string, .ok(.tuple([.u64(1)])))
        return try module(
            """
            exports { \(client) {
                handle-request: func(state: value, request-id: string, data: list<u8>) ->
                    result<tuple<value, option<list<u8>>>, string>,
                handle-send: func(state: value, data: list<u8>) -> result<value, string>
            } }
            """, imports: [],
            body: [
                try answering("\(client).handle-request", reply, at: 4096),
                try answering("\(client).handle-send", kept, at: 4608),
            ])
    }

    /// Exports `ask`, which makes as many requests of an actor as its argument says.
    static func asker(_ target: ActorID) throws -> [UInt8] {
        let message = try message(to: target.description)
        let reply = try CGRF.encode(
            .result(ok: .list(.primitive(.u8)), err: .string, .ok(.bytes(body))))
        let zero = try CGRF.encode(.u32(0))
        return try module(
            """
            imports { \(sending) {
                request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
            } }
            exports { bench:guest/guest { ask: func(count: u32) -> u32 } }
            """, imports: [importing(sending, "request")],
            body: [
                data(message, at: 4096), data(zero, at: 4608),
                function(
                    ask,
                    """
                    (local.set $left (i32.load offset=24 (local.get $in)))
                    (loop $again
                      \(host("request", message, at: 4096, answer: reply.count))
                      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                      (br_if $again (local.get $left)))
                    \(answer(at: 4608, size: zero.count))
                    """),
            ])
    }

    /// Exports `flood`, which sends as many windows of messages as its argument says to an actor, two
    /// ahead of what that has acknowledged, and gives the signal at the last acknowledgement.
    static func flooder(_ target: ActorID, window: Int) throws -> [UInt8] {
        let message = try message(to: target.description)
        let accepted = try CGRF.encode(done)
        let zero = try CGRF.encode(.u32(0))
        return try module(
            """
            imports { \(sendPact) \(donePact) }
            exports {
                bench:guest/guest { flood: func(windows: u32) -> u32 }
                \(client) { handle-send: func(state: value, data: list<u8>) -> result<value, string> }
            }
            """, imports: [importing(sending, "send"), importing("bench:host/signal", "done")],
            body: [
                data(message, at: 4096), data(zero, at: 4608),
                data(try CGRF.encode(.unit), at: 4000),
                "(global $unsent (mut i32) (i32.const 0))",
                "(global $unheard (mut i32) (i32.const 0))",
                """
                (func $window (local $left i32)
                  (local.set $left (i32.const \(window)))
                  (loop $again
                    \(host("send", message, at: 4096, answer: accepted.count))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br_if $again (local.get $left))))
                """,
                function(
                    flood,
                    """
                    (global.set $unheard (i32.load offset=24 (local.get $in)))
                    (global.set $unsent (i32.sub (global.get $unheard) (i32.const 2)))
                    (call $window) (call $window)
                    \(answer(at: 4608, size: zero.count))
                    """),
                data(try CGRF.encode(kept), at: 4700),
                function(
                    "\(client).handle-send",
                    """
                    (global.set $unheard (i32.sub (global.get $unheard) (i32.const 1)))
                    (if (i32.eqz (global.get $unheard)) (then \(callDone)))
                    (if (global.get $unsent) (then
                      (global.set $unsent (i32.sub (global.get $unsent) (i32.const 1)))
                      (call $window)))
                    \(answer(at: 4700, size: try CGRF.encode(kept).count))
                    """),
            ])
    }

    /// Counts messages, acknowledges each window of them to the actor of that name, and exports `total`.
    static func sink(_ sender: String, window: Int) throws -> [UInt8] {
        let message = try message(to: sender)
        let accepted = try CGRF.encode(done)
        let zero = try CGRF.encode(.u32(0))
        return try module(
            """
            imports { \(sendPact) }
            exports {
                bench:guest/guest { total: func() -> u32 }
                \(client) { handle-send: func(state: value, data: list<u8>) -> result<value, string> }
            }
            """, imports: [importing(sending, "send")],
            body: [
                data(message, at: 4096), data(zero, at: 4608),
                "(global $count (mut i32) (i32.const 0))",
                "(global $unacknowledged (mut i32) (i32.const 0))",
                function(
                    total,
                    """
                    (i32.store (i32.const \(4608 + 24)) (global.get $count))
                    \(answer(at: 4608, size: zero.count))
                    """),
                data(try CGRF.encode(kept), at: 4700),
                function(
                    "\(client).handle-send",
                    """
                    (global.set $count (i32.add (global.get $count) (i32.const 1)))
                    (global.set $unacknowledged
                      (i32.add (global.get $unacknowledged) (i32.const 1)))
                    (if (i32.eq (global.get $unacknowledged) (i32.const \(window))) (then
                      (global.set $unacknowledged (i32.const 0))
                      \(host("send", message, at: 4096, answer: accepted.count))))
                    \(answer(at: 4700, size: try CGRF.encode(kept).count))
                    """),
            ])
    }

    /// Exports `push`, which sends up to as many messages as its argument says, until one is refused,
    /// and answers how many were accepted.
    static func pusher(_ target: ActorID) throws -> [UInt8] {
        let message = try message(to: target.description)
        let accepted = try CGRF.encode(done)
        let zero = try CGRF.encode(.u32(0))
        return try module(
            """
            imports { \(sendPact) }
            exports { bench:guest/guest { push: func(count: u32) -> u32 } }
            """, imports: [importing(sending, "send")],
            body: [
                data(message, at: 4096), data(zero, at: 4608),
                function(
                    push,
                    """
                    (local.set $left (i32.load offset=24 (local.get $in)))
                    (i32.store (i32.const \(4608 + 24)) (i32.const 0))
                    (block $refused (loop $again
                      (br_if $refused (i32.eqz (local.get $left)))
                      (if (call $send (i32.const 4096) (i32.const \(message.count)) (i32.const 128)
                        (i32.const 132)) (then (unreachable)))
                      (br_if $refused
                        (i32.ne (i32.load (i32.const 132)) (i32.const \(accepted.count))))
                      (i32.store (i32.const \(4608 + 24))
                        (i32.add (i32.load (i32.const \(4608 + 24))) (i32.const 1)))
                      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                      (br $again)))
                    \(answer(at: 4608, size: zero.count))
                    """),
            ])
    }

    /// Gives the signal in `init`, and exports `crash`.
    static func crasher() throws -> [UInt8] {
        let state = try CGRF.encode(kept)
        return try module(
            """
            imports { \(donePact) }
            exports {
                theater:simple/actor { init: func(state: value) -> result<value, string> }
                bench:guest/guest { crash: func() }
            }
            """, imports: [importing("bench:host/signal", "done")],
            body: [
                data(try CGRF.encode(.unit), at: 4000), data(state, at: 4700),
                function(
                    initialize, "\(callDone) \(answer(at: 4700, size: state.count))"),
                function(crash, "unreachable"),
            ])
    }
}
