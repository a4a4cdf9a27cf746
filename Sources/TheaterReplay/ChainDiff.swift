// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
internal import TheaterValue

/// What tells two chains apart, each up to an event.
public struct ChainDiff: Sendable {
    /// How many events the two have in common from their beginnings: of the same type, with the same
    /// payload. Who the actors are and when it happened is not compared.
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
    ///   - differencesMax: how many places of the states are named at most.
    public init(
        _ left: ChainHistory, upTo leftLast: UInt64, _ right: ChainHistory,
        upTo rightLast: UInt64, differencesMax: Int = 64
    ) throws(ReplayError) {
        let leftEnd = min(left.count, leftLast == .max ? .max : leftLast + 1)
        let rightEnd = min(right.count, rightLast == .max ? .max : rightLast + 1)
        var common: UInt64 = 0
        var isSame = true
        while isSame, common < leftEnd, common < rightEnd {
            isSame = try Self.areSame(try left.event(common), try right.event(common))
            if isSame { common += 1 }
        }
        commonCount = common
        leftCount = leftEnd - common
        rightCount = rightEnd - common
        self.left = leftCount > 0 ? try left.event(common) : nil
        self.right = rightCount > 0 ? try right.event(common) : nil
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

    private static func areSame(
        _ left: ChainEvent?, _ right: ChainEvent?
    ) throws(ReplayError) -> Bool {
        guard let left, let right, left.type == right.type else { return false }
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
