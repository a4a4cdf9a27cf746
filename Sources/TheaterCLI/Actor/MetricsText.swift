// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterRuntime

/// An actor's metrics for people and for programs.
enum MetricsText {
    /// A few lines of figures, each under its name.
    static func lines(_ metrics: ActorMetrics) -> [String] {
        var calls = "calls   \(metrics.calls)"
        if metrics.errors > 0 { calls += ", \(metrics.errors) failed" }
        calls += " in \(time(metrics.callTime))"
        if let middle = metrics.latency.quantile(0.5), let high = metrics.latency.quantile(0.99) {
            calls += " (half within \(time(middle)), 99 % within \(time(high)))"
        }
        let hosts = metrics.hostCalls.map { "\($0.interface) \($0.count)" }
        var lines = [
            calls,
            "fuel    \(metrics.fuelUsed)",
            "memory  \(ByteCount(bytes: metrics.memoryPeak)) at most",
            "host    \(hosts.isEmpty ? "none" : hosts.joined(separator: ", "))",
        ]
        if let length = metrics.chainLength { lines.append("chain   \(ChainText.events(length))") }
        if metrics.mailboxDepth > 0 { lines.append("mailbox \(metrics.mailboxDepth) wait") }
        if !metrics.warnings.isEmpty {
            let warnings = metrics.warnings.map(\.rawValue)
            lines.append("too old \(warnings.joined(separator: ", "))")
        }
        if metrics.restarts > 0 { lines.append("started again \(metrics.restarts) times") }
        return lines
    }

    /// All figures, under the names of the documentation.
    static func json(_ metrics: ActorMetrics, parent: ActorID?) -> JSON {
        func number(_ value: some BinaryInteger) -> JSON { .number("\(value)") }
        func nanoseconds(_ duration: Duration) -> JSON {
            let (seconds, attoseconds) = duration.components
            return number(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        }
        return .object([
            ("actor", .string(metrics.actor.description)), ("name", .string(metrics.name)),
            ("parent", .optional(parent?.description)),
            ("status", .string(metrics.status.description)), ("calls", number(metrics.calls)),
            ("errors", number(metrics.errors)), ("fuel_used", number(metrics.fuelUsed)),
            ("call_time_ns", nanoseconds(metrics.callTime)),
            ("busy_time_ns", nanoseconds(metrics.busyTime)),
            ("slowest_call_ns", nanoseconds(metrics.slowestCall)),
            ("memory", number(metrics.memorySize)), ("memory_peak", number(metrics.memoryPeak)),
            ("mailbox_depth", number(metrics.mailboxDepth)),
            ("oldest_message_age_ns", metrics.oldestMessageAge.map(nanoseconds) ?? .null),
            ("running_call_age_ns", metrics.runningCallAge.map(nanoseconds) ?? .null),
            (
                "host_calls",
                .array(
                    metrics.hostCalls.map {
                        .object([
                            ("interface", .string($0.interface)), ("count", number($0.count)),
                        ])
                    })
            ),
            ("chain_length", metrics.chainLength.map { number($0) } ?? .null),
            ("restarts", number(metrics.restarts)),
            ("warnings", .array(metrics.warnings.map { .string($0.rawValue) })),
            (
                "latency",
                .array(
                    metrics.latency.buckets.map {
                        .object([("below", number($0.upperBound)), ("count", number($0.count))])
                    })
            ),
        ])
    }

    /// A duration with three digits at the most.
    private static func time(_ duration: Duration) -> String {
        let nanoseconds = duration / .nanoseconds(1)
        for (unit, size) in [("s", 1_000_000_000.0), ("ms", 1_000_000.0), ("µs", 1000.0)]
        where nanoseconds >= size {
            let value = nanoseconds / size
            if value >= 100 { return "\(Int(value.rounded())) \(unit)" }
            let tenths = Int((value * 10).rounded())
            return tenths % 10 == 0
                ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
        }
        return "\(Int(nanoseconds)) ns"
    }
}
