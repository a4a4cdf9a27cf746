// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization
internal import TheaterPlatform

/// The terminal of a node: who holds it, and how it is restored.
///
/// One seat at a time holds it: the first that writes what steers a terminal, reads, or changes how input is
/// treated. What others write is text. When the holder leaves, all that it did to the terminal is taken back; a
/// process beside the node does it when the node is killed.
///
/// Nothing is opened, and no process started, before it is needed.
public final class TerminalHost: Sendable {
    /// The most bytes of one write.
    public static let writeSizeMax = 1 << 20
    /// The most bytes of all writes that wait.
    public static let waitingSizeMax = 4 << 20
    /// The interrupts in a row, without other input between them, of which the last always reaches the node.
    public static let interruptsMax = 3

    struct State {
        var streams: TerminalStreams?
        var poller: Poller?
        var holder: ObjectIdentifier?
        /// How input was treated at first; `nil` while nothing was changed.
        var attributes: TerminalAttributes?
        var screen = ScreenState()
        /// What the keeper knows of `screen`.
        var farewell: [UInt8] = []
        var keeper: TerminalKeeper?
        /// Whether it was tried to start one.
        var hasKeeper = false
        var tell: (@Sendable (TerminalNotice) -> Void)?
        var takesSignals = false
        var interrupts = 0
        var isClosed = false
    }

    private let numbers: (input: Int32, output: Int32, error: Int32)
    private let launcher: String?
    private let interrupt: @Sendable () -> Void
    let state = Mutex(State())
    let line = WriteLine(sizeMax: TerminalHost.waitingSizeMax)

    /// Makes the terminal of this process's streams.
    ///
    /// - Parameters:
    ///   - input: the descriptor to read from; `output` and `error` those to write to.
    ///   - launcher: the program `theater-launch`, as for ``ProcessHost``.
    ///   - interrupt: asks the node to end, as keys do; by default the signal SIGINT to this process.
    public init(
        input: Int32 = 0, output: Int32 = 1, error: Int32 = 2, launcher: String? = nil,
        interrupt: (@Sendable () -> Void)? = nil
    ) {
        numbers = (input, output, error)
        self.launcher = launcher
        self.interrupt = interrupt ?? { kill(getpid(), SIGINT) }
    }

    deinit { close() }

    /// A place at the terminal, which an actor has.
    public func seat() -> TerminalSeat { TerminalSeat(self) }

    /// Restores the terminal, and lets nobody write, read or change it any more.
    public func close() {
        state.withLock { state in
            restore(&state)
            state.isClosed = true
            state.streams = nil
        }
        line.close()
        state.withLock { state in
            defer { state.poller = nil }
            return state.poller
        }?.close()
    }

    // MARK: Signals of the user

    /// Whether the holder takes an interrupt in the node's place. It takes no further one when it has had several
    /// in a row.
    public func takesInterrupt() -> Bool {
        let tell = state.withLock { state -> (@Sendable (TerminalNotice) -> Void)? in
            guard state.takesSignals, !state.isClosed else { return nil }
            state.interrupts += 1
            return state.interrupts < Self.interruptsMax ? state.tell : nil
        }
        tell?(TerminalNotice(.interrupt))
        return tell != nil
    }

    /// Tells the holder that the node is about to end, and waits until it has heard, but not long.
    public func announceEnd(within time: Duration = .seconds(1)) async {
        let tell = state.withLock { $0.takesSignals ? $0.tell : nil }
        guard let tell else { return }
        let (heard, done) = AsyncStream.makeStream(of: Void.self)
        tell(TerminalNotice(.terminate) { done.finish() })
        await withTaskGroup { group in
            group.addTask { for await _ in heard {} }
            group.addTask { try? await Sleeper.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Tells the holder that the terminal has another size.
    public func resized() { state.withLock { $0.tell }?(TerminalNotice(.resized)) }

    /// Counts what keys say when they are no signals: in raw mode.
    func heard(_ bytes: [UInt8]) {
        let interrupt: UInt8 = 0x03
        let mustInterrupt = state.withLock { state -> Bool in
            let row = bytes.reversed().prefix { $0 == interrupt }.count
            state.interrupts = row == bytes.count ? state.interrupts + row : row
            return row > 0 && state.interrupts >= Self.interruptsMax
        }
        if mustInterrupt { self.interrupt() }
    }

    // MARK: Opening and restoring

    /// The open streams, and who watches them.
    func open(
        _ state: inout State
    ) -> Result<(TerminalStreams, Poller), TerminalError> {
        guard !state.isClosed else { return .failure(.closed) }
        if state.streams == nil {
            state.streams = TerminalStreams(numbers.input, numbers.output, numbers.error)
        }
        if state.poller == nil { state.poller = try? Poller() }
        guard let streams = state.streams, let poller = state.poller else {
            return .failure(.none)
        }
        return .success((streams, poller))
    }

    /// Whether a seat holds the terminal, or could.
    func isFree(for seat: TerminalSeat, _ state: State) -> Bool {
        state.holder == nil || state.holder == ObjectIdentifier(seat)
    }

    /// Makes a seat the holder, unless another one is.
    func hold(_ seat: TerminalSeat, _ state: inout State) -> Bool {
        guard isFree(for: seat, state) else { return false }
        state.holder = ObjectIdentifier(seat)
        return true
    }

    /// Starts what restores the terminal when the node is killed, once for each holder.
    func guardTerminal(_ state: inout State) {
        guard !state.hasKeeper, let streams = state.streams else { return }
        state.hasKeeper = true
        let attributes = streams.input.flatMap(TerminalAttributes.init)
        guard let input = streams.input, let attributes,
            let path = launcher ?? LauncherProcess.find()
        else { return }
        state.keeper = TerminalKeeper.start(
            path, attributes: attributes.bytes, input: input, output: streams.output)
    }

    /// Takes back what the holder did, and frees the terminal.
    func restore(_ state: inout State) {
        if let attributes = state.attributes, let input = state.streams?.input {
            _ = attributes.apply(to: input)
        }
        let farewell = state.screen.farewell
        if !farewell.isEmpty { _ = state.streams?.output.write(farewell[...]) }
        state.keeper?.release()
        state.holder = nil
        state.attributes = nil
        state.screen = ScreenState()
        state.farewell = []
        state.keeper = nil
        state.hasKeeper = false
        state.tell = nil
        state.takesSignals = false
        state.interrupts = 0
    }
}

/// What the holder of a terminal is told.
public struct TerminalNotice: Sendable {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// The user wants it to stop what it does.
        case interrupt
        /// The node is about to end.
        case terminate
        /// The terminal has another size.
        case resized
    }

    /// What happened.
    public let kind: Kind
    private let done: @Sendable () -> Void

    init(_ kind: Kind, _ done: @escaping @Sendable () -> Void = {}) {
        self.kind = kind
        self.done = done
    }

    /// Says that the notice was dealt with.
    public func settle() { done() }
}
