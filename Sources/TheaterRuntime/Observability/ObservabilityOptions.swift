// SPDX-License-Identifier: Apache-2.0

public import CoreMetrics

/// How a node watches its actors and where it reports.
public struct ObservabilityOptions: Sendable {
    /// How often the watchdog looks and the totals are reported; `nil` for never.
    public var interval: Duration?
    /// How many actors are looked at each time; the others have their turn at the next.
    public var actorsPerRound: Int
    /// Who gets the totals; `nil` for the process's own `MetricsSystem`.
    public var metrics: (any MetricsFactory)?
    /// Who gets a span of each call and each host call; `nil` makes none.
    public var spans: (any SpanSink)?

    /// Makes options.
    public init(
        interval: Duration? = .seconds(1), actorsPerRound: Int = 4096,
        metrics: (any MetricsFactory)? = nil, spans: (any SpanSink)? = nil
    ) {
        self.spans = spans
        self.interval = interval
        self.actorsPerRound = max(1, actorsPerRound)
        self.metrics = metrics
    }
}
