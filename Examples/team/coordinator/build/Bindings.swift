// Generated from Examples/team/coordinator/coordinator.pact by `theater build`; changes are lost.
import TheaterGuest

/// What the actor offers. `enum Actor: Exports` in Sources/ implements it.
protocol Exports {
    /// `init: func(state: value) -> result<state, string>` of `theater:simple/actor`
    static func initialize(_ argument: Argument) throws(Failure) -> State
    /// `rank: func(state: state, text: string) -> result<tuple<state, string>, string>` of `theater:team/coordinator`
    static func rank(_ state: inout State, text: String) throws(Failure) -> String
}

/// `record state`
struct State: Sendable {
    var texts: UInt64
    var words: UInt64
}

/// Host functions of `theater:simple/runtime`.
enum Runtime {
    /// `log: func(msg: string)`
    static func log(_ msg: String) {
        _ = TheaterGuest.Wire.call({ theater_import_0($0, $1, $2, $3) }) { (w: inout TheaterGuest.Wire.Writer) in
            w.string(msg)
        }
    }
}

/// Host functions of `theater:simple/supervisor`.
enum Supervisor {
    /// `list-children: func() -> result<list<string>, string>`
    static func listChildren() throws(Failure) -> [String] {
        let reply = TheaterGuest.Wire.call({ theater_import_1($0, $1, $2, $3) }) { (w: inout TheaterGuest.Wire.Writer) in
            w.tuple(0)
        }
        let outcome = try reply.attempt { (r: inout TheaterGuest.Wire.Reader) throws(TheaterGuest.Wire.Refusal) -> Result<[String], Failure> in
            let (isOK, node) = try r.result(r.root)
            if isOK { return .success(try TheaterBindings.read_list_string(&r, node)) }
            return .failure(Failure(try r.string(node)))
        }
        return try outcome.get()
    }
}

/// Host functions of `theater:simple/message-server-host`.
enum MessageServerHost {
    /// `request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>`
    static func request(_ actorId: String, msg: [UInt8]) throws(Failure) -> [UInt8] {
        let reply = TheaterGuest.Wire.call({ theater_import_2($0, $1, $2, $3) }) { (w: inout TheaterGuest.Wire.Writer) in
            w.string(actorId)
            w.bytes(msg)
            w.tuple(2)
        }
        let outcome = try reply.attempt { (r: inout TheaterGuest.Wire.Reader) throws(TheaterGuest.Wire.Refusal) -> Result<[UInt8], Failure> in
            let (isOK, node) = try r.result(r.root)
            if isOK { return .success(try r.bytes(node)) }
            return .failure(Failure(try r.string(node)))
        }
        return try outcome.get()
    }
}

@_extern(wasm, module: "theater:simple/runtime", name: "log") @_extern(c)
func theater_import_0(_ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32

@_extern(wasm, module: "theater:simple/supervisor", name: "list-children") @_extern(c)
func theater_import_1(_ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32

@_extern(wasm, module: "theater:simple/message-server-host", name: "request") @_extern(c)
func theater_import_2(_ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32

@_cdecl("theater_print_line")
public func theater_print_line(_ text: UnsafePointer<UInt8>, _ size: UInt32) {
    let bytes = UnsafeBufferPointer(start: text, count: Int(size))
    Runtime.log(String(decoding: bytes, as: UTF8.self))
}

@_expose(wasm, "theater:simple/actor.init") @_cdecl("theater_export_0")
public func theater_export_0(_ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32 {
    TheaterBindings.export_0(Actor.self, input, size, slot, slotSize)
}

@_expose(wasm, "theater:team/coordinator.rank") @_cdecl("theater_export_1")
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

    /// `theater:team/coordinator.rank`
    static func export_1<A: Exports>(_ actor: A.Type, _ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32) -> Int32 {
        TheaterGuest.Wire.answer(input, size, slot, slotSize) {
            (r: inout TheaterGuest.Wire.Reader, w: inout TheaterGuest.Wire.Writer) throws(TheaterGuest.Wire.Refusal) in
            let arguments = try r.arguments(2)
            let n0 = r.argument(arguments, 0, "state")
            var p0: State = try TheaterBindings.read_State(&r, n0)
            let n1 = r.argument(arguments, 1, "text")
            let p1: String = try r.string(n1)
            do throws(Failure) {
                let answer = try A.rank(&p0, text: p1)
                TheaterBindings.write_State(&w, p0)
                w.string(answer)
                w.tuple(2)
                w.result("\u{b}\u{2}\u{0}\u{0}\u{0}\u{9}\u{5}\u{0}\u{0}\u{0}state\u{6}\u{6}", isOK: true)
            } catch {
                w.string(error.message)
                w.result("\u{b}\u{2}\u{0}\u{0}\u{0}\u{9}\u{5}\u{0}\u{0}\u{0}state\u{6}\u{6}", isOK: false)
            }
        }
    }

    static func read_list_string(_ r: inout TheaterGuest.Wire.Reader, _ n: UInt32) throws(TheaterGuest.Wire.Refusal) -> [String] {
        return try r.list(n, read_string)
    }

    static func write_State(_ w: inout TheaterGuest.Wire.Writer, _ v: State) {
        w.u64(v.texts)
        w.u64(v.words)
        w.record("state", "texts,words", 2)
    }

    static func read_State(_ r: inout TheaterGuest.Wire.Reader, _ n: UInt32) throws(TheaterGuest.Wire.Refusal) -> State {
        var fields = try r.record(n, "state", 2)
        let n0 = try r.field(&fields, "texts")
        let v0 = try r.u64(n0)
        let n1 = try r.field(&fields, "words")
        let v1 = try r.u64(n1)
        return State(texts: v0, words: v1)
    }

    static func read_string(_ r: inout TheaterGuest.Wire.Reader, _ n: UInt32) throws(TheaterGuest.Wire.Refusal) -> String {
        return try r.string(n)
    }
}
