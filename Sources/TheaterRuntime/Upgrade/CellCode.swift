// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterEngine
internal import TheaterPlatform
internal import TheaterValue

/// What a cell's guest is made from, and what that replaced as long as it may come back.
final class CellCode: @unchecked Sendable {
    /// Code that was replaced, with its guest, and the state that the actor goes on with if it comes back.
    struct Replaced {
        let blueprint: Blueprint
        let guest: Guest
        let host: CellHost
        let state: Value
    }

    /// What the life began with.
    let first: Blueprint
    private let exchanged: Mutex<Blueprint?> = Mutex(nil)
    private let isChanged = Atomic<Bool>(false)

    // SAFETY: touched by the cell's runner alone, as its guest is.
    var machine = UpgradeMachine()
    var replaced: Replaced?
    /// Whether calls that came before may be bound to other code than the present.
    var isExchanged = false
    /// Ends the trial when its time is over.
    var lateness: Deadlines.Entry?

    init(_ first: Blueprint) { self.first = first }

    /// What the actor is made from now. Any task may ask.
    var present: Blueprint {
        guard isChanged.load(ordering: .acquiring) else { return first }
        return exchanged.withLock { $0 } ?? first
    }

    /// Says what the actor is made from now on. For the runner alone.
    func exchange(for blueprint: Blueprint) {
        exchanged.withLock { $0 = blueprint }
        isChanged.store(true, ordering: .releasing)
        isExchanged = true
    }
}
