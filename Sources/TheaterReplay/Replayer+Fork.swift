// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
public import TheaterEngine

/// A guest that was brought to where a chain ends, for somebody who goes on with it.
public struct ReplayedGuest {
    /// The guest. Its host calls are answered by the host that was given.
    public let guest: Guest
    /// The fuel that the calls of its life have used.
    public let fuelUsed: UInt64
}

extension Replayer {
    /// Runs the last life of a chain again, and hands its guest over, between two calls.
    ///
    /// - Parameters:
    ///   - life: the chain from the beginning of that life on; where it ends the guest is handed over.
    ///   - linked: the code, as it is to go on.
    ///   - control: ends the guest, now and later.
    ///   - host: answers the host calls from then on.
    /// - Throws: ``ReplayError`` `replay.not-alive` when the actor is over at the end of the chain, or in a
    ///   call; `replay.diverged` when the code does not do what the chain says.
    public func bring(
        _ life: ChainLineage, linked: LinkedModule, control: GuestControl, host: any GuestHost
    ) async throws(ReplayError) -> ReplayedGuest {
        let session = try await rested(
            life,
            successor: Successor(
                linked: linked, control: control, host: host, birth: life.present))
        defer { session.end() }
        guard let guest = session.handOver(), !Task.isCancelled else { throw Self.notAlive }
        return ReplayedGuest(guest: guest, fuelUsed: session.verdict.counts.fuel)
    }

    /// Runs the last life of a chain again; its guest stays.
    func rested(
        _ life: ChainLineage, successor: Successor?
    ) async throws(ReplayError) -> ReplaySession {
        let stream = EventStream(try life.events(), end: .max, beginsAnywhere: true)
        let session = ReplaySession(engine: engine, stream: stream, options: options)
        session.successor = successor
        session.needsGuest = true
        do throws(ReplayStop) {
            try await session.run(library)
        } catch {
            session.end()
            switch error {
            case .failed(let error): throw error
            case .diverged(let divergence):
                throw ReplayError(
                    .diverged, "the code does not do what the chain says: \(divergence)")
            }
        }
        return session
    }

    static var notAlive: ReplayError {
        ReplayError(
            .notAlive,
            "the actor is over at this event, or in a call; choose an event between two calls of a "
                + "life")
    }
}

/// What a guest goes on with when its chain is over.
struct Successor {
    let linked: LinkedModule
    let control: GuestControl
    let host: any GuestHost
    /// Where the code that goes on was started; `nil` when only its digest is known.
    let birth: ReplayBirth?

    /// Whether the guest that is started there is the one that goes on.
    func isOf(_ birth: ReplayBirth) -> Bool {
        guard let own = self.birth else {
            return linked.module.digest == birth.module.description
        }
        return own.actor == birth.actor && own.sequence == birth.sequence
    }
}
