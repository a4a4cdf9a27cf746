// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterEngine

/// What a replay does with a chain.
public struct ReplayOptions: Sendable {
    /// The last event that is replayed, of a chain that is no fork; `nil` replays all of them. For a fork,
    /// ``ChainLineage`` cuts what is replayed.
    public var until: UInt64?
    /// Which host functions the recorded system linked so that they may suspend the guest. What a
    /// guest computes does not depend on it, but how its allocator is called does, and with it what
    /// happens at the limits of memory and fuel.
    public var isSuspending: @Sendable (_ interface: String, _ function: String) -> Bool

    /// How large the payload of an event of the chain could be: an answer that is larger was not recorded.
    public var payloadSizeMax: Int
    /// Told of each event as it is read.
    public var observer: (@Sendable (ChainEvent) -> Void)?

    /// Makes options.
    public init(
        until: UInt64? = nil, payloadSizeMax: Int = JournalOptions().payloadSizeMax,
        isSuspending: @escaping @Sendable (String, String) -> Bool = { _, _ in false }
    ) {
        self.until = until
        self.payloadSizeMax = payloadSizeMax
        self.isSuspending = isSuspending
    }
}

/// Runs the code of a chain again: host calls are answered from the chain, and everything that the code
/// does is compared with it byte for byte.
///
/// Nothing outside is touched. The replay makes no handler and reads no clock; it needs the events, the
/// wasm and the limits of the actor. The first difference ends it and is the verdict.
public struct Replayer<Library: ReplayLibrary> {
    let engine: Engine
    let library: Library
    let options: ReplayOptions

    /// Makes a replayer.
    ///
    /// - Parameters:
    ///   - engine: where the guest runs; it takes one guest's place.
    ///   - library: finds the wasm of each life.
    public init(
        engine: Engine, library: Library, options: ReplayOptions = ReplayOptions()
    ) {
        self.engine = engine
        self.library = library
        self.options = options
    }

    /// Replays a chain from its first event to the last, or to where the options say.
    ///
    /// May take as long as the run took without its waits. Cancelling the task ends it between two calls,
    /// with the error `replay.cancelled`: what was not compared has no verdict.
    ///
    /// - Throws: ``ReplayError`` when the chain cannot be replayed. That it diverges is in the verdict.
    public func replay(_ events: ReplayEvents) async throws(ReplayError) -> ReplayVerdict {
        let end = options.until.map { $0 == .max ? $0 : $0 + 1 } ?? .max
        let session = ReplaySession(
            engine: engine, stream: EventStream(events.observed(by: options.observer), end: end),
            options: options)
        defer { session.end() }
        do throws(ReplayStop) {
            try await session.run(library)
        } catch {
            switch error {
            case .failed(let error): throw error
            case .diverged(var divergence):
                divergence.actor = session.actor
                session.verdict.divergence = divergence
            }
        }
        var verdict = session.verdict
        verdict.counts.events = session.comparedCount
        return verdict
    }
}
