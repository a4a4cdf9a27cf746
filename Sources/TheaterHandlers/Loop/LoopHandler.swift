// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// Calls an actor back again and again, each time with the bytes that it answered before:
/// `theater:simple/loop-client.loop`.
///
/// Manifest: `type = "loop"`, with `min_interval_ms` (1), the least time from one call to the next, and
/// `state_max` (1 MiB), the most bytes that go round.
///
/// The loop ends when the callback answers nothing or an error, with `stop-loop`, and with the actor. A
/// call that meets a full mailbox is tried again.
public final class LoopHandler: Handler {
    /// The name used in manifests.
    public static let name = "loop"

    /// The one interface: `theater:simple/loop`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface loop {
                    @package: string = "theater:simple"
                    exports {
                        start-loop: func(initial-state: list<u8>) -> result<_, string>
                        stop-loop: func() -> result<_, string>
                    }
                }
                """)
    ]

    /// A child's loop runs no faster, and carries no more, than its parent's may.
    public static let authority: [AuthorityKey] = [
        .minimum("min_interval_ms", absent: UInt64(intervalMinDefault)),
        .maximum("state_max", .bytes, absent: stateMaxDefault),
    ]

    /// The least time between calls when the manifest does not say, in milliseconds.
    public static let intervalMinDefault = 1
    /// The longest such time that a manifest may say, in milliseconds: a day.
    public static let intervalMinMax = 86_400_000
    /// The most bytes that go round when the manifest does not say.
    public static let stateMaxDefault: UInt64 = 1 << 20
    /// The most bytes that a manifest may let go round.
    public static let stateMaxMax: UInt64 = 16 << 20

    private static let callback = "theater:simple/loop-client.loop"
    /// How many loops may be ending beside the one that runs.
    private static let endingMax = 1024

    private let context: HandlerContext
    private let interval: Duration
    private let stateMax: UInt64
    private let tasks: OwnedTasks
    /// The number of the loop that runs.
    private let running = Mutex<UInt64?>(nil)

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let least = grant.integer("min_interval_ms", in: 1...Self.intervalMinMax)
        let size = grant.bytes(
            "state_max", in: ByteCount(bytes: 0)...ByteCount(bytes: Self.stateMaxMax))
        try grant.finish()
        self.context = context
        interval = .milliseconds(least ?? Self.intervalMinDefault)
        stateMax = size?.bytes ?? Self.stateMaxDefault
        tasks = OwnedTasks(world: context.world, countMax: 1 + Self.endingMax)
    }

    /// Ends the loop. A call that waits for its turn is withdrawn.
    public func close() async { await tasks.close() }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch (call.function, call.arguments.first?.asBytes) {
        case ("start-loop", let state?): start(state)
        case ("stop-loop", nil): stop()
        default:
            .failure(
                HostError(
                    "loop.wrong-argument", "'\(call.function)' got an argument of another type"))
        }
    }

    private func start(_ state: [UInt8]) -> HostReply {
        guard state.count <= stateMax else {
            return .denied(
                HostError(
                    "loop.too-large",
                    "a loop cannot begin with \(state.count) bytes: the grant allows \(stateMax). "
                        + "Keep them in the actor's state, or raise state_max"))
        }
        guard context.cell.exports(Self.callback) else {
            return .failure(
                HostError(
                    "loop.no-callback",
                    "the actor does not export \(Self.callback), so there is nothing to call"))
        }
        guard let number = tasks.reserve() else {
            return .failure(
                HostError(
                    "loop.too-many",
                    "more than \(Self.endingMax) loops were stopped that are not over yet, or the "
                        + "actor ends; start fewer in one call"))
        }
        let isFree = running.withLock { running in
            guard running == nil else { return false }
            running = number
            return true
        }
        guard isFree else {
            tasks.forget(number)
            return .failure(
                HostError("loop.already-running", "the loop is running already; stop it first"))
        }
        tasks.start(number) { await self.run(number, state) }
        return .ok()
    }

    private func stop() -> HostReply {
        let number = running.withLock { running in
            defer { running = nil }
            return running
        }
        guard let number else {
            return .failure(
                HostError("loop.not-running", "no loop is running; it ended, or was not started"))
        }
        tasks.cancel(number)
        return .ok()
    }

    // MARK: Running

    private func run(_ number: UInt64, _ first: [UInt8]) async {
        defer {
            running.withLock { running in
                if running == number { running = nil }
            }
        }
        var state = first
        while running.withLock({ $0 }) == number {
            let next = context.world.now().advanced(by: interval)
            switch await context.cell.call(Self.callback, [.bytes(state)]) {
            case .success(let answer):
                guard let answered = continuation(answer) else { return }
                state = answered
            case .failure(let error):
                guard goesOn(after: error) else { return }
            }
            guard (try? await context.world.sleep(until: next)) != nil else { return }
        }
    }

    /// The bytes to go on with; `nil` when the loop is over.
    private func continuation(_ answer: Value) -> [UInt8]? {
        var answer = answer
        // A callback that takes no state answers its result as it is.
        if case .result(_, _, .ok(let inner)) = answer { answer = inner }
        if case .option(_, let inner) = answer {
            guard let inner else { return nil }
            answer = inner
        }
        if answer == .unit { return nil }
        guard let bytes = answer.asBytes else {
            context.logger.warning(
                "the loop ended: its callback answered something else than bytes")
            return nil
        }
        guard bytes.count <= stateMax else {
            context.logger.warning(
                "the loop ended: its callback answered \(bytes.count) bytes, and state_max is \(stateMax)"
            )
            return nil
        }
        return bytes
    }

    private func goesOn(after error: CallbackError) -> Bool {
        switch error.code {
        case .mailboxFull, .late:
            context.logger.debug("a turn of the loop found no room: \(error.message)")
            return true
        case .failed, .absent:
            context.logger.warning("the loop ended: \(error.message)")
            return false
        case .ended, .crashed: return false
        }
    }
}
