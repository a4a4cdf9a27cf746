// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// One actor's place at the terminal.
public final class TerminalSeat: Sendable {
    /// Where to write.
    public enum Stream: Sendable, Hashable {
        /// Standard output.
        case output
        /// Standard error.
        case error
    }

    private struct Reading {
        var isEnabled = false
        var isStopped = false
        var ready: Readiness?
    }

    private let host: TerminalHost
    private let reading = Mutex(Reading())

    init(_ host: TerminalHost) { self.host = host }

    deinit { leave() }

    // MARK: Writing

    /// Writes bytes as a whole: nothing of another seat comes between them. Waits for the terminal.
    ///
    /// What could steer the terminal makes this seat its holder; when it has one already, such characters are
    /// made visible instead.
    ///
    /// - Throws: `terminal.none`, `terminal.too-large`, `terminal.busy`, `terminal.closed`.
    public func write(_ bytes: [UInt8], to stream: Stream) async throws(TerminalError) {
        guard bytes.count <= TerminalHost.writeSizeMax else {
            throw TerminalError(
                .tooLarge,
                "\(bytes.count) bytes are written at once, the most is \(TerminalHost.writeSizeMax); write "
                    + "them in parts")
        }
        switch await host.line.enter(bytes.count) {
        case .yes: break
        case .busy:
            throw TerminalError(
                .busy,
                "more than \(TerminalHost.waitingSizeMax) bytes wait for the terminal, which takes nothing; "
                    + "let it go on, or write less")
        case .never: throw .closed
        }
        defer { host.line.leave(bytes.count) }
        let prepared = host.state.withLock { state in prepare(bytes, stream, &state) }
        let (descriptor, poller, shown) = try prepared.get()
        guard await Self.write(shown, to: descriptor, poller) else { throw .closed }
    }

    private func prepare(
        _ bytes: [UInt8], _ stream: Stream, _ state: inout TerminalHost.State
    ) -> Result<(Descriptor, Poller, [UInt8]), TerminalError> {
        host.open(&state).map { streams, poller in
            let descriptor = stream == .output ? streams.output : streams.error
            let isHolder = state.holder == ObjectIdentifier(self)
            guard isHolder || PlainText.hasControls(bytes) else {
                return (descriptor, poller, bytes)
            }
            guard host.hold(self, &state) else {
                return (descriptor, poller, PlainText.of(bytes))
            }
            state.screen.note(bytes)
            let farewell = state.screen.farewell
            if farewell != state.farewell {
                // Known before the terminal is told what must be taken back.
                host.guardTerminal(&state)
                state.keeper?.setFarewell(farewell)
                state.farewell = farewell
            }
            return (descriptor, poller, bytes)
        }
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Descriptor, _ poller: Poller
    ) async -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch descriptor.write(rest) {
            case .end: return false
            case .wrote(let count):
                rest = rest.dropFirst(count)
                if rest.isEmpty { return true }
                let room = Readiness(descriptor, .write, poller)
                await withTaskCancellationHandler {
                    await room.wait()
                } onCancel: {
                    room.end()
                }
                if Task.isCancelled || room.isOver { return false }
            }
        }
        return true
    }

    // MARK: The terminal itself

    /// Its columns and rows.
    ///
    /// - Throws: `terminal.none`, `terminal.failed`.
    public func size() throws(TerminalError) -> (columns: UInt16, rows: UInt16) {
        let streams = try host.state.withLock { state in host.open(&state) }.get().0
        for stream in [streams.output, streams.input, streams.error] {
            var size = winsize()
            if let stream, stream.use({ ioctl($0, UInt(TIOCGWINSZ), &size) }) == 0 {
                return (size.ws_col, size.ws_row)
            }
        }
        throw .none
    }

    /// Has each key come at once and without an echo, or as before.
    ///
    /// - Throws: `terminal.none`, `terminal.taken`, `terminal.failed`.
    public func setRawMode(_ isRaw: Bool) throws(TerminalError) {
        let outcome = host.state.withLock { state -> Result<Void, TerminalError> in
            host.open(&state).flatMap { streams, _ in
                guard let input = streams.input, !TerminalAttributes.isBehind(input) else {
                    return .failure(.none)
                }
                guard host.isFree(for: self, state) else { return .failure(.taken) }
                guard isRaw || state.attributes != nil else { return .success(()) }
                guard let first = state.attributes ?? TerminalAttributes(input) else {
                    return .failure(.failed("look at the terminal", errno))
                }
                _ = host.hold(self, &state)
                host.guardTerminal(&state)
                let error = (isRaw ? first.raw : first).apply(to: input)
                guard error == 0 else { return .failure(.failed("change the terminal", error)) }
                state.attributes = isRaw ? first : nil
                return .success(())
            }
        }
        try outcome.get()
    }

    // MARK: Input

    /// Begins to hear the terminal.
    ///
    /// - Parameters:
    ///   - takesSignals: whether it is told of the user's signals, in the node's place.
    ///   - tell: must not block.
    /// - Throws: `terminal.none`, `terminal.taken`, `terminal.input-enabled`.
    public func enableInput(
        takesSignals: Bool, _ tell: @escaping @Sendable (TerminalNotice) -> Void
    ) throws(TerminalError) {
        let outcome = host.state.withLock { state -> Result<Void, TerminalError> in
            host.open(&state).flatMap { streams, _ in
                guard let input = streams.input, !TerminalAttributes.isBehind(input) else {
                    return .failure(.none)
                }
                guard host.hold(self, &state) else { return .failure(.taken) }
                let wasEnabled = reading.withLock { reading in
                    defer { reading.isEnabled = true }
                    return reading.isEnabled
                }
                guard !wasEnabled else {
                    return .failure(
                        TerminalError(
                            .inputEnabled, "the actor hears the terminal already; once is enough"))
                }
                state.tell = tell
                state.takesSignals = takesSignals
                return .success(())
            }
        }
        try outcome.get()
    }

    /// Waits for input.
    ///
    /// - Returns: no bytes at the end of the input; `nil` when the seat was left, or the terminal closed.
    public func read(_ sizeMax: Int) async -> [UInt8]? {
        while true {
            guard
                case .success((let streams, let poller)) = host.state.withLock({ host.open(&$0) }),
                let input = streams.input
            else { return nil }
            let ready = Readiness(input, .read, poller)
            let isStopped = reading.withLock { reading in
                reading.ready = ready
                return reading.isStopped
            }
            guard !isStopped else { return nil }
            switch input.read(max(sizeMax, 1)) {
            case .bytes(let bytes):
                host.heard(bytes)
                return bytes
            case .end: return []
            case .empty:
                await ready.wait()
                if ready.isOver { return nil }
            }
        }
    }

    /// Notes that the input ended: it can be enabled anew.
    public func inputEnded() { reading.withLock { $0.isEnabled = false } }

    /// Ends a read that waits, and every later one at once.
    public func stopReading() {
        reading.withLock { reading in
            reading.isStopped = true
            return reading.ready
        }?.end()
    }

    // MARK: Leaving

    /// Gives the terminal back as it was found. Without effect for a seat that does not hold it.
    public func leave() {
        stopReading()
        host.state.withLock { state in
            guard state.holder == ObjectIdentifier(self) else { return }
            host.restore(&state)
        }
    }
}
