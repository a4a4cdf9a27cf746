// Generated from Examples/team/worker/worker.pact by `theater build`; changes are lost.
import TheaterGuest

/// What the actor offers. `enum Actor: Exports` in Sources/ implements it.
protocol Exports {
    /// `init: func(state: value) -> result<state, string>` of `theater:simple/actor`
    static func initialize(_ argument: Argument) throws(Failure) -> State
    /// `handle-request: func(state: state, request-id: string, part: list<u8>) -> result<tuple<state, option<list<u8>>>, string>` of `theater:simple/message-server-client`
    static func handleRequest(_ state: inout State, requestId: String, part: [UInt8]) throws(Failure) -> [UInt8]?
}

/// `record state`
struct State: Sendable {
    var parts: UInt64
}

@_expose(wasm, "theater:simple/actor.init") @_cdecl("theater_export_0")
public func theater_export_0(_ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32 {
    TheaterBindings.export_0(Actor.self, input, size, slot, slotSize)
}

@_expose(wasm, "theater:simple/message-server-client.handle-request") @_cdecl("theater_export_1")
public func theater_export_1(_ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32 {
    TheaterBindings.export_1(Actor.self, input, size, slot, slotSize)
}

/// The passage between Swift types and the bytes of calls.
enum TheaterBindings {

    /// `theater:simple/actor.init`
    static func export_0<A: Exports>(_ actor: A.Type, _ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32 {
        TheaterGuest.Wire.answer(input, size, slot, slotSize) {
            (r: inout TheaterGuest.Wire.Reader, w: inout TheaterGuest.Wire.Writer) throws(TheaterGuest.Wire.Refusal) in
            let arguments = try r.arguments(1)
            let n0 = r.argument(arguments, 0, "state")
            let p0 = r.argument(n0)
            do throws(Failure) {
                let answer = try A.initialize(p0)
                TheaterBindings.write_State(&w, answer)
                w.result("\u{9}\u{5}\u{0}\u{0}\u{0}state\u{6}", isOK: true)
            } catch {
                w.string(error.message)
                w.result("\u{9}\u{5}\u{0}\u{0}\u{0}state\u{6}", isOK: false)
            }
        }
    }

    /// `theater:simple/message-server-client.handle-request`
    static func export_1<A: Exports>(_ actor: A.Type, _ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32 {
        TheaterGuest.Wire.answer(input, size, slot, slotSize) {
            (r: inout TheaterGuest.Wire.Reader, w: inout TheaterGuest.Wire.Writer) throws(TheaterGuest.Wire.Refusal) in
            let arguments = try r.arguments(3)
            let n0 = r.argument(arguments, 0, "state")
            var p0: State = try TheaterBindings.read_State(&r, n0)
            let n1 = r.argument(arguments, 1, "request-id")
            let p1: String = try r.string(n1)
            let n2 = r.argument(arguments, 2, "part")
            let p2: [UInt8] = try r.bytes(n2)
            do throws(Failure) {
                let answer = try A.handleRequest(&p0, requestId: p1, part: p2)
                TheaterBindings.write_State(&w, p0)
                TheaterBindings.write_option_list_u8(&w, answer)
                w.tuple(2)
                w.result("\u{b}\u{2}\u{0}\u{0}\u{0}\u{9}\u{5}\u{0}\u{0}\u{0}state\u{a}\u{7}\u{c}\u{6}", isOK: true)
            } catch {
                w.string(error.message)
                w.result("\u{b}\u{2}\u{0}\u{0}\u{0}\u{9}\u{5}\u{0}\u{0}\u{0}state\u{a}\u{7}\u{c}\u{6}", isOK: false)
            }
        }
    }

    static func write_State(_ w: inout TheaterGuest.Wire.Writer, _ v: State) {
        w.u64(v.parts)
        w.record("state", "parts", 1)
    }

    static func read_State(_ r: inout TheaterGuest.Wire.Reader, _ n: UInt32) throws(TheaterGuest.Wire.Refusal) -> State {
        var fields = try r.record(n, "state", 1)
        let n0 = try r.field(&fields, "parts")
        let v0 = try r.u64(n0)
        return State(parts: v0)
    }

    static func write_option_list_u8(_ w: inout TheaterGuest.Wire.Writer, _ v: [UInt8]?) {
        if let inner = v { w.bytes(inner) }
        w.option("\u{7}\u{c}", isPresent: v != nil)
    }
}
