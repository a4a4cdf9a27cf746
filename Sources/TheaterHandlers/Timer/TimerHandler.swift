// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// Calls an actor back at times: `theater:simple/timer.handle-tick`, with the timer's name.
///
/// Manifest: `type = "timer"`, with `timers_max` (64), `min_interval_ms` (10), and `interval_ms`, which
/// starts a timer named `default` with the actor.
///
/// A timer has at most one tick under way. What is missed meanwhile is skipped, and so is the tick of an
/// interval that meets a full mailbox; that of a timeout is tried again. An error of the callback ends
/// the timer only where it ends the actor.
public final class TimerHandler: Handler {
    /// The name used in manifests.
    public static let name = "timer"

    /// `theater:simple/timer`, and beside it what came later: `theater:simple/timer-once`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface timer {
                    @package: string = "theater:simple"
                    exports {
                        set-interval: func(name: string, interval-ms: u64) -> result<string, string>
                        clear-interval: func(name: string) -> result<_, string>
                        now: func() -> u64
                    }
                }
                """),
        HostInterface(
            pact: """
                interface timer-once {
                    @package: string = "theater:simple"
                    exports {
                        set-timeout: func(name: string, delay-ms: u64) -> result<string, string>
                    }
                }
                """),
    ]

    /// A child has no more timers, and no faster ones, than its parent may have.
    public static let authority: [AuthorityKey] = [
        .maximum("timers_max", absent: UInt64(countDefault)),
        .minimum("min_interval_ms", absent: UInt64(intervalMinDefault)),
        .free("interval_ms"),
    ]

    /// The most timers of an actor when the manifest does not say.
    public static let countDefault = 64
    /// The most timers of an actor that a manifest may allow.
    public static let countMaxMax = 1024
    /// The shortest interval when the manifest does not say, in milliseconds.
    public static let intervalMinDefault = 10
    /// The longest interval or delay, in milliseconds: a year.
    public static let intervalMax = 31_536_000_000
    /// The longest name of a timer, in bytes.
    public static let nameSizeMax = 256

    private static let callback = "theater:simple/timer.handle-tick"
    /// How many timers may be ending beside those that the actor has: it may set and clear quickly.
    private static let endingMax = 1024

    private struct Entry {
        let number: UInt64
        /// Whether it fires once and has begun to: the actor may set it anew.
        var isFiring = false
    }

    private let context: HandlerContext
    private let countMax: Int
    private let intervalMin: Int
    private let tasks: OwnedTasks
    private let timers = Mutex<[String: Entry]>([:])

    /// Makes the handler of one actor, and its `default` timer.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let count = grant.integer("timers_max", in: 0...Self.countMaxMax)
        let least = grant.integer("min_interval_ms", in: 1...Self.intervalMax)
        let interval = grant.integer("interval_ms", in: 1...Self.intervalMax)
        countMax = count ?? Self.countDefault
        intervalMin = least ?? Self.intervalMinDefault
        if let interval, interval < intervalMin {
            grant.refuse(
                "interval_ms",
                "'interval_ms' is \(interval), shorter than the least interval, \(intervalMin)",
                suggestion: "raise it, or lower min_interval_ms")
        }
        if interval != nil, countMax == 0 {
            grant.refuse(
                "interval_ms", "'interval_ms' is set, and timers_max allows no timer",
                suggestion: "raise timers_max")
        }
        try grant.finish()
        self.context = context
        tasks = OwnedTasks(world: context.world, countMax: countMax + Self.endingMax)
        // An actor without the callback has no use for it; one that is only checked has none either.
        if let interval, context.cell.exports(Self.callback) {
            _ = add("default", .milliseconds(interval), isOnce: false)
        }
    }

    /// Ends every timer. A tick that waits for its turn is withdrawn.
    public func close() async { await tasks.close() }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch (call.function, call.arguments.first, call.arguments.dropFirst().first) {
        case ("now", _, _): .value(.u64(context.world.milliseconds))
        case ("set-interval", .string(let name)?, .u64(let milliseconds)?):
            set(name, milliseconds, isOnce: false)
        case ("set-timeout", .string(let name)?, .u64(let milliseconds)?):
            set(name, milliseconds, isOnce: true)
        case ("clear-interval", .string(let name)?, nil): clear(name)
        default:
            .failure(
                HostError(
                    "timer.wrong-argument", "'\(call.function)' got an argument of another type"))
        }
    }

    // MARK: Setting and clearing

    private func set(_ name: String, _ milliseconds: UInt64, isOnce: Bool) -> HostReply {
        guard (1...Self.nameSizeMax).contains(name.utf8.count) else {
            return .failure(
                HostError(
                    "timer.bad-name",
                    "a timer's name has 1 to \(Self.nameSizeMax) bytes, this one has "
                        + "\(name.utf8.count)"))
        }
        guard milliseconds > 0 || isOnce, milliseconds <= UInt64(Self.intervalMax) else {
            return .failure(
                HostError(
                    "timer.bad-interval",
                    "timer '\(name)' cannot run every \(milliseconds) ms; pass 1 to "
                        + "\(Self.intervalMax)"))
        }
        guard isOnce || milliseconds >= UInt64(intervalMin) else {
            return .denied(
                HostError(
                    "timer.too-short",
                    "timer '\(name)' cannot run every \(milliseconds) ms: the grant allows at least "
                        + "\(intervalMin) ms. Take longer, or lower min_interval_ms"))
        }
        guard context.cell.exports(Self.callback) else {
            return .failure(
                HostError(
                    "timer.no-callback",
                    "the actor does not export \(Self.callback), so nobody would hear timer "
                        + "'\(name)'"))
        }
        if let error = add(name, .milliseconds(Int64(milliseconds)), isOnce: isOnce) {
            return .failure(error)
        }
        return .ok(.string(name), .string)
    }

    /// Adds a timer and starts its task.
    private func add(_ name: String, _ duration: Duration, isOnce: Bool) -> HostError? {
        guard let number = tasks.reserve() else {
            return HostError(
                "timer.too-many",
                "more than \(Self.endingMax) timers were cleared that are not over yet, or the actor "
                    + "ends; set fewer in one call")
        }
        let (refusal, replaced) = timers.withLock { timers -> (HostError?, UInt64?) in
            let known = timers[name]
            if let known, !known.isFiring {
                return (
                    HostError(
                        "timer.exists",
                        "timer '\(name)' exists already; clear it first, or choose another name"),
                    nil
                )
            }
            guard known != nil || timers.count < countMax else {
                return (
                    HostError(
                        "timer.too-many",
                        "the actor has \(countMax) timers, which is all its grant allows; clear one, "
                            + "or raise timers_max"), nil
                )
            }
            timers[name] = Entry(number: number)
            return (nil, known?.number)
        }
        if let refusal {
            tasks.forget(number)
            return refusal
        }
        if let replaced { tasks.cancel(replaced) }
        let now = context.world.now()
        let schedule = TimerSchedule(
            due: isOnce ? now.advanced(by: duration) : now, interval: isOnce ? nil : duration)
        tasks.start(number) { await self.run(name, number, schedule) }
        return nil
    }

    private func clear(_ name: String) -> HostReply {
        guard let entry = timers.withLock({ $0.removeValue(forKey: name) }) else {
            return .failure(
                HostError(
                    "timer.not-found",
                    "the actor has no timer '\(name.prefix(64))'; it was cleared, or has fired"))
        }
        tasks.cancel(entry.number)
        return .ok()
    }

    // MARK: Ticking

    private func run(_ name: String, _ number: UInt64, _ first: TimerSchedule) async {
        defer { remove(name, number) }
        var schedule = first
        let world = context.world
        while true {
            guard (try? await world.sleep(until: schedule.due)) != nil,
                begins(name, number, isOnce: schedule.interval == nil)
            else { return }
            switch await context.cell.call(Self.callback, [.string(name)]) {
            case .success:
                guard schedule.interval != nil else { return }
                schedule.advance(now: world.now())
            case .failure(let error):
                guard goesOn(after: error, &schedule, name) else { return }
            }
        }
    }

    /// Whether a timer is still there, and so may tick.
    private func begins(_ name: String, _ number: UInt64, isOnce: Bool) -> Bool {
        timers.withLock { timers in
            guard timers[name]?.number == number else { return false }
            timers[name]?.isFiring = isOnce
            return true
        }
    }

    private func remove(_ name: String, _ number: UInt64) {
        timers.withLock { timers in
            if timers[name]?.number == number { timers[name] = nil }
        }
    }

    /// What follows a tick that gave no answer.
    private func goesOn(
        after error: CallbackError, _ schedule: inout TimerSchedule, _ name: String
    ) -> Bool {
        switch error.code {
        case .mailboxFull, .late:
            if schedule.interval == nil {
                schedule.retry(now: context.world.now(), after: .milliseconds(intervalMin))
            } else {
                schedule.advance(now: context.world.now())
            }
            context.logger.debug("a tick of timer '\(name)' found no room: \(error.message)")
            return true
        case .failed where error.value != nil && schedule.interval != nil:
            schedule.advance(now: context.world.now())
            return true
        case .failed, .absent:
            context.logger.warning("timer '\(name)' ended: \(error.message)")
            return false
        case .ended, .crashed: return false
        }
    }
}
