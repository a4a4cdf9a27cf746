// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterTesting

@testable import TheaterRuntime

@Suite("Request table")
struct RequestTableTests {
    @Test("identities are printed in one form and parsed in no other")
    func identity() throws {
        let id = RequestID(number: 1_234_567)
        #expect(id.description == "rqglj")
        #expect(RequestID("rqglj") == id)
        for text in ["", "r", "qglj", "rQGLJ", "r0qglj", "r+qglj", "r-1", "rqglj ", "r\u{661}"] {
            #expect(RequestID(text) == nil, "\(text)")
        }
        #expect(RequestID(number: .max).description.utf8.count <= 15)
    }

    @Test("answers the requester of a callback's answer, once")
    func immediate() throws {
        var table = RequestTable<Int>(first: 7, capacity: 2)
        let id = try table.enter(1)
        #expect(table.outstanding.isEmpty, "delivered is not deferred")
        #expect(table.finished(id) == 1)
        #expect(table.finished(id) == nil)
        #expect(table.count == 0)
    }

    @Test("keeps deferred requests in order until they are answered")
    func deferred() throws {
        var table = RequestTable<Int>(first: 0, capacity: 4)
        let ids = try (0..<3).map { try table.enter($0) }
        for id in ids.reversed() { table.deferred(id) }
        #expect(table.outstanding == ids)
        #expect(try table.take(ids[1]) == 1)
        #expect(table.outstanding == [ids[0], ids[2]])
        #expect(throws: RequestTable<Int>.Refusal.unknown) { try table.take(ids[1]) }
        #expect(table.close() == [0, 2])
        let late = table.accept(9)
        #expect(late == nil, "nobody asks one that is over")
    }

    @Test("may be answered within its callback, whose own answer then counts for nothing")
    func within() throws {
        var table = RequestTable<Int>(first: 0, capacity: 1)
        let first = try table.enter(1)
        #expect(try table.take(first) == 1)
        #expect(throws: RequestTable<Int>.Refusal.unknown) { try table.take(first) }
        #expect(table.finished(first) == nil)
        let second = try table.enter(2)
        #expect(try table.take(second) == 2)
        table.deferred(second)
        #expect(table.outstanding.isEmpty)
        #expect(table.count == 0)
    }

    @Test("bounds what is unanswered, and takes more when something is")
    func bound() throws {
        var table = RequestTable<Int>(first: 0, capacity: 2)
        let first = try table.enter(1)
        _ = try table.enter(2)
        let third = table.accept(3)
        #expect(third == nil)
        _ = table.finished(first)
        _ = try table.enter(3)
    }

    @Test("tells the receiver when nobody waits any more")
    func gone() throws {
        var table = RequestTable<Int>(first: 0, capacity: 2)
        let deferred = try table.enter(1)
        table.deferred(deferred)
        table.abandon(deferred)
        #expect(table.outstanding.isEmpty)
        #expect(throws: RequestTable<Int>.Refusal.requesterGone) { try table.take(deferred) }
        #expect(throws: RequestTable<Int>.Refusal.unknown) { try table.take(deferred) }
        let running = try table.enter(2)
        table.abandon(running)
        #expect(throws: RequestTable<Int>.Refusal.requesterGone) { try table.take(running) }
        #expect(table.finished(running) == nil)
    }

    @Test(
        "forgets the oldest of those who left, so that a receiver who never answers costs nothing")
    func memory() throws {
        var table = RequestTable<Int>(first: 0, capacity: 3)
        for number in 0..<100 {
            let id = try table.enter(number)
            table.deferred(id)
            table.abandon(id)
        }
        #expect(table.count == 3)
        #expect(table.unanswered == 0)
    }

    // Goal: no requester is answered twice, none is lost, and the bound holds, whatever comes when.
    // Method: random steps; each requester must leave the table exactly once.
    @Test("lets every requester go exactly once on random schedules")
    func model() {
        for _ in 0..<1000 {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix(seed: seed)
            let capacity = 1 + random.next(below: 4)
            var table = RequestTable<Int>(first: random.next(), capacity: capacity)
            var made = 0
            var inside: [Int: RequestID] = [:]
            var running: [RequestID] = []
            var known: [RequestID] = []
            func left(_ requester: Int?) {
                guard let requester else { return }
                #expect(inside.removeValue(forKey: requester) != nil, "seed \(seed)")
            }
            for _ in 0..<60 {
                switch random.next(below: 5) {
                case 0:
                    if let id = table.accept(made) {
                        #expect(inside.count < capacity, "seed \(seed)")
                        inside[made] = id
                        running.append(id)
                        known.append(id)
                    } else {
                        #expect(inside.count == capacity, "seed \(seed)")
                    }
                    made += 1
                case 1 where !running.isEmpty:
                    left(table.finished(running.removeFirst()))
                case 2 where !running.isEmpty: table.deferred(running.removeFirst())
                case 3 where !known.isEmpty:
                    left(try? table.take(known[random.next(below: known.count)]))
                case 4:
                    guard let (requester, id) = inside.first else { continue }
                    table.abandon(id)
                    left(requester)
                default: break
                }
                #expect(table.unanswered == inside.count, "seed \(seed)")
                let outstanding = Set(table.outstanding)
                #expect(outstanding.isSubset(of: inside.values), "seed \(seed)")
            }
            for requester in table.close() { left(requester) }
            #expect(inside.isEmpty, "seed \(seed)")
        }
    }
}

extension RequestTable {
    /// Takes in a request for which there is room.
    fileprivate mutating func enter(_ requester: Requester) throws -> RequestID {
        let id = accept(requester)
        return try #require(id)
    }
}
