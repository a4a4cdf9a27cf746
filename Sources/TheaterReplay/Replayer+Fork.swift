// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
public import TheaterEngine
public import TheaterPact

/// A guest that was brought to where a chain ends, for somebody who goes on with it.
public struct ReplayedGuest {
    /// The guest. Its host calls are answered by the host that was given.
    public let guest: Guest
    /// The fuel that the calls of its life have used.
    public let fuelUsed: UInt64
    /// Whether an answer was recorded as another value than the guest had, for it held a secret.
    public let isRedacted: Bool
    /// What the chain notes of the life.
    public let record: LifeRecord
    /// The last answer that left a state; `nil` when the life has its first one.
    public let lastAnswer: (function: String, output: [UInt8])?
    /// The state that the life began with, or had after an upgrade; empty when it is not known.
    public let baseState: [UInt8]
}

extension Replayer {
    /// Runs the last life of a chain again, and hands its guest over, between two calls.
    ///
    /// - Parameters:
    ///   - life: the chain from the beginning of that life on; where it ends the guest is handed over.
    ///   - linked: the code, as it is to go on.
    ///   - control: ends the guest, now and later.
    ///   - host: answers the host calls from then on.
    ///   - image: where the life is taken up, in place of its beginning; the events are those after it.
    ///   - exports: what the code exports, when the last state is wanted.
    /// - Throws: ``ReplayError`` `replay.not-alive` when the actor is over at the end of the chain, or in a
    ///   call; `replay.diverged` when the code does not do what the chain says.
    public func bring(
        _ life: ChainLineage, linked: LinkedModule, control: GuestControl, host: any GuestHost,
        exports: [String: FunctionSignature]? = nil, from image: LifeImage? = nil
    ) async throws(ReplayError) -> ReplayedGuest {
        let session = try await rested(
            life,
            successor: Successor(
                linked: linked, control: control, host: host, birth: life.present,
                exports: exports), from: image)
        defer { session.end() }
        guard let guest = session.handOver(), !Task.isCancelled else { throw Self.notAlive }
        return ReplayedGuest(
            guest: guest, fuelUsed: session.verdict.counts.fuel &+ (image?.fuelUsed ?? 0),
            isRedacted: session.verdict.counts.redacted > 0, record: session.record,
            lastAnswer: session.lastAnswer, baseState: session.firstState)
    }

    /// Runs the last life of a chain again; its guest stays.
    func rested(
        _ life: ChainLineage, successor: Successor?, from image: LifeImage? = nil
    ) async throws(ReplayError) -> ReplaySession {
        let stream = EventStream(
            try life.events().observed(by: options.observer), end: .max, beginsAnywhere: true,
            after: image)
        let session = ReplaySession(engine: engine, stream: stream, options: options)
        session.successor = successor
        session.needsGuest = true
        do throws(ReplayStop) {
            if let image { try await session.restore(image, library) }
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
    /// What the code exports, when the last state is wanted.
    let exports: [String: FunctionSignature]?

    /// Whether the guest that is started there is the one that goes on.
    func isOf(_ birth: ReplayBirth) -> Bool {
        guard let own = self.birth else {
            return linked.module.digest == birth.module.description
        }
        return own.actor == birth.actor && own.sequence == birth.sequence
    }
}
