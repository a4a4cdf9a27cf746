// SPDX-License-Identifier: Apache-2.0

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
        let stream = EventStream(try life.events(), end: .max, beginsAnywhere: true)
        let session = ReplaySession(engine: engine, stream: stream, options: options)
        session.successor = Successor(linked: linked, control: control, host: host)
        defer { session.end() }
        do throws(ReplayStop) {
            try await session.run(library)
        } catch {
            switch error {
            case .failed(let error): throw error
            case .diverged(let divergence):
                throw ReplayError(
                    .diverged, "the code does not do what the chain says: \(divergence)")
            }
        }
        guard let guest = session.handOver(), !Task.isCancelled else {
            throw ReplayError(
                .notAlive,
                "the actor is over at this event, or in a call; choose an event between two calls of a "
                    + "life")
        }
        return ReplayedGuest(guest: guest, fuelUsed: session.verdict.counts.fuel)
    }
}

/// What a guest goes on with when its chain is over.
struct Successor {
    let linked: LinkedModule
    let control: GuestControl
    let host: any GuestHost
}
