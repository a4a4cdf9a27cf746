// SPDX-License-Identifier: Apache-2.0

internal import TheaterEngine
internal import TheaterPact
internal import TheaterTesting
internal import TheaterValue

/// A guest that does what its host tells it, instruction by instruction.
///
/// Every scripted export passes its own input to `step` and carries out what that answers: an
/// ``Order``. So what a real guest does is decided by the seed, and crosses the real boundary.
enum ScriptedGuest {
    static let play = "sim:actor/player.play"
    static let echo = "sim:actor/player.echo"
    static let crash = "sim:actor/player.crash"
    static let spin = "sim:actor/player.spin"
    static let start = "theater:simple/actor.init"
    static let handleSend = "theater:simple/message-server-client.handle-send"
    static let handleRequest = "theater:simple/message-server-client.handle-request"

    static let handleChannelOpen = "theater:simple/message-server-client.handle-channel-open"
    static let handleChannelMessage = "theater:simple/message-server-client.handle-channel-message"
    static let handleChannelClose = "theater:simple/message-server-client.handle-channel-close"
    /// The exports that take the state and answer with it, and do what they are told.
    static let scripted = [
        play, start, handleSend, handleRequest, handleChannelOpen, handleChannelMessage,
        handleChannelClose,
    ]

    /// What `step` tells the guest to do. The bytes are the payload of a `list<u8>`: code, size and
    /// index as little-endian words, a word of padding, and the data.
    enum Order {
        case answer([UInt8])
        case trap
        case spin
        case status([UInt8])
        case again
        case use(HostFunction, [UInt8])

        var value: Value {
            let (code, index, data): (UInt32, Int, [UInt8]) =
                switch self {
                case .answer(let bytes): (0, 0, bytes)
                case .trap: (1, 0, [])
                case .spin: (2, 0, [])
                case .status(let bytes): (3, 0, bytes)
                case .again: (4, 0, [])
                case .use(let function, let bytes): (5, function.rawValue, bytes)
                }
            var payload: [UInt8] = []
            for word in [code, UInt32(data.count), UInt32(index), 0] {
                for shift in [0, 8, 16, 24] as [UInt32] {
                    payload.append(UInt8(truncatingIfNeeded: word >> shift))
                }
            }
            return .bytes(payload + data)
        }
    }

    static let pact = """
        imports {
            sim:host/host { step: func(input: value) -> value }
            theater:simple/message-server-host {
                \(HostFunction.allCases.map(\.declaration).joined(separator: "\n"))
            }
        }
        exports {
            theater:simple/actor { init: func(state: value) -> value }
            theater:simple/message-server-client {
                handle-send: func(state: value, data: list<u8>) -> value
                handle-request: func(state: value, id: string, data: list<u8>) -> value
                handle-channel-open: func(state: value, id: string, data: list<u8>) -> value
                handle-channel-message: func(state: value, id: string, data: list<u8>) -> value
                handle-channel-close: func(state: value, id: string) -> value
            }
            sim:actor/player {
                play: func(state: value, n: u64) -> value
                echo: func(v: value) -> value
                crash: func() -> value
                spin: func() -> value
            }
        }
        """

    /// The module's bytes.
    static func wasm() throws -> [UInt8] {
        var actor = WatActor()
        actor.metadata = try PackageMetadata(
            package: PactPackage.parse(pact, file: "scripted.pact")
        ).encoded()
        actor.pages = (4, nil)
        actor.imports =
            [WatActor.importing("sim:host/host", "step", as: "step")]
            + HostFunction.allCases.map {
                WatActor.importing($0.interface, $0.name, as: "host-\($0.name)")
            }
        let functions = HostFunction.allCases.map { "$host-\($0.name)" }.joined(separator: " ")
        let exports = scripted.map { "(export \"\($0)\")" }
        let marker: [UInt8] = [0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x17, 0x28]
        let encoded = try CGRF.encode(.bytes(marker))
        guard
            let offset = encoded.indices.first(where: { encoded[$0...].starts(with: marker) })
        else { throw NoPayload() }
        actor.body = [
            "(type $hosted (func (param i32 i32 i32 i32) (result i32)))",
            "(table funcref (elem \(functions)))",
            "(global $busy (mut i32) (i32.const 0))",
            """
            (func $run \(exports.joined(separator: " "))
              (param $in i32) (param $size i32) (param $slot i32) (param $lenslot i32) (result i32)
              (local $p i32) (local $n i32) (local $code i32)
              (if (global.get $busy) (then (unreachable)))
              (global.set $busy (i32.const 1))
              (loop $again
                (drop (call $step (local.get $in) (local.get $size) (i32.const 512) (i32.const 516)))
                (local.set $p (i32.add (i32.load (i32.const 512)) (i32.const \(offset))))
                (local.set $code (i32.load (local.get $p)))
                (local.set $n (i32.load offset=4 (local.get $p)))
                (br_if $again (i32.eq (local.get $code) (i32.const 4)))
                (if (i32.eq (local.get $code) (i32.const 1)) (then (unreachable)))
                (if (i32.eq (local.get $code) (i32.const 2)) (then (loop $l (br $l))))
                (if (i32.eq (local.get $code) (i32.const 5)) (then
                  (drop (call_indirect (type $hosted)
                    (i32.add (local.get $p) (i32.const 16)) (local.get $n)
                    (i32.const 512) (i32.const 516) (i32.load offset=8 (local.get $p))))
                  (local.set $in (i32.load (i32.const 512)))
                  (local.set $size (i32.load (i32.const 516)))
                  (br $again))))
              (call $answer (i32.add (local.get $p) (i32.const 16)) (local.get $n)
                (local.get $slot) (local.get $lenslot))
              (global.set $busy (i32.const 0))
              (i32.eq (local.get $code) (i32.const 3)))
            """,
            WatActor.function(
                echo,
                """
                (call $answer (local.get $in) (local.get $size) (local.get $slot) (local.get $lenslot))
                (i32.const 0)
                """),
            WatActor.function(crash, "unreachable"),
            WatActor.function(spin, "(loop $l (br $l)) (i32.const 0)"),
        ]
        return try Engine.assemble(wat: actor.wat)
    }

    private struct NoPayload: Error {}
}
