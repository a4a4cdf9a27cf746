// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
internal import TheaterValue

/// What tells two chains apart, each up to an event.
public struct ChainDiff: Sendable {
    /// How many events the two have in common from their beginnings: of the same type, with the same
    /// payload. Who the actors are and when it happened is not compared, and for a fork the events of the
    /// chain that it left come before its own.
    public let commonCount: UInt64
    /// The first event that only the left chain has; `nil` when it has none.
    public let left: ChainEvent?
    /// The first event that only the right chain has; `nil` when it has none.
    public let right: ChainEvent?
    /// How many events follow the common ones on the left.
    public let leftCount: UInt64
    /// How many events follow the common ones on the right.
    public let rightCount: UInt64
    /// Where the two states differ.
    public let states: [ValueDifference]

    /// Whether nothing tells them apart.
    public var isEmpty: Bool { left == nil && right == nil && states.isEmpty }

    /// Compares two chains.
    ///
    /// - Parameters:
    ///   - leftLast: the last event of the left chain that counts.
    ///   - rightLast: the last event of the right chain that counts.
    ///   - lineages: the two chains up to these events with what came before them; without, a fork is
    ///     compared from its first event on.
    ///   - differencesMax: how many places of the states are named at most.
    public init(
        _ left: ChainHistory, upTo leftLast: UInt64, _ right: ChainHistory,
        upTo rightLast: UInt64, lineages: (left: ChainLineage, right: ChainLineage)? = nil,
        differencesMax: Int = 64
    ) throws(ReplayError) {
        let leftEnd = min(left.count, leftLast == .max ? .max : leftLast + 1)
        let rightEnd = min(right.count, rightLast == .max ? .max : rightLast + 1)
        var one = try Side(left, leftEnd, lineages?.left)
        var other = try Side(right, rightEnd, lineages?.right)
        var common: UInt64 = 0
        while let first = one.event, let second = other.event, Self.areSame(first, second) {
            common += 1
            try one.advance()
            try other.advance()
        }
        commonCount = common
        leftCount = one.total - common
        rightCount = other.total - common
        self.left = one.event
        self.right = other.event
        let states = (
            try leftEnd > 0 ? left.state(after: leftEnd - 1) : nil,
            try rightEnd > 0 ? right.state(after: rightEnd - 1) : nil
        )
        switch states {
        case (let one?, let other?):
            self.states = ValueDiff.differences(one, other, countMax: differencesMax)
        case (nil, nil): self.states = []
        case (let one, let other):
            self.states = [ValueDifference(path: "", left: one, right: other)]
        }
    }

    private static func areSame(_ left: ChainEvent, _ right: ChainEvent) -> Bool {
        guard left.type == right.type else { return false }
        if left.payloadDigest == right.payloadDigest { return true }
        // The beginnings of two lives differ in who they are; what they are made of counts.
        guard
            case .spawned(let module, let manifest, _, _, let grants, let state)? =
                try? left.decodedPayload(),
            case .spawned(let module2, let manifest2, _, _, let grants2, let state2)? =
                try? right.decodedPayload()
        else { return false }
        return module == module2 && manifest == manifest2 && grants == grants2 && state == state2
    }
}

/// The events of one side, one after the other.
private struct Side {
    /// How many there are.
    let total: UInt64
    /// The one to compare next; `nil` behind the last.
    private(set) var event: ChainEvent?
    private let next: () throws(ReplayError) -> ChainEvent?

    init(_ history: ChainHistory, _ end: UInt64, _ lineage: ChainLineage?) throws(ReplayError) {
        if let lineage {
            let events = try lineage.events().next
            // Where a fork begins nothing happens.
            next = { () throws(ReplayError) in
                while let event = try events() {
                    if event.type != EventType.forked.name { return event }
                }
                return nil
            }
            total =
                lineage.parts.reduce(0) { $0 + UInt64($1.range.count) }
                - UInt64(lineage.parts.count - 1)
        } else {
            var place: UInt64 = 0
            next = { () throws(ReplayError) in
                guard place < end else { return nil }
                place += 1
                return try history.event(place - 1)
            }
            total = end
        }
        event = try next()
    }

    mutating func advance() throws(ReplayError) { event = try next() }
}
