// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterEngine
import TheaterPlatform
import TheaterTesting

@Suite("Guest")
struct GuestTests {
    @Test("runs the hand-written actor: init logs, echo echoes, fail answers its text")
    func fixture() async throws {
        let scene = try await Scene(FixtureActor.wat)
        let started = try await scene.call("theater:simple/actor.init")
        #expect(started.status == 0)
        #expect(scene.host.inputs.count == 1)
        #expect(String(decoding: scene.host.inputs[0].suffix(13), as: UTF8.self) == "fixture: init")
        let input = [UInt8]((0..<100).map { UInt8($0) })
        #expect(try await scene.call("echo", input).bytes == input)
        let failed = try await scene.call("fail")
        #expect(failed.status == -1)
        #expect(String(decoding: failed.bytes, as: UTF8.self) == "fixture says no")
        #expect(failed.fuelUsed > 0)
    }

    // Goal: the host leaves nothing behind in the guest's heap. Method: the fixture counts what its
    // allocator gave out; after any number of calls only the host's one buffer remains.
    @Test("leaks nothing in the guest, whatever the sizes")
    func leaks() async throws {
        let wat = FixtureActor.wat.replacing(
            "(func (export \"live\") (result i32) (global.get $live))",
            with: """
                (func (export "live") (param i32 i32 i32 i32) (result i32)
                  (i32.store (local.get 2) (i32.const 0)) (i32.store (local.get 3) (i32.const 0))
                  (global.get $live))
                """)
        let scene = try await Scene(wat)
        for size in [0, 1, 100, 5000, 70_000, 3, 200_000, 10] {
            _ = try await scene.call("theater:simple/actor.init")
            let input = [UInt8](repeating: 7, count: size)
            #expect(try await scene.call("echo", input).bytes == input)
        }
        #expect(try await scene.call("live").status == 1, "the host's buffer and nothing else")
    }

    @Test("names the reason of a trap and the function it happened in")
    func trap() async throws {
        var actor = WatActor()
        actor.body = [
            "(func $inner (unreachable))",
            WatActor.function("crash", "(call $inner) (i32.const 0)"),
        ]
        let error = try await Scene(actor.wat).failure("crash")
        #expect(error.code == .trap)
        #expect(error.message == "unreachable executed")
        #expect(error.frames.first?.functionName == "inner")
        #expect(error.frames.count == 2)
    }

    @Test("ends an endless loop by fuel, by deadline and by kill")
    func endlessLoop() async throws {
        let fuel = try await Scene(FixtureActor.wat).failure("spin", fuel: 5_000_000)
        #expect(fuel.code == .outOfFuel)
        let past = MonotonicTime.now()
        let late = try await Scene(FixtureActor.wat).failure("spin", fuel: 1 << 60, deadline: past)
        #expect(late.code == .deadline)
        let scene = try await Scene(FixtureActor.wat)
        let control = scene.control
        let killer = Task { control.kill(EngineError(.killed, "the operator ended it")) }
        let killed = try await scene.failure("spin", fuel: 1 << 60)
        await killer.value
        #expect(killed.code == .killed)
        #expect(killed.message == "the operator ended it")
    }

    @Test("ends endless recursion as a trap, and the process lives")
    func recursion() async throws {
        var actor = WatActor()
        actor.body = [
            "(func $deep (param i32) (result i32) (i32.add (call $deep (local.get 0)) (i32.const 1)))",
            WatActor.function("deep", "(call $deep (i32.const 1))"),
        ]
        let error = try await Scene(actor.wat).failure("deep")
        #expect(error.code == .trap)
        #expect(error.message == "call stack exhausted")
    }

    @Test("lets memory grow to its limit and no further")
    func memoryLimit() async throws {
        var actor = WatActor()
        actor.body = [
            WatActor.function(
                "storm",
                """
                (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                (memory.size)
                """)
        ]
        let limits = GuestLimits(memorySizeMax: 64 * 65536)
        let scene = try await Scene(actor.wat, limits: limits)
        #expect(try await scene.call("storm").status == 64)
        #expect(scene.guest.memorySize == 64 * 65536)
    }

    @Test("refuses to start a guest that asks for more memory than its limit")
    func memoryAtStart() async throws {
        var actor = WatActor()
        actor.pages = (100, nil)
        await #expect(throws: EngineError.self) {
            _ = try await Scene(actor.wat, limits: GuestLimits(memorySizeMax: 65536))
        }
    }

    @Test("reports a trap in the start function and in the constructors")
    func startTraps() async throws {
        var actor = WatActor()
        actor.body = ["(func $boot (unreachable))", "(start $boot)"]
        let error = await #expect(throws: EngineError.self) { _ = try await Scene(actor.wat) }
        #expect(error?.code == .trap)
        #expect(error?.frames.first?.functionName == "boot")
        actor.body = ["(func (export \"__wasm_call_ctors\") (unreachable))"]
        let second = await #expect(throws: EngineError.self) { _ = try await Scene(actor.wat) }
        #expect(second?.code == .trap)
    }

    @Test("ends an endless start function by its budget")
    func startLoops() async throws {
        var actor = WatActor()
        actor.body = ["(func $boot (loop $l (br $l)))", "(start $boot)"]
        let error = await #expect(throws: EngineError.self) {
            _ = try await Scene(actor.wat, budget: CallBudget(fuel: 3_000_000))
        }
        #expect(error?.code == .outOfFuel)
    }

    // Goal: a small yield interval, where the slice may end anywhere, disturbs no call.
    @Test("frees answers whatever is left of the time slice")
    func sliceEnds() async throws {
        let engine = try Engine(EngineOptions(guestsMax: 4, yieldInterval: 1000))
        let scene = try await Scene(FixtureActor.wat, engine: engine)
        for size in 0..<400 {
            let input = [UInt8](repeating: 1, count: size)
            #expect(try await scene.call("echo", input).bytes.count == size)
        }
    }

    // Goal: the host's own calls of the allocator take nothing from a call's fuel. Method: each call has an
    // argument that needs a larger buffer than the one before, and runs for many slices.
    @Test("has its whole budget after the buffer was replaced")
    func wholeBudget() async throws {
        var actor = WatActor()
        actor.body = [
            WatActor.function(
                "work",
                """
                (loop $more
                  (local.set $i (i32.add (local.get $i) (i32.const 1)))
                  (br_if $more (i32.lt_u (local.get $i) (i32.const 2000000))))
                (i32.store (local.get $slot) (i32.const 0))
                (i32.store (local.get $lenslot) (i32.const 0)) (i32.const 0)
                """)
        ]
        let scene = try await Scene(actor.wat)
        for size in [10, 5000, 100_000, 10, 200_000] {
            let answer = try await scene.call("work", [UInt8](repeating: 0, count: size))
            #expect(answer.fuelUsed > 8_000_000)
        }
    }

    @Test(
        "refuses the guest beyond the ceiling with a clear error, and takes one again after a drop")
    func ceiling() async throws {
        let engine = try Engine(EngineOptions(guestsMax: 2))
        let first = try await Scene(FixtureActor.wat, engine: engine)
        do {
            let second = try await Scene(FixtureActor.wat, engine: engine)
            let error = await #expect(throws: EngineError.self) {
                _ = try await Scene(FixtureActor.wat, engine: engine)
            }
            #expect(error?.code == .guestCeiling)
            #expect(error?.message.contains("2 actors are alive") == true)
            _ = try await second.call("echo")
        }
        #expect(engine.guestsLive == 1)
        _ = try await Scene(FixtureActor.wat, engine: engine)
        _ = try await first.call("echo")
    }
}
