// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// What a program reads from its standard input: a pipe, and a bounded queue before it.
public final class ProgramInput: Sendable {
    private struct State {
        /// What waits for room in the pipe, from `start` on.
        var queue: [UInt8] = []
        var start = 0
        var watch: UInt64?
        var isClosing = false
        var isClosed = false

        var count: Int { queue.count - start }
    }

    private let pipe: Descriptor
    private let poller: Poller
    private let sizeMax: Int
    private let state = Mutex(State())

    init(_ pipe: Descriptor, _ poller: Poller, sizeMax: Int) {
        pipe.makeNonblocking()
        self.pipe = pipe
        self.poller = poller
        self.sizeMax = sizeMax
    }

    /// Gives bytes to the program, as many as the pipe and the queue have room for. Never waits.
    ///
    /// - Returns: how many bytes were taken, from the beginning; zero when there is no room.
    /// - Throws: `process.input-closed` when the program reads no more, or the input was closed.
    public func write(_ bytes: [UInt8]) throws(ProcessError) -> Int {
        let outcome = state.withLock { state -> (taken: Int?, mustWatch: Bool) in
            guard !state.isClosed, !state.isClosing else { return (nil, false) }
            var taken = 0
            if state.count == 0 {
                switch pipe.write(bytes[...]) {
                case .wrote(let count): taken = count
                case .end:
                    close(&state)
                    return (nil, false)
                }
            }
            let wasEmpty = state.count == 0
            let room = min(bytes.count - taken, sizeMax - state.count)
            if room > 0 {
                if wasEmpty {
                    state.queue = []
                    state.start = 0
                }
                state.queue += bytes[taken..<taken + room]
                taken += room
            }
            return (taken, wasEmpty && state.count > 0)
        }
        if outcome.mustWatch { watch() }
        guard let taken = outcome.taken else {
            throw ProcessError(
                .inputClosed,
                "the program's input is closed, or it reads no more; write nothing further to it")
        }
        return taken
    }

    /// Closes the input when what is queued has been written. The program reads its end then.
    ///
    /// - Throws: `process.input-closed` when that was done before.
    public func finish() throws(ProcessError) {
        let wasOpen = state.withLock { state in
            guard !state.isClosed, !state.isClosing else { return false }
            state.isClosing = true
            if state.count == 0 { close(&state) }
            return true
        }
        guard wasOpen else {
            throw ProcessError(.inputClosed, "the program's input was closed before")
        }
    }

    /// Closes the input now; what is queued is dropped.
    public func stop() {
        let watch = state.withLock { state in
            close(&state)
            return state.watch
        }
        if let watch { poller.unwatch(watch) }
    }

    private func close(_ state: inout State) {
        state.isClosed = true
        state.queue = []
        state.start = 0
        pipe.close()
    }

    // MARK: The queue

    private func watch() {
        guard let number = poller.watch(pipe, .write, { [weak self] in self?.flush() }) else {
            return stop()
        }
        let isOver = state.withLock { state in
            state.watch = number
            return state.isClosed
        }
        if isOver { poller.unwatch(number) }
    }

    /// Writes what finds room; runs on the poller's thread.
    private func flush() {
        let mustWatch = state.withLock { state -> Bool in
            guard !state.isClosed else { return false }
            switch pipe.write(state.queue[state.start...]) {
            case .end: close(&state)
            case .wrote(let count):
                state.start += count
                if state.count == 0 {
                    state.queue = []
                    state.start = 0
                    if state.isClosing { close(&state) }
                } else if state.start > sizeMax {
                    state.queue.removeFirst(state.start)
                    state.start = 0
                }
            }
            return state.count > 0
        }
        if mustWatch { watch() }
    }
}
