// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterManifest
internal import TheaterPlatform

/// What a cell tells about its actor without asking it.
extension Cell {
    /// How old a message or a running call may be before the watchdog says so.
    var messageAgeMax: Duration { manifest.limits.messageAgeMax }

    /// How long the running call runs and the oldest message waits; `nil` while somebody else is at the
    /// mailbox.
    func agesIfFree(at now: MonotonicTime) -> (call: Duration?, message: Duration?)? {
        guard let submitted = shared.withLockIfAvailable({ $0.mailbox.oldest?.submitted }) else {
            return nil
        }
        return (meter.callBegan.map { $0.age(at: now) }, submitted.map { $0.age(at: now) })
    }

    /// Everything that is counted.
    func metrics(at now: MonotonicTime) -> ActorMetrics {
        let submitted = shared.withLock { $0.mailbox.oldest?.submitted }
        let counts = zip(template.interfaces, meter.callsByInterface).filter { $0.1 > 0 }
        return ActorMetrics(
            info: info, reading: meter.reading(at: now), latency: meter.latency,
            hostCalls: counts.map { .init(interface: $0.0, count: $0.1) }
                .sorted { $0.interface < $1.interface },
            oldestMessageAge: submitted.map { $0.age(at: now) },
            runningCallAge: meter.callBegan.map { $0.age(at: now) },
            chainLength: recorder.chainLength, warnings: meter.found)
    }
}

extension MonotonicTime {
    /// How long ago the point in time was; zero for one to come.
    fileprivate func age(at now: MonotonicTime) -> Duration {
        let (difference, overflow) = now.nanoseconds.subtractingReportingOverflow(nanoseconds)
        return overflow ? .zero : .nanoseconds(max(0, difference))
    }
}
