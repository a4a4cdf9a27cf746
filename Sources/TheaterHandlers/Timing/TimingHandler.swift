// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterHandler
public import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// The time, and waiting for it.
///
/// Manifest: `type = "timing"`, with `max_sleep_duration` (3,600,000) and `min_sleep_duration` (1), both
/// in milliseconds. A wait suspends its actor and holds no thread; it ends with the actor, at once.
public struct TimingHandler: Handler {
    /// The name used in manifests.
    public static let name = "timing"

    /// The one interface: `theater:simple/timing`.
    public static let interfaces = [
        HostInterface(
            pact: """
                interface timing {
                    @package: string = "theater:simple"
                    exports {
                        now: func() -> u64
                        sleep: func(duration: u64) -> result<_, string>
                        deadline: func(timestamp: u64) -> result<_, string>
                    }
                }
                """,
            suspending: ["sleep", "deadline"])
    ]

    /// A child waits no longer, and no shorter, than its parent may.
    public static let authority: [AuthorityKey] = [
        .maximum("max_sleep_duration", absent: sleepMaxDefault),
        .minimum("min_sleep_duration", absent: sleepMinDefault),
    ]

    /// What waits is cancelled by the runtime.
    public static let isStateless = true

    /// The longest wait when the manifest does not say, in milliseconds.
    public static let sleepMaxDefault: UInt64 = 3_600_000
    /// The shortest sleep when the manifest does not say, in milliseconds.
    public static let sleepMinDefault: UInt64 = 1
    /// The longest wait that a manifest may allow, in milliseconds: a year.
    public static let sleepMaxMax = 31_536_000_000

    private let world: World
    private let sleepMax: UInt64
    private let sleepMin: UInt64

    /// Makes the handler of one actor.
    public init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        let most = grant.integer("max_sleep_duration", in: 0...Self.sleepMaxMax)
        let least = grant.integer("min_sleep_duration", in: 0...Self.sleepMaxMax)
        try grant.finish()
        sleepMax = most.flatMap { UInt64(exactly: $0) } ?? Self.sleepMaxDefault
        sleepMin = least.flatMap { UInt64(exactly: $0) } ?? Self.sleepMinDefault
        world = context.world
    }

    /// Answers one call.
    public func answer(_ call: HostCall) -> HostReply {
        switch (call.function, call.arguments.first) {
        case ("now", _): return .value(.u64(world.milliseconds))
        case ("sleep", .u64(let duration)?):
            guard duration >= sleepMin else {
                return .denied(
                    HostError(
                        "timing.too-short",
                        "a sleep of \(duration) ms is shorter than the \(sleepMin) ms that the grant "
                            + "allows; sleep longer, or lower min_sleep_duration"))
            }
            return wait(.milliseconds(Int64(clamping: duration)), milliseconds: duration)
        case ("deadline", .u64(let timestamp)?):
            let now = world.wallTime().nanoseconds
            let (end, isBeyond) = Int64(clamping: timestamp)
                .multipliedReportingOverflow(by: 1_000_000)
            guard isBeyond || end > now else { return .ok() }
            let left = (isBeyond ? .max : end).subtractingReportingOverflow(now)
            let nanoseconds = left.overflow ? .max : left.partialValue
            // Rounded up: what lies beyond the bound by less than a millisecond is beyond it.
            let rounded = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0)
            return wait(.nanoseconds(nanoseconds), milliseconds: UInt64(clamping: rounded))
        default:
            return .failure(
                HostError(
                    "timing.wrong-argument", "'\(call.function)' got an argument of another type"))
        }
    }

    private func wait(_ duration: Duration, milliseconds: UInt64) -> HostReply {
        guard milliseconds <= sleepMax else {
            return .denied(
                HostError(
                    "timing.too-long",
                    "a wait of \(milliseconds) ms is longer than the \(sleepMax) ms that the grant "
                        + "allows; wait in parts, or raise max_sleep_duration"))
        }
        let world = world
        return .later {
            do {
                try await world.sleep(for: duration)
                return .success(.ok())
            } catch {
                return .failure(
                    HostError("timing.cancelled", "the wait was given up: its actor is ending"))
            }
        }
    }
}
