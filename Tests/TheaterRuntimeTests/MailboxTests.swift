// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterTesting

@testable import TheaterRuntime

@Suite("Mailbox")
struct MailboxTests {
    // Goal: against a plain array, nothing is lost, doubled, reordered or accepted beyond the bound.
    // Method: random schedules of submit, finish, withdraw and stop; the seed is in every message.
    @Test("agrees with a plain array on random schedules")
    func model() {
        for _ in 0..<2000 {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix(seed: seed)
            let capacity = 1 + random.next(below: 4)
            var mailbox = Mailbox<Int>(capacity: capacity)
            var waiting: [(UInt64, Int)] = []
            var running: Int? = -1
            var isStopping = false
            var mustEnd = false
            var hasEnded = false
            var made = 0
            func afterFinish(_ action: Mailbox<Int>.FinishAction) {
                switch action {
                case .next(let operation):
                    #expect(!mustEnd && waiting.first?.1 == operation, "seed \(seed)")
                    if !waiting.isEmpty { waiting.removeFirst() }
                    running = operation
                case .hand: Issue.record("nobody holds it, seed \(seed)")
                case .rest:
                    #expect(waiting.isEmpty && !isStopping, "seed \(seed)")
                    running = nil
                case .end(let left):
                    #expect(left == waiting.map(\.1), "seed \(seed)")
                    #expect(isStopping && (mustEnd || waiting.isEmpty), "seed \(seed)")
                    waiting = []
                    running = nil
                    hasEnded = true
                    mailbox.end()
                }
            }
            afterFinish(mailbox.started())
            for _ in 0..<60 {
                switch random.next(below: 10) {
                case 0..<5:
                    made += 1
                    let number = made
                    switch mailbox.submit({ _ in number }) {
                    case .run:
                        #expect(running == nil && !isStopping && !hasEnded, "seed \(seed)")
                        running = number
                    case .wait(let ticket, let dropped):
                        #expect(dropped == nil, "seed \(seed)")
                        #expect(running != nil && waiting.count < capacity, "seed \(seed)")
                        waiting.append((ticket, number))
                    case .rejectFull: #expect(waiting.count == capacity, "seed \(seed)")
                    case .rejectDraining: #expect(isStopping && !hasEnded, "seed \(seed)")
                    case .rejectEnded: #expect(hasEnded, "seed \(seed)")
                    }
                case 5..<8:
                    if running != nil { afterFinish(mailbox.finished()) }
                case 8:
                    guard !waiting.isEmpty else { continue }
                    let index = random.next(below: waiting.count)
                    #expect(mailbox.withdraw(waiting[index].0) == waiting[index].1, "seed \(seed)")
                    #expect(mailbox.withdraw(waiting[index].0) == nil, "seed \(seed)")
                    waiting.remove(at: index)
                default:
                    guard random.next(below: 4) == 0 else { continue }
                    let drains = random.next(below: 2) == 0
                    switch mailbox.stop(drain: drains) {
                    case .already: #expect(hasEnded, "seed \(seed)")
                    case .later:
                        #expect(running != nil, "seed \(seed)")
                        isStopping = true
                        if !drains { mustEnd = true }
                    case .end(let left):
                        #expect(running == nil && left.isEmpty, "seed \(seed)")
                        hasEnded = true
                        mailbox.end()
                    }
                }
                #expect(mailbox.depth == waiting.count, "seed \(seed)")
            }
        }
    }

    @Test("one that refuses takes only what exceeds its capacity, and finishes what it has")
    func refusing() {
        var mailbox = Mailbox<Int>(capacity: 2)
        _ = mailbox.started()
        guard case .run = mailbox.submit({ _ in 1 }), case .wait = mailbox.submit({ _ in 2 }) else {
            Issue.record("a mailbox with room refused")
            return
        }
        mailbox.refuse()
        guard case .rejectDraining = mailbox.submit({ _ in 3 }),
            case .wait = mailbox.submit(exceedingCapacity: true, { _ in 4 }),
            case .next(2) = mailbox.finished(), case .next(4) = mailbox.finished(),
            case .rest = mailbox.finished(), !mailbox.take()
        else {
            Issue.record("a refusing mailbox took something, or lost something")
            return
        }
        guard case .end(let left) = mailbox.stop(drain: true) else {
            Issue.record("an idle mailbox did not end")
            return
        }
        #expect(left.isEmpty)
    }

    // Goal: with `drop-oldest` the mailbox drops exactly what a plain array says, whatever was withdrawn or
    // exceeds the capacity. Method: random schedules, mostly of a full mailbox; the seed is in every message.
    @Test("drops the oldest that may be dropped, and refuses when none may")
    func dropOldest() {
        for _ in 0..<1000 {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix(seed: seed)
            let capacity = 1 + random.next(below: 100)
            let share = random.next(below: 101)
            var mailbox = Mailbox<Int>(capacity: capacity, policy: .dropOldest)
            var waiting: [(ticket: UInt64, number: Int, isDroppable: Bool)] = []
            _ = mailbox.started()
            let isTaken = mailbox.take()
            #expect(isTaken)
            for number in 0..<400 {
                switch random.next(below: 8) {
                case 0..<6:
                    let isDroppable = random.next(below: 100) < share
                    let exceeds = random.next(below: 50) == 0
                    let oldest = waiting.firstIndex { $0.isDroppable }
                    let isFull = waiting.count >= capacity && !exceeds
                    let wouldTake = mailbox.wouldTake(exceedingCapacity: exceeds)
                    #expect(wouldTake == (!isFull || oldest != nil), "seed \(seed)")
                    let action = mailbox.submit(
                        exceedingCapacity: exceeds, isDroppable: isDroppable
                    ) { _ in number }
                    switch action {
                    case .wait(let ticket, let dropped):
                        if isFull, let oldest {
                            #expect(dropped == waiting.remove(at: oldest).number, "seed \(seed)")
                        } else {
                            #expect(!isFull && dropped == nil, "seed \(seed)")
                        }
                        waiting.append((ticket, number, isDroppable))
                    case .rejectFull: #expect(isFull && oldest == nil, "seed \(seed)")
                    case .run, .rejectDraining, .rejectEnded: Issue.record("seed \(seed)")
                    }
                case 6:
                    guard !waiting.isEmpty else { continue }
                    guard case .next(let next) = mailbox.finished() else {
                        Issue.record("nothing is next: seed \(seed)")
                        return
                    }
                    #expect(next == waiting.removeFirst().number, "seed \(seed)")
                default:
                    guard !waiting.isEmpty else { continue }
                    let taken = waiting.remove(at: random.next(below: waiting.count))
                    #expect(mailbox.withdraw(taken.ticket) == taken.number, "seed \(seed)")
                    #expect(mailbox.withdraw(taken.ticket) == nil, "seed \(seed)")
                }
                #expect(mailbox.depth == waiting.count, "seed \(seed)")
                #expect(mailbox.oldest == waiting.first?.number, "seed \(seed)")
            }
            _ = mailbox.stop(drain: false)
            guard case .end(let left) = mailbox.finished() else {
                Issue.record("no end: seed \(seed)")
                return
            }
            #expect(left == waiting.map(\.number), "seed \(seed)")
        }
    }

    @Test("a stop while starting waits for the start")
    func stopWhileStarting() {
        var mailbox = Mailbox<Int>(capacity: 1)
        if case .later = mailbox.stop(drain: true) {} else { Issue.record("not later") }
        if case .rejectDraining = mailbox.submit({ _ in 1 }) {} else { Issue.record("accepted") }
        if case .end(let left) = mailbox.started() {
            #expect(left.isEmpty)
        } else {
            Issue.record("did not end")
        }
    }
}
