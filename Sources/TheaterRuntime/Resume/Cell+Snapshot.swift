// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
package import TheaterEngine
internal import TheaterManifest
package import TheaterPlatform
internal import TheaterReplay
internal import TheaterValue

/// When an actor's snapshots are taken, and whether they can be.
struct SnapshotSchedule {
    /// Whether one is being kept at the moment.
    final class Flight: Sendable {
        private let state: Mutex<(isBusy: Bool, isUsed: Bool, isOver: Bool)>

        /// - Parameter isUsed: whether there are some of the actor already.
        init(isUsed: Bool = false) {
            state = Mutex((isBusy: false, isUsed: isUsed, isOver: false))
        }

        func begin() -> Bool {
            state.withLock { state in
                guard !state.isBusy, !state.isOver else { return false }
                (state.isBusy, state.isUsed) = (true, true)
                return true
            }
        }

        /// It is kept.
        ///
        /// - Returns: whether it is to be forgotten at once, because the actor has ended.
        func end() -> Bool {
            state.withLock { state in
                state.isBusy = false
                return state.isOver
            }
        }

        /// The actor ends: there are no more.
        ///
        /// - Returns: whether there are some to be forgotten now.
        func close() -> Bool {
            state.withLock { state in
                state.isOver = true
                return state.isUsed && !state.isBusy
            }
        }
    }

    let keeper: any SnapshotKeeper
    let every: UInt64
    /// How many events the chain had when the last was taken.
    var last: UInt64
    let birth: UInt64
    let bornAt: WallTime
    let firstState: [UInt8]
    let parent: ActorID?
    var flight = Flight()
}

extension Cell {
    /// Takes a snapshot, if it is time. Called by the runner between two calls: it costs a copy of the
    /// guest's memory; the rest is done elsewhere, and no actor waits for it.
    func takeSnapshotIfDue() {
        guard var schedule = snapshots, let head = recorder.head,
            head.count &- schedule.last >= schedule.every
        else { return }
        // A guest that holds a secret would have it written down.
        guard host?.hasSecret != true, host?.hasStartCalls != true else {
            snapshots = nil
            return
        }
        guard schedule.flight.begin() else { return }
        schedule.last = head.count
        snapshots = schedule
        guard let image = guest?.image(), let bytes = try? CGRF.encode(state) else {
            snapshots = nil
            return
        }
        if let endpoint = system?.exchange.endpoint(of: id), endpoint.isRegistered {
            record.isRegistered = true
        }
        let snapshot = ActorSnapshot(
            life: LifeImage(
                guest: image, actor: id, sequence: head.count, head: head.hash,
                module: template.moduleDigest, fuelUsed: fuelBurnt, record: record),
            birth: schedule.birth, bornAt: schedule.bornAt, manifest: blueprint.manifestDigest,
            name: name, parent: schedule.parent, firstState: schedule.firstState, state: bytes)
        let (keeper, flight) = (schedule.keeper, schedule.flight)
        world.start {
            await keeper.keep(snapshot)
            if flight.end() { await keeper.forget(snapshot.life.actor) }
        }
    }
}

extension ActorSystem {
    /// What the guest of an actor is, taken when it has nothing to do; for tests.
    package func image(of id: ActorID) async -> GuestImage? {
        guard let cell = liveCell(id) else { return nil }
        while !cell.shared.withLock({ $0.mailbox.take() }) {
            if cell.shared.withLock({ $0.exit != nil }) { return nil }
            await Task.yield()
        }
        let image = cell.guest?.image()
        await cell.handOver(cell.shared.withLock { $0.mailbox.finished() })
        return image
    }
}
