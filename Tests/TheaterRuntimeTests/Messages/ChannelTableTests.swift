// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterHandler
import TheaterPlatform
import TheaterTesting

@testable import TheaterRuntime

@Suite("Channel table")
struct ChannelTableTests {
    private static let a = ChannelParticipant.actor(ActorID(high: 1, low: 0))
    private static let b = ChannelParticipant.actor(ActorID(high: 2, low: 0))
    private static let c = ChannelParticipant.actor(ActorID(high: 3, low: 0))

    private static func channel() -> ChannelID { ChannelID(world: .system) }

    @Test("lets both sides speak once it is accepted, and nobody before")
    func phases() throws {
        var table = ChannelTable()
        let id = Self.channel()
        try table.open(id, from: Self.a, to: Self.b)
        #expect(throws: ChannelTable.Refusal.notOpen) { try table.other(id, of: Self.a) }
        #expect(throws: ChannelTable.Refusal.notOpen) { try table.close(id, by: Self.b) }
        let isOpen = table.accepted(id)
        #expect(isOpen)
        #expect(try table.other(id, of: Self.a) == Self.b)
        #expect(try table.other(id, of: Self.b) == Self.a)
        #expect(try table.close(id, by: Self.b) == Self.a)
        #expect(throws: ChannelTable.Refusal.unknown) { try table.other(id, of: Self.a) }
        let isStillOpen = table.accepted(id)
        #expect(!isStillOpen)
        #expect(table.count == 0 && table.count(of: Self.a) == 0)
    }

    @Test("a third one can neither speak nor close, not even an external one")
    func stranger() throws {
        var table = ChannelTable()
        let id = Self.channel()
        try table.open(id, from: Self.a, to: Self.b)
        _ = table.accepted(id)
        for stranger in [Self.c, .external] {
            #expect(throws: ChannelTable.Refusal.notParticipant) {
                try table.other(id, of: stranger)
            }
            #expect(throws: ChannelTable.Refusal.notParticipant) {
                try table.close(id, by: stranger)
            }
        }
        #expect(try table.other(id, of: Self.a) == Self.b, "it is still there")
    }

    @Test("ends with either of its participants, and tells who is left")
    func ending() throws {
        var table = ChannelTable()
        let (first, second, third) = (Self.channel(), Self.channel(), Self.channel())
        try table.open(first, from: Self.a, to: Self.b)
        try table.open(second, from: .external, to: Self.a)
        try table.open(third, from: Self.b, to: Self.c)
        _ = table.accepted(first)
        let ended = table.end(Self.a)
        #expect(
            Set(ended.map(\.id)) == [first, second] && ended.map(\.id) == ended.map(\.id).sorted())
        #expect(ended.first { $0.id == first }?.other == Self.b)
        #expect(ended.first { $0.id == second }?.phase == .opening)
        #expect(table.count == 1)
        let again = table.end(Self.a)
        #expect(again.isEmpty)
    }

    @Test("bounds what one side may have, at the bound and one past it")
    func bound() throws {
        var table = ChannelTable(actorMax: 2, externalMax: 3)
        try table.open(Self.channel(), from: Self.a, to: Self.b)
        try table.open(Self.channel(), from: Self.a, to: Self.c)
        #expect(throws: ChannelTable.Refusal.full(Self.a)) {
            try table.open(Self.channel(), from: Self.a, to: Self.b)
        }
        #expect(throws: ChannelTable.Refusal.full(Self.a)) {
            try table.open(Self.channel(), from: .external, to: Self.a)
        }
        #expect(table.count == 2, "nothing is entered halfway")
        _ = table.end(Self.a)
        try table.open(Self.channel(), from: Self.a, to: Self.b)
    }

    // Goal: the index by participant and the channels agree. Method: random steps against a dictionary.
    @Test("agrees with a plain dictionary on random schedules")
    func model() {
        let sides = [Self.a, Self.b, Self.c, ChannelParticipant.external]
        for _ in 0..<500 {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SplitMix(seed: seed)
            var table = ChannelTable(actorMax: 3, externalMax: 3)
            var model: [ChannelID: (ChannelParticipant, ChannelParticipant)] = [:]
            for _ in 0..<50 {
                let side = sides[random.next(below: 4)]
                switch random.next(below: 4) {
                case 0, 1:
                    let target = sides[random.next(below: 3)]
                    guard side != target else { continue }
                    let id = Self.channel()
                    let counts = [side, target].map { side in
                        model.values.count { $0.0 == side || $0.1 == side }
                    }
                    let isOpened = (try? table.open(id, from: side, to: target)) != nil
                    #expect(isOpened == counts.allSatisfy { $0 < 3 }, "seed \(seed)")
                    if isOpened { model[id] = (side, target) }
                    _ = table.accepted(id)
                case 2:
                    guard let (id, pair) = model.first else { continue }
                    let other = try? table.close(id, by: side)
                    let isOwn = pair.0 == side || pair.1 == side
                    #expect(other == (isOwn ? (pair.0 == side ? pair.1 : pair.0) : nil))
                    if isOwn { model[id] = nil }
                default:
                    let ended = Set(table.end(side).map(\.id))
                    let expected = model.filter { $0.value.0 == side || $0.value.1 == side }
                    #expect(ended == Set(expected.keys), "seed \(seed)")
                    for id in expected.keys { model[id] = nil }
                }
                #expect(table.count == model.count, "seed \(seed)")
                for side in sides {
                    #expect(
                        table.count(of: side)
                            == model.values.count { $0.0 == side || $0.1 == side },
                        "seed \(seed)")
                }
            }
        }
    }
}
