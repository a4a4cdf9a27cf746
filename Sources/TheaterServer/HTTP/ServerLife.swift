// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// A stream that a client follows, as it is shown to those who look after the node.
struct StreamFacts: Sendable {
    /// What it carries.
    enum Kind: String, Sendable, Hashable {
        case events, channel
    }

    /// How far behind its client is.
    struct Load: Sendable, Hashable {
        /// What waits for it in the runtime.
        var waiting = 0
        /// What waits on its way to the connection, in bytes.
        var bytes = 0
        /// How many events were dropped because it was too slow.
        var lost: UInt64 = 0
    }

    let kind: Kind
    let actor: ActorID
    let since: WallTime
    let load: @Sendable () -> Load
}

/// What a server has going on that its end must know of.
final class ServerLife: Sendable {
    private struct State {
        var isDraining = false
        var uploads = 0
        var downloads = 0
        var streams: [UInt64: Stream] = [:]
        var lastStream: UInt64 = 0
        var revocations: UInt64 = 0
        var ailments: [String: String] = [:]
    }

    private struct Stream {
        let owner: String
        let facts: StreamFacts?
        let end: @Sendable (String) -> Void
    }

    private let state = Mutex(State())

    /// Whether the end has begun.
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// What keeps the node from being all that it should be; `nil` when nothing does.
    var ailment: String? {
        state.withLock { state in state.ailments.min { $0.key < $1.key }?.value }
    }

    /// Says what is wrong with a part of the node, or with `nil` that nothing is.
    func setAilment(_ part: String, _ words: String?) {
        state.withLock { $0.ailments[part] = words }
    }

    /// Takes a place for an upload.
    ///
    /// - Returns: whether there was one.
    func beginUpload(most: Int) -> Bool {
        state.withLock { state in
            guard state.uploads < most else { return false }
            state.uploads += 1
            return true
        }
    }

    /// Gives the place back.
    func endUpload() { state.withLock { $0.uploads -= 1 } }

    /// Takes a place for a download.
    ///
    /// - Returns: whether there was one.
    func beginDownload(most: Int) -> Bool {
        state.withLock { state in
            guard state.downloads < most else { return false }
            state.downloads += 1
            return true
        }
    }

    /// Gives the place back.
    func endDownload() { state.withLock { $0.downloads -= 1 } }

    /// Knows of a stream, which is told to end, and why, when it must.
    ///
    /// - Parameters:
    ///   - owner: the name of the credential.
    ///   - facts: what is shown of it; `nil` for a stream of values, of which nothing is.
    ///   - revocations: how many there were when it was let in; after another one it is to ask again.
    /// - Returns: its number.
    func addStream(
        owner: String, facts: StreamFacts?, since revocations: UInt64,
        _ end: @escaping @Sendable (String) -> Void
    ) -> UInt64 {
        let (number, reason) = state.withLock { state -> (UInt64, String?) in
            state.lastStream += 1
            if state.isDraining { return (state.lastStream, "draining") }
            if state.revocations != revocations { return (state.lastStream, "again") }
            state.streams[state.lastStream] = Stream(owner: owner, facts: facts, end: end)
            return (state.lastStream, nil)
        }
        if let reason { end(reason) }
        return number
    }

    /// How many credentials were taken back.
    var revocations: UInt64 { state.withLock { $0.revocations } }

    /// A stream is over.
    func removeStream(_ number: UInt64) {
        // Let go of behind the lock.
        let removed = state.withLock { $0.streams.removeValue(forKey: number) }
        _ = removed
    }

    /// The streams that there are and that are shown, with their numbers and whose they are.
    var streams: [(number: UInt64, owner: String, facts: StreamFacts)] {
        state.withLock { state in
            state.streams.compactMap { number, stream in
                guard let facts = stream.facts else { return nil }
                return (number: number, owner: stream.owner, facts: facts)
            }
        }
    }

    /// How many streams of values there are.
    var valueStreamCount: Int {
        state.withLock { state in state.streams.values.count { $0.facts == nil } }
    }

    /// Ends the streams of a credential that was taken back.
    func endStreams(of owner: String) {
        let ends = state.withLock { state in
            state.revocations += 1
            let found = state.streams.filter { $0.value.owner == owner }
            for number in found.keys { state.streams[number] = nil }
            return found.values.map(\.end)
        }
        for end in ends { end("revoked") }
    }

    /// Begins the end: streams are told.
    func drain() {
        let ends = state.withLock { state in
            state.isDraining = true
            defer { state.streams = [:] }
            return state.streams.values.map(\.end)
        }
        for end in ends { end("draining") }
    }
}
