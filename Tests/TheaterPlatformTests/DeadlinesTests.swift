// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterPlatform

@Suite("Deadlines")
struct DeadlinesTests {
    /// Notes what expired, in order, and lets a test wait for it.
    private final class Notes: Sendable {
        private let state = Mutex<
            (names: [String], waiter: (Int, CheckedContinuation<[String], Never>)?)
        >(
            ([], nil))

        func add(_ name: String) {
            let ready = state.withLock {
                state -> (CheckedContinuation<[String], Never>, [String])? in
                state.names.append(name)
                guard let (count, waiter) = state.waiter, state.names.count >= count else {
                    return nil
                }
                state.waiter = nil
                return (waiter, state.names)
            }
            ready?.0.resume(returning: ready?.1 ?? [])
        }

        func expired(_ count: Int) async -> [String] {
            await withCheckedContinuation { continuation in
                let names = state.withLock { state -> [String]? in
                    if state.names.count >= count { return state.names }
                    state.waiter = (count, continuation)
                    return nil
                }
                if let names { continuation.resume(returning: names) }
            }
        }
    }

    private func entry(_ name: String, _ notes: Notes) -> Deadlines.Entry {
        Deadlines.Entry { _ in notes.add(name) }
    }

    @Test("tell what is late, the earliest first, also when it was armed last")
    func order() async {
        let (deadlines, notes) = (Deadlines(), Notes())
        let now = MonotonicTime.now()
        let late = entry("late", notes)
        // Far enough for the other one to be armed before it is told.
        deadlines.arm(late, at: now.advanced(by: .seconds(1)))
        let early = entry("early", notes)
        deadlines.arm(early, at: now.advanced(by: .milliseconds(5)))
        #expect(await notes.expired(2) == ["early", "late"])
        #expect(deadlines.count == 0)
    }

    @Test("do not tell what was disarmed, and take the same entry again")
    func disarmed() async {
        let (deadlines, notes) = (Deadlines(), Notes())
        let now = MonotonicTime.now()
        let first = entry("first", notes)
        let others = (0..<10).map { entry("other \($0)", notes) }
        deadlines.arm(first, at: now.advanced(by: .seconds(1000)))
        for other in others { deadlines.arm(other, at: now.advanced(by: .seconds(2000))) }
        #expect(deadlines.count == 11)
        for other in others.reversed() { deadlines.disarm(other) }
        deadlines.disarm(first)
        deadlines.disarm(first)
        // For this one the task wakes although nothing is late, or it is told in time: both are right.
        let brief = Deadlines.Entry { _ in }
        deadlines.arm(brief, at: now.advanced(by: .milliseconds(5)))
        deadlines.disarm(brief)
        #expect(deadlines.count == 0)
        deadlines.arm(first, at: now.advanced(by: .milliseconds(20)))
        #expect(await notes.expired(1) == ["first"])
        deadlines.arm(first, at: now)
        #expect(await notes.expired(2) == ["first", "first"])
    }

    @Test("take a time that is past")
    func past() async {
        let (deadlines, notes) = (Deadlines(), Notes())
        let old = entry("old", notes)
        deadlines.arm(old, at: MonotonicTime(nanoseconds: 0))
        #expect(await notes.expired(1) == ["old"])
    }

    @Test("forget everything when closed, and go on after that")
    func closed() async {
        let (deadlines, notes) = (Deadlines(), Notes())
        let kept = entry("kept", notes)
        deadlines.arm(kept, at: MonotonicTime.now().advanced(by: .seconds(1000)))
        deadlines.close()
        #expect(deadlines.count == 0)
        let other = entry("other", notes)
        deadlines.arm(other, at: MonotonicTime.now().advanced(by: .milliseconds(10)))
        #expect(await notes.expired(1) == ["other"])
    }

    @Test("watch many waits that come and go on many tasks")
    func many() async {
        let (deadlines, notes) = (Deadlines(), Notes())
        await withDiscardingTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    let entry = Deadlines.Entry { _ in notes.add("\(task)") }
                    for _ in 0..<1000 {
                        deadlines.arm(
                            entry, at: MonotonicTime.now().advanced(by: .seconds(1000)))
                        deadlines.disarm(entry)
                    }
                    deadlines.arm(entry, at: MonotonicTime.now())
                }
            }
        }
        #expect(Set(await notes.expired(8)) == Set((0..<8).map(String.init)))
    }
}
