// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform
import TheaterTesting

@testable import TheaterRuntime

/// Goal: what becomes of new code is decided rightly in every order of events. Method: all sequences up to
/// a length against rules that are written another way.
@Suite("Upgrade machine")
struct UpgradeMachineTests {
    private enum Step: CaseIterable {
        case begin, fail, swapNow, swapOnTrial, answered, failed, other, early, late
    }

    @Test("every sequence of seven events follows the rules")
    func exhaustive() {
        let length = 7
        let count = Step.allCases.count
        var total = 1
        for _ in 0..<length { total *= count }
        var problems = 0
        for number in 0..<total where number % 3 == 0 || number < 60_000 {
            var rest = number
            var steps: [Step] = []
            for _ in 0..<length {
                steps.append(Step.allCases[rest % count])
                rest /= count
            }
            if !follows(steps) { problems += 1 }
        }
        #expect(problems == 0)
    }

    /// Whether the machine does what the rules say; those count what happened since the last swap.
    private func follows(_ steps: [Step]) -> Bool {
        let until = MonotonicTime(nanoseconds: 100)
        var machine = UpgradeMachine()
        var isPreparing = false
        /// The answers since the swap; `nil` when nothing is on trial.
        var answers: Int?
        for step in steps {
            let action: UpgradeMachine.Action
            let expected: UpgradeMachine.Action
            switch step {
            case .begin:
                action = machine.begin()
                expected = answers == nil ? .goOn : .keep
                (isPreparing, answers) = (true, nil)
            case .fail:
                machine.failed()
                (action, expected) = (.goOn, .goOn)
                isPreparing = false
            case .swapNow, .swapOnTrial:
                // The cell swaps what it prepared, and nothing else.
                guard isPreparing else { continue }
                action = machine.swapped(calls: step == .swapNow ? 0 : 2, until: until)
                expected = step == .swapNow ? .keep : .goOn
                answers = step == .swapNow ? nil : 0
                isPreparing = false
            case .answered:
                action = machine.callEnded(.answered)
                expected = answers == 1 ? .keep : .goOn
                answers = answers == 1 ? nil : answers.map { $0 + 1 }
            case .failed:
                action = machine.callEnded(.failed)
                expected = answers == nil ? .goOn : .undo
                answers = nil
            case .other:
                action = machine.callEnded(.other)
                expected = .goOn
            case .early:
                action = machine.tick(MonotonicTime(nanoseconds: 99))
                expected = .goOn
            case .late:
                action = machine.tick(until)
                expected = answers == nil ? .goOn : .keep
                answers = nil
            }
            guard action == expected, machine.isOnTrial == (answers != nil),
                (machine.phase == .preparing) == isPreparing
            else { return false }
        }
        return true
    }

    @Test("who holds the mailbox comes before what waits, and nobody is forgotten")
    func holding() {
        for _ in 0..<2000 {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix(seed: seed)
            var mailbox = Mailbox<Int>(capacity: 8)
            var running = true
            var waits = false
            var waiting: [Int] = []
            var isStopping = false
            var mustEnd = false
            var hasEnded = false
            func finish(_ action: Mailbox<Int>.FinishAction) {
                running = false
                switch action {
                case .hand:
                    #expect(waits && !mustEnd, "seed \(seed)")
                    (waits, running) = (false, true)
                case .next(let number):
                    #expect(!waits && waiting.first == number, "seed \(seed)")
                    waiting.removeFirst()
                    running = true
                case .rest: #expect(!waits && waiting.isEmpty && !isStopping, "seed \(seed)")
                case .end(let left):
                    #expect(left == waiting && isStopping, "seed \(seed)")
                    #expect(mustEnd || (!waits && waiting.isEmpty), "seed \(seed)")
                    hasEnded = true
                    mailbox.end()
                }
            }
            finish(mailbox.started())
            for number in 0..<60 where !hasEnded {
                switch random.next(below: 12) {
                case 0..<4:
                    if case .wait = mailbox.submit({ _ in number }) {
                        waiting.append(number)
                    } else if !isStopping, waiting.count < 8 {
                        #expect(!running, "seed \(seed)")
                        running = true
                    }
                case 4..<6:
                    switch mailbox.hold() {
                    case .held:
                        #expect(!running && !isStopping, "seed \(seed)")
                        running = true
                    case .wait:
                        #expect(running && !waits, "seed \(seed)")
                        waits = true
                    case .busy: #expect(waits, "seed \(seed)")
                    case .rejectDraining: #expect(isStopping, "seed \(seed)")
                    case .rejectEnded: Issue.record("seed \(seed)")
                    }
                case 6:
                    #expect(mailbox.release() == waits, "seed \(seed)")
                    waits = false
                case 7..<11: if running { finish(mailbox.finished()) }
                default:
                    let drains = random.next(below: 2) == 0
                    isStopping = true
                    if !drains { mustEnd = true }
                    if case .end(let left) = mailbox.stop(drain: drains) {
                        #expect(!running && left.isEmpty, "seed \(seed)")
                        hasEnded = true
                        mailbox.end()
                    }
                }
            }
        }
    }
}
