// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterProcess
internal import TheaterValue

/// The terminal that a node was started from.
///
/// What its user does are callbacks of the interface's own name: `theater:simple/terminal.handle-input` with the
/// bytes of keys, `handle-signal` with `interrupt` or `terminate`, `handle-resize` with columns and rows. What
/// the actor does not export is not called.
///
/// One actor holds the terminal at a time, and it is restored when that actor ends. Manifest:
/// `type = "terminal"`; see `Documentation/HandlersTerminal.md`.
///
/// Nothing of it is an effect: what was shown is not worth a wait for the disk.
public final class TerminalHandler: Handler {
    /// The name used in manifests.
    public static let name = "terminal"

    /// `theater:simple/terminal`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface terminal {
                    @package: string = "theater:simple"
                    exports {
                        write-stdout: func(data: list<u8>) -> result<u64, string>
                        write-stderr: func(data: list<u8>) -> result<u64, string>
                        set-raw-mode: func(enabled: bool) -> result<_, string>
                        get-size: func() -> result<tuple<u16, u16>, string>
                        enable-input: func() -> result<_, string>
                    }
                }
                """,
            suspending: ["write-stdout", "write-stderr"])
    ]

    /// A child hears no keys, and changes nothing, that its parent may not.
    public static let authority: [AuthorityKey] = [
        .flag("input", absent: true), .flag("raw_mode", absent: true),
    ]

    /// The most bytes of one callback.
    static let inputSizeMax = 1024
    /// The notices that wait for the actor; of more, the oldest are dropped.
    private static let noticesMax = 16

    private static let callbacks = (
        input: "theater:simple/terminal.handle-input",
        signal: "theater:simple/terminal.handle-signal",
        resize: "theater:simple/terminal.handle-resize"
    )

    private let context: HandlerContext
    private let mayHear: Bool
    private let mayBeRaw: Bool
    private let seat: TerminalSeat?
    private let tasks: OwnedTasks

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        mayHear = grant.bool("input") ?? true
        mayBeRaw = grant.bool("raw_mode") ?? true
        try grant.finish()
        self.context = context
        seat = context.services.service(TerminalHost.self)?.seat()
        // Two for each time that input is enabled, which are over soon when it ends.
        tasks = OwnedTasks(world: context.world, countMax: 8)
    }

    /// Gives the terminal back as it was found.
    public func close() async {
        seat?.stopReading()
        await tasks.close()
        seat?.leave()
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        guard let seat else { return Self.refusal(.withoutTerminal) }
        switch (call.function, call.arguments.first, call.arguments.dropFirst().first) {
        case ("write-stdout", let data?, nil):
            guard let bytes = data.asBytes else { break }
            return Self.write(bytes, to: .output, seat)
        case ("write-stderr", let data?, nil):
            guard let bytes = data.asBytes else { break }
            return Self.write(bytes, to: .error, seat)
        case ("set-raw-mode", .bool(let isRaw)?, nil):
            guard mayBeRaw || !isRaw else {
                return .denied(
                    HostError(
                        "terminal.raw-denied",
                        "the grant does not cover raw mode; set raw_mode = true"))
            }
            return Self.result { () throws(TerminalError) in try seat.setRawMode(isRaw) }
        case ("get-size", nil, nil):
            do throws(TerminalError) {
                let (columns, rows) = try seat.size()
                let type = ValueType.tuple([.primitive(.u16), .primitive(.u16)])
                return .ok(.tuple([.u16(columns), .u16(rows)]), type)
            } catch {
                return Self.refusal(error)
            }
        case ("enable-input", nil, nil): return enableInput(seat)
        default: break
        }
        return .failure(
            HostError(
                "terminal.wrong-argument", "'\(call.function)' got an argument of another type"))
    }

    private static func write(
        _ bytes: [UInt8], to stream: TerminalSeat.Stream, _ seat: TerminalSeat
    ) -> HostReply {
        .later {
            do throws(TerminalError) {
                try await seat.write(bytes, to: stream)
                return .success(.ok(.u64(UInt64(clamping: bytes.count)), .primitive(.u64)))
            } catch {
                return .failure(HostError(error.code.rawValue, error.message))
            }
        }
    }

    // MARK: Input

    private func enableInput(_ seat: TerminalSeat) -> HostReply {
        guard mayHear else {
            return .denied(
                HostError(
                    "terminal.input-denied", "the grant does not cover input; set input = true"))
        }
        guard context.cell.exports(Self.callbacks.input) else {
            return .failure(
                HostError(
                    "terminal.no-callback",
                    "the actor does not export \(Self.callbacks.input), so nobody would hear the "
                        + "terminal"))
        }
        guard let input = tasks.reserve() else { return Self.refusal(.ending) }
        guard let signals = tasks.reserve() else {
            tasks.forget(input)
            return Self.refusal(.ending)
        }
        let (notices, notice) = AsyncStream.makeStream(
            of: TerminalNotice.self, bufferingPolicy: .bufferingNewest(Self.noticesMax))
        do throws(TerminalError) {
            try seat.enableInput(takesSignals: context.cell.exports(Self.callbacks.signal)) {
                if case .dropped(let old) = notice.yield($0) { old.settle() }
            }
        } catch {
            tasks.forget(input)
            tasks.forget(signals)
            return Self.refusal(error)
        }
        tasks.start(signals) {
            for await notice in notices {
                await self.deliver(notice, seat)
                notice.settle()
            }
        }
        tasks.start(input) {
            await self.listen(seat)
            notice.finish()
        }
        return .ok()
    }

    /// Passes input on, one callback at a time: what the actor does not take stays in the terminal.
    private func listen(_ seat: TerminalSeat) async {
        while let bytes = await seat.read(Self.inputSizeMax) {
            if bytes.isEmpty { seat.inputEnded() }
            guard await deliver(Self.callbacks.input, [.bytes(bytes)]), !bytes.isEmpty else {
                return
            }
        }
    }

    private func deliver(_ notice: TerminalNotice, _ seat: TerminalSeat) async {
        switch notice.kind {
        case .interrupt: _ = await deliver(Self.callbacks.signal, [.string("interrupt")])
        case .terminate: _ = await deliver(Self.callbacks.signal, [.string("terminate")])
        case .resized:
            guard context.cell.exports(Self.callbacks.resize), let size = try? seat.size() else {
                return
            }
            _ = await deliver(Self.callbacks.resize, [.u16(size.columns), .u16(size.rows)])
        }
    }

    /// Calls the actor.
    ///
    /// - Returns: whether it makes sense to call it again.
    private func deliver(_ callback: String, _ arguments: [Value]) async -> Bool {
        // Again until it was called: no key may be lost.
        await context.cell.goesOn(callback, arguments, while: { !Task.isCancelled })
    }

    // MARK: Refusals

    private static func result(_ work: () throws(TerminalError) -> Void) -> HostReply {
        do throws(TerminalError) {
            try work()
            return .ok()
        } catch {
            return refusal(error)
        }
    }

    private static func refusal(_ error: TerminalError) -> HostReply {
        .failure(HostError(error.code.rawValue, error.message))
    }
}

extension TerminalError {
    fileprivate static let withoutTerminal = TerminalError(
        .none, "this node has no terminal; run the actor with `theater run`, or give the node one")
    fileprivate static let ending = TerminalError(
        .closed, "the actor ends, or enabled its input too often at once; try again later")
}
