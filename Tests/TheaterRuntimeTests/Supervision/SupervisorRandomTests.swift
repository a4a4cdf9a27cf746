// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterPlatform
import TheaterTesting

@testable import TheaterRuntime

@Suite("The supervisor under random events")
struct SupervisorRandomTests {
    /// Random events against what must always hold.
    @Test("keeps its invariants under random events", arguments: 0..<UInt64(400))
    func random(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var drill = Drill(
            SupervisionSettings.Strategy.allCases[Int(random.next() % 3)],
            intensity: Int(random.next() % 4), period: 5,
            backoff: random.next() % 2 == 0 ? .zero : .seconds(1))
        var open: [String] = []
        var up: Set<String> = []
        var tickets: Set<UInt64> = []
        var (ticket, names, isEnded, isAsked) = (UInt64(0), 0, false, false)
        func take(_ words: [String]) {
            for word in words {
                let parts = word.split(separator: " ").map(String.init)
                switch parts[0] {
                case "start":
                    #expect(!up.contains(parts[1]), "started twice, seed \(seed)")
                    open.append(word)
                case "stop":
                    #expect(up.contains(parts[1]), "stopped what does not run, seed \(seed)")
                    open.append(word)
                case "wait": open.append(word)
                case "answer": #expect(tickets.remove(UInt64(parts[1]) ?? 0) != nil, "seed \(seed)")
                case "gave-up", "all-stopped", "start-failed":
                    #expect(up.isEmpty, "ended with children, seed \(seed)")
                    isEnded = true
                default: break
                }
            }
            #expect(open.count <= 1, "two things at once, seed \(seed)")
        }
        let restarts = ChildDeclaration.Restart.allCases
        take(
            drill.feed(
                .start((0..<4).map { ("\($0)", ChildSpec(restart: restarts[Int($0) % 3])) })))
        for _ in 0..<200 where !isEnded {
            drill.time += Int64(random.next() % 3)
            switch random.next() % 8 {
            case 0, 1, 2, 3:
                guard let step = open.popLast() else { continue }
                let parts = step.split(separator: " ").map(String.init)
                switch parts[0] {
                case "start":
                    if random.next() % 5 == 0 {
                        take(drill.feed(.startFailed(parts[1])))
                    } else {
                        up.insert(parts[1])
                        take(drill.feed(.started(parts[1])))
                    }
                case "stop":
                    up.remove(parts[1])
                    take(drill.feed(.ended(parts[1], .normal)))
                default: take(drill.feed(.waited(UInt64(parts[2]) ?? 0)))
                }
            case 4:
                guard let id = up.sorted().randomElement(using: &random) else { continue }
                up.remove(id)
                open.removeAll { $0 == "stop \(id)" }
                take(drill.feed(.ended(id, random.next() % 2 == 0 ? .normal : .abnormal)))
            case 5:
                ticket += 1
                names += 1
                tickets.insert(ticket)
                take(drill.feed(.add("n\(names)", ChildSpec(restart: restarts[names % 3]), ticket)))
            case 6:
                ticket += 1
                tickets.insert(ticket)
                let id = drill.machine.ids.randomElement(using: &random) ?? "none"
                let isRestart = random.next() % 2 == 0
                take(drill.feed(isRestart ? .restart(id, ticket) : .remove(id, ticket)))
            default:
                if random.next() % 20 == 0, !isAsked {
                    isAsked = true
                    open.removeAll { $0.hasPrefix("wait") }
                    take(drill.feed(.shutDown))
                }
            }
        }
        if !isEnded {
            open.removeAll { $0.hasPrefix("wait") }
            take(drill.feed(.shutDown))
            while let step = open.popLast() {
                let parts = step.split(separator: " ").map(String.init)
                if parts[0] == "start" {
                    up.insert(parts[1])
                    take(drill.feed(.started(parts[1])))
                } else {
                    up.remove(parts[1])
                    take(drill.feed(.ended(parts[1], .normal)))
                }
            }
        }
        #expect(isEnded && tickets.isEmpty, "not over or not answered, seed \(seed)")
    }
}
