// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Who waits for whom: the reason why a wait that could never end is refused.
///
/// An actor runs one operation at a time, so it waits for at most one other. Following these waits from
/// the one who is asked either ends, or comes back to the one who asks: then neither could ever go on.
/// Requests, offers of channels and calls all enter their waits here.
struct WaitGraph {
    /// A wait that was entered.
    struct Token: Hashable, Sendable {
        fileprivate let waiter: ActorID
        fileprivate let number: UInt64
    }

    enum BeginAction: Equatable {
        case wait(Token)
        /// The wait would never end. The actors from the one who asks, each waiting for the next, to
        /// itself again.
        case cycle([ActorID])
    }

    private var waits: [ActorID: (target: ActorID, number: UInt64)] = [:]
    private var last: UInt64 = 0

    /// How many waits there are.
    var count: Int { waits.count }

    /// Enters a wait, which replaces an earlier one of the same actor. Costs a step for each actor that
    /// waits for the next.
    mutating func begin(_ waiter: ActorID, for target: ActorID) -> BeginAction {
        if let circle = circle(waiter, target) { return .cycle(circle) }
        return .wait(add(waiter, target))
    }

    /// Enters a wait that nobody refuses, which replaces an earlier one of the same actor.
    ///
    /// - Returns: the circle that it closes, as in ``BeginAction/cycle(_:)``. Somebody else in it must give
    ///   up then.
    mutating func enter(
        _ waiter: ActorID, for target: ActorID
    ) -> (token: Token, circle: [ActorID]?) {
        let circle = circle(waiter, target)
        return (add(waiter, target), circle)
    }

    private mutating func add(_ waiter: ActorID, _ target: ActorID) -> Token {
        last += 1
        waits[waiter] = (target, last)
        return Token(waiter: waiter, number: last)
    }

    private func circle(_ waiter: ActorID, _ target: ActorID) -> [ActorID]? {
        guard target == waiter || waits[target] != nil else { return nil }
        var path = [waiter, target]
        // A circle of others is there only until the one of them who must has given up.
        while let current = path.last, current != waiter, path.count <= waits.count + 2,
            let next = waits[current]
        {
            path.append(next.target)
        }
        return path.last == waiter ? path : nil
    }

    /// A wait is over; without effect when it was replaced.
    mutating func end(_ token: Token) {
        guard waits[token.waiter]?.number == token.number else { return }
        waits[token.waiter] = nil
    }
}
