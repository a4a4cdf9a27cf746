// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterEngine
import TheaterPlatform
import TheaterTesting

@Suite("Host call")
struct HostCallTests {
    /// Calls `ask` with the guest's own input and answers with what came back.
    private static func relay(pages: (Int, Int?) = (2, nil), slots: (Int, Int) = (256, 260))
        -> WatActor
    {
        var actor = WatActor()
        actor.pages = pages
        actor.imports = [WatActor.importing("test:host/ask", "ask", as: "ask")]
        actor.body = [
            WatActor.function(
                "relay",
                """
                (local.set $s (call $ask (local.get $in) (local.get $size)
                  (i32.const \(slots.0)) (i32.const \(slots.1))))
                (if (i32.lt_s (local.get $s) (i32.const 0)) (then (unreachable)))
                (call $answer (i32.load (i32.const \(slots.0))) (i32.load (i32.const \(slots.1)))
                  (local.get $slot) (local.get $lenslot))
                (local.get $s)
                """)
        ]
        return actor
    }

    @Test(
        "answers of every size arrive, at once and after a wait",
        arguments: [ImportMode.immediate, .suspending])
    func sizes(mode: ImportMode) async throws {
        for size in [0, 1, 1023, 1024, 1025, 65536, 65537, 1 << 20] {
            let answer = [UInt8](repeating: 9, count: size)
            let host = ClosureHost { _, _ in
                mode == .immediate ? .bytes(answer) : .after { .success(answer) }
            }
            let scene = try await Scene(Self.relay().wat, mode: mode, host: host)
            for _ in 0..<3 {
                let result = try await scene.call("relay")
                #expect(result.status == 0, "the buffer stays the host's")
                #expect(result.bytes == answer, "size \(size)")
            }
        }
    }

    // Goal: where memory cannot grow, the guest's allocator provides the room and the guest owns it.
    @Test("falls back on the guest's allocator when the memory cannot grow")
    func noGrowth() async throws {
        let answer = [UInt8](repeating: 5, count: 30_000)
        let host = ClosureHost { _, _ in .bytes(answer) }
        let scene = try await Scene(Self.relay(pages: (3, 3)).wat, host: host)
        let result = try await scene.call("relay")
        #expect(result.status == 1)
        #expect(result.bytes == answer)
        let big = ClosureHost { _, _ in .bytes([UInt8](repeating: 5, count: 300_000)) }
        let full = try await Scene(Self.relay(pages: (3, 3)).wat, host: big).failure("relay")
        #expect(full.code == .hostFunction)
        #expect(full.message.contains("no room for a host answer of 300000 bytes"))
    }

    @Test(
        "traps the guest that passes a place outside its memory",
        arguments: [
            "(i32.const 131000) (i32.const 1000) (i32.const 0) (i32.const 4)",
            "(i32.const -1) (i32.const 10) (i32.const 0) (i32.const 4)",
            "(i32.const 16) (i32.const -1) (i32.const 0) (i32.const 4)",
            "(i32.const 0x7fffffff) (i32.const 0x7fffffff) (i32.const 0) (i32.const 4)",
            "(i32.const 0) (i32.const 0) (i32.const 131070) (i32.const 4)",
            "(i32.const 0) (i32.const 0) (i32.const 4) (i32.const -4)",
        ])
    func outside(arguments: String) async throws {
        for mode in [ImportMode.immediate, .suspending] {
            var actor = WatActor()
            actor.imports = [WatActor.importing("test:host/ask", "ask", as: "ask")]
            actor.body = [WatActor.function("bad", "(call $ask \(arguments))")]
            let scene = try await Scene(actor.wat, mode: mode)
            let error = try await scene.failure("bad")
            #expect(error.code == .convention)
            #expect(error.message.contains("outside its memory"))
            #expect(scene.host.inputs.isEmpty, "the host function never sees the call")
        }
    }

    @Test("an import's failure is the call's error, with the host's reason")
    func failure() async throws {
        for mode in [ImportMode.immediate, .suspending] {
            let reason = EngineError(.hostFunction, "the disk is on fire")
            let scene = try await Scene(
                Self.relay().wat, mode: mode, host: ClosureHost { _, _ in .failure(reason) })
            let error = try await scene.failure("relay")
            #expect(error.message == "the disk is on fire")
            #expect(error.frames.isEmpty == false)
        }
        let later = try await Scene(
            Self.relay().wat, mode: .suspending,
            host: ClosureHost { _, _ in
                .after { .failure(EngineError(.hostFunction, "gone meanwhile")) }
            })
        #expect(try await later.failure("relay").message == "gone meanwhile")
    }

    @Test("an immediate import that wants to wait is refused, not run")
    func immediateWaits() async throws {
        let scene = try await Scene(
            Self.relay().wat, host: ClosureHost { _, _ in .after { .success(unit) } })
        #expect(try await scene.failure("relay").code == .hostFunction)
    }

    @Test("a kill and a deadline end a guest that waits, at once")
    func endsWaiting() async throws {
        let never = ClosureHost { _, _ in
            .after {
                await withTaskCancellationHandler {
                    await Task.yieldUntilCancelled()
                } onCancel: {
                }
                return .success(unit)
            }
        }
        let waiting = try await Scene(Self.relay().wat, mode: .suspending, host: never)
        let late = try await waiting.failure("relay", deadline: MonotonicTime.now())
        #expect(late.code == .deadline)
        let other = try await Scene(Self.relay().wat, mode: .suspending, host: never)
        let control = other.control
        let killer = Task { control.kill(EngineError(.killed, "ended")) }
        #expect(try await other.failure("relay").code == .killed)
        await killer.value
        #expect(try await other.failure("relay").code == .killed, "a killed guest takes no call")
    }

    // Goal: hostile allocators cannot reach into the host. Method: `__pack_alloc` that loops, answers
    // rubbish, or calls a host function that suspends.
    @Test("survives hostile allocators")
    func hostileAllocator() async throws {
        var actor = Self.relay()
        actor.allocator = "(i32.const 0x7ffffff0)"
        let outside = try await Scene(actor.wat).failure("relay")
        #expect(outside.code == .convention)
        actor.allocator = "(loop $l (br $l)) (i32.const 0)"
        #expect(try await Scene(actor.wat).failure("relay", fuel: 5_000_000).code == .outOfFuel)
        actor.allocator = """
            (drop (call $ask (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4)))
            (global.set $next (i32.add (global.get $next) (i32.const 4096)))
            (i32.sub (global.get $next) (i32.const 4096))
            """
        actor.pages = (3, 3)
        let big = [UInt8](repeating: 1, count: 3000)
        for mode in [ImportMode.immediate, .suspending] {
            let host = ClosureHost { _, _ in
                mode == .immediate ? .bytes(big) : .after { .success(big) }
            }
            let error = try await Scene(actor.wat, mode: mode, host: host).failure("relay")
            #expect(error.code == .convention || error.code == .hostFunction)
        }
    }

    /// A guest that calls `ask` with so many bytes, again and again.
    private static func looping(size: Int) -> String {
        var actor = WatActor()
        actor.pages = (20 + size / 65536, nil)
        actor.imports = [WatActor.importing("test:host/ask", "ask", as: "ask")]
        actor.body = [
            WatActor.function(
                "loop",
                """
                (loop $more
                  (drop (call $ask (i32.const 65536) (i32.const \(size)) (i32.const 256)
                    (i32.const 260)))
                  (br $more))
                (i32.const 0)
                """)
        ]
        return actor.wat
    }

    // Goal: a guest that lives in host calls ends and yields like one that computes, however little wasm
    // runs between. Method: endless loops over small and large host calls, ended in each way.
    @Test(
        "a loop over host calls ends by fuel, deadline and kill, and yields",
        arguments: [64, 8 << 20])
    func hostCallLoop(size: Int) async throws {
        for mode in [ImportMode.immediate, .suspending] {
            let fuel = try await Scene(Self.looping(size: size), mode: mode)
                .failure("loop", fuel: 50_000_000)
            #expect(fuel.code == .outOfFuel)
            let late = try await Scene(Self.looping(size: size), mode: mode)
                .failure("loop", fuel: 1 << 60, deadline: .now())
            #expect(late.code == .deadline)
            let host = PausingHost(after: 20)
            let scene = try await PausingHost.scene(Self.looping(size: size), host, mode: mode)
            let killed = try await scene.failure()
            #expect(killed.code == .killed, "it yielded often enough to be ended")
            #expect(host.callsPerPauseMax <= 1100)
        }
    }

    @Test("an answer that lies outside the guest's memory is an error of convention")
    func garbageAnswer() async throws {
        for (address, size) in [(-1, 8), (0, -1), (131_000, 1000), (0x7fff_ffff, 0x7fff_ffff)] {
            var actor = WatActor()
            actor.body = [
                WatActor.function(
                    "garbage",
                    """
                    (i32.store (local.get $slot) (i32.const \(address)))
                    (i32.store (local.get $lenslot) (i32.const \(size))) (i32.const 0)
                    """)
            ]
            let error = try await Scene(actor.wat).failure("garbage")
            #expect(error.code == .convention)
        }
    }
}

extension Task where Success == Never, Failure == Never {
    /// Lets others run until the task is cancelled.
    static func yieldUntilCancelled() async {
        while !isCancelled { await yield() }
    }
}

/// Counts the host calls between yields, and ends the guest after so many yields.
private final class PausingHost: GuestHost {
    let pausesMax: Int
    let control = GuestControl()
    private var pauses = 0
    private var calls = 0
    private(set) var callsPerPauseMax = 0

    init(after pausesMax: Int) { self.pausesMax = pausesMax }

    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer {
        calls += 1
        callsPerPauseMax = max(callsPerPauseMax, calls)
        return .bytes(unit)
    }

    func pause() async {
        calls = 0
        pauses += 1
        if pauses > pausesMax { control.kill(EngineError(.killed, "enough")) }
    }

    struct Loop {
        let guest: Guest
        let index: Int

        func failure() async throws -> EngineError {
            do {
                _ = try await guest.call(
                    function: index, input: unit, budget: CallBudget(fuel: 1 << 60))
            } catch { return error }
            throw Scene.Missing()
        }
    }

    static func scene(_ wat: String, _ host: PausingHost, mode: ImportMode) async throws -> Loop {
        let engine = try Engine(EngineOptions(guestsMax: 2))
        let module = try await engine.modules.module(for: Engine.assemble(wat: wat))
        let linked = try LinkedModule(module, modes: module.imports.map { _ in mode })
        let guest = try await Guest(
            linked, engine: engine, host: host, control: host.control, limits: GuestLimits(),
            budget: CallBudget(fuel: 1_000_000))
        return Loop(guest: guest, index: try #require(module.function(named: "loop")))
    }
}
