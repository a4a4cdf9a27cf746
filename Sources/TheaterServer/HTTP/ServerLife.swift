// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What a server has going on that its end must know of.
final class ServerLife: Sendable {
    private struct State {
        var isDraining = false
        var uploads = 0
        var streams: [UInt64: @Sendable () -> Void] = [:]
        var lastStream: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Whether the end has begun.
    var isDraining: Bool { state.withLock { $0.isDraining } }

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

    /// Knows of a stream, which is told to end when the server does.
    ///
    /// - Returns: its number; `nil` when the end has begun.
    func addStream(_ end: @escaping @Sendable () -> Void) -> UInt64? {
        state.withLock { state in
            guard !state.isDraining else { return nil }
            state.lastStream += 1
            state.streams[state.lastStream] = end
            return state.lastStream
        }
    }

    /// A stream is over.
    func removeStream(_ number: UInt64) { state.withLock { $0.streams[number] = nil } }

    /// Begins the end: streams are told.
    func drain() {
        let ends = state.withLock { state in
            state.isDraining = true
            defer { state.streams = [:] }
            return Array(state.streams.values)
        }
        for end in ends { end() }
    }
}
