// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform
import TheaterTesting

@testable import TheaterRuntime

@Suite("Wait graph")
struct WaitGraphTests {
    private static let ids = (0..<6).map { ActorID(high: 0, low: UInt64($0)) }

    @Test("refuses to wait for oneself, and names both ends")
    func itself() {
        var graph = WaitGraph()
        let id = Self.ids[0]
        #expect(graph.begin(id, for: id) == .cycle([id, id]))
        #expect(graph.count == 0)
    }

    @Test("names every actor of a longer circle, in order")
    func others() throws {
        var graph = WaitGraph()
        let (a, b, c) = (Self.ids[0], Self.ids[1], Self.ids[2])
        guard case .wait(let first) = graph.begin(a, for: b),
            case .wait = graph.begin(b, for: c)
        else {
            Issue.record("nobody waits for a yet")
            return
        }
        #expect(graph.begin(c, for: a) == .cycle([c, a, b, c]))
        graph.end(first)
        guard case .wait = graph.begin(c, for: a) else {
            Issue.record("the circle is no longer closed")
            return
        }
    }

    @Test("the end of a replaced wait changes nothing")
    func stale() {
        var graph = WaitGraph()
        let (a, b, c) = (Self.ids[0], Self.ids[1], Self.ids[2])
        guard case .wait(let old) = graph.begin(a, for: b), case .wait = graph.begin(a, for: c)
        else {
            Issue.record("both are allowed")
            return
        }
        graph.end(old)
        #expect(graph.begin(c, for: a) == .cycle([c, a, c]))
        #expect(graph.count == 1)
    }

    // Goal: a wait is refused exactly when the one who is asked reaches the one who asks.
    // Method: random waits among few actors against a plain search of all edges.
    @Test("agrees with a plain search on random waits")
    func model() {
        for _ in 0..<500 {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix(seed: seed)
            var graph = WaitGraph()
            var edges: [ActorID: (target: ActorID, token: WaitGraph.Token)] = [:]
            for _ in 0..<40 {
                let from = Self.ids[random.next(below: Self.ids.count)]
                if let edge = edges[from], random.next(below: 2) == 0 {
                    graph.end(edge.token)
                    edges[from] = nil
                    continue
                }
                let to = Self.ids[random.next(below: Self.ids.count)]
                var reached = [to]
                while let last = reached.last, last != from, let next = edges[last]?.target {
                    reached.append(next)
                }
                switch graph.begin(from, for: to) {
                case .wait(let token):
                    #expect(reached.last != from, "seed \(seed)")
                    edges[from] = (to, token)
                case .cycle(let path):
                    #expect(path == [from] + reached, "seed \(seed)")
                    #expect(reached.last == from, "seed \(seed)")
                }
                #expect(graph.count == edges.count, "seed \(seed)")
            }
        }
    }
}
