// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import Testing
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterValue

@Suite("The bound of the handler loop")
struct LoopBoundTests {
    /// An actor that has every callback.
    private struct Cell: CellPort {
        func requestShutdown(result: [UInt8]?) {}
        func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
        func exports(_ function: String) -> Bool { true }

        func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
            .failure(CallbackError(.ended, "it is over"))
        }
    }

    /// A world whose tasks begin when the test lets them.
    private final class HeldWorld: TaskExecutor, SimulatedClock {
        private let held = Mutex<[UnownedJob]?>([])

        func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: 0) }
        func wall() -> WallTime { WallTime(nanoseconds: 0) }
        func sleep(until time: MonotonicTime) async throws { throw CancellationError() }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            let isHeld = held.withLock { held in
                held?.append(job)
                return held != nil
            }
            if !isHeld { run(job) }
        }

        private func run(_ job: UnownedJob) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }

        func open() {
            let jobs = held.withLock { held in
                defer { held = nil }
                return held ?? []
            }
            for job in jobs { run(job) }
        }
    }

    private func code(_ reply: HostReply) -> String? {
        switch reply {
        case .failure(let error), .denied(let error): error.code
        default: nil
        }
    }

    // Goal: a stopped loop keeps its place until it is over, so an actor cannot pile them up. Method: a world
    // in which none of them gets to its end.
    @Test("loops that were stopped and are not over yet are bounded")
    func tooMany() async throws {
        let held = HeldWorld()
        let context = HandlerContext(
            actorID: ActorID(high: 1, low: 2), actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, cell: Cell(),
            services: HandlerServices(), world: World(clock: held, words: { 0 }, executor: held))
        var reader = HandlerGrant(type: "loop").reader()
        let handler = try LoopHandler(grant: &reader, context: context)
        func ask(_ function: String, _ arguments: [Value]) -> String? {
            code(
                handler.answer(
                    HostCall(
                        interface: "theater:simple/loop", function: function,
                        arguments: arguments)))
        }
        var begun = 0
        while begun < 5000 {
            if let code = ask("start-loop", [.bytes([1])]) {
                #expect(code == "loop.too-many")
                break
            }
            begun += 1
            #expect(ask("stop-loop", []) == nil)
        }
        #expect(begun == 1025, "one that runs, and 1024 that end")
        held.open()
        await handler.close()
    }
}
