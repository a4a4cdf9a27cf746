// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Carries the bytes of a stream from the one who makes it to the one who writes it to the connection.
///
/// It holds a bounded number of bytes: who makes more waits. What waits is written at once, however many
/// messages it is.
final class StreamPipe: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isFinished = false
        var maker: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<[UInt8]?, Never>?
    }

    private let sizeMax: Int
    private let state = Mutex(State())

    /// - Parameter sizeMax: from how many waiting bytes on the maker waits.
    init(sizeMax: Int = 64 << 10) { self.sizeMax = sizeMax }

    /// How many bytes wait for the connection.
    var waitingSize: Int { state.withLock { $0.bytes.count } }

    /// Adds text, and waits while too much waits. One maker at a time.
    ///
    /// - Returns: whether anybody still reads.
    func put(_ text: String) async -> Bool { await put(Array(text.utf8)) }

    /// Adds bytes, and waits while too much waits. One maker at a time.
    ///
    /// - Returns: whether anybody still reads.
    func put(_ bytes: [UInt8]) async -> Bool {
        let isOpen = add(bytes)
        guard isOpen else { return false }
        await withCheckedContinuation { continuation in
            let isWaiting = state.withLock { state in
                guard state.bytes.count >= sizeMax, !state.isFinished else { return false }
                state.maker = continuation
                return true
            }
            if !isWaiting { continuation.resume() }
        }
        return state.withLock { !$0.isFinished }
    }

    /// Adds text if nothing waits.
    func putIfIdle(_ text: String) {
        if state.withLock({ $0.bytes.isEmpty }) { _ = add(Array(text.utf8)) }
    }

    /// Adds bytes if not too much waits.
    func putIfRoom(_ bytes: [UInt8]) {
        if state.withLock({ $0.bytes.count < sizeMax }) { _ = add(bytes) }
    }

    /// Adds bytes, after which nothing comes.
    func putLast(_ bytes: [UInt8]) {
        _ = add(bytes)
        finish()
    }

    private func add(_ more: [UInt8]) -> Bool {
        let (isOpen, writer, bytes) = state.withLock { state in
            guard !state.isFinished else {
                return (false, CheckedContinuation<[UInt8]?, Never>?.none, [UInt8]())
            }
            state.bytes += more
            guard let writer = state.writer else { return (true, nil, []) }
            defer { (state.writer, state.bytes) = (nil, []) }
            return (true, writer, state.bytes)
        }
        writer?.resume(returning: bytes)
        return isOpen
    }

    /// Takes all that waits, or waits for some; `nil` at the end. One writer at a time.
    func take() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let (known, maker) = state.withLock {
                state -> ([UInt8]??, CheckedContinuation<Void, Never>?) in
                if !state.bytes.isEmpty {
                    defer { (state.bytes, state.maker) = ([], nil) }
                    return (.some(state.bytes), state.maker)
                }
                if state.isFinished { return (.some(nil), nil) }
                state.writer = continuation
                return (nil, nil)
            }
            maker?.resume()
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Nothing more comes, or nobody reads. What waits can still be taken.
    func finish() {
        let (maker, writer) = state.withLock { state in
            state.isFinished = true
            defer { (state.maker, state.writer) = (nil, nil) }
            return (state.maker, state.writer)
        }
        maker?.resume()
        writer?.resume(returning: nil)
    }
}
