// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime

/// Spans and metrics in the JSON form of OTLP 1.
struct OTLPText {
    let serviceName: String
    let version: String
    /// Since when counters count.
    let started: WallTime

    /// A request with spans.
    func traces(_ spans: [FinishedSpan]) -> JSONValue {
        [
            "resourceSpans": [
                [
                    "resource": resource,
                    "scopeSpans": [
                        ["scope": scope, "spans": .array(spans.map(Self.span))]
                    ],
                ]
            ]
        ]
    }

    /// A request with metrics.
    func metrics(_ totals: RuntimeTotals, dropped: UInt64, at now: WallTime) -> JSONValue {
        let ends: [(String, UInt64)] = [
            ("completed", totals.livesEnded.completed), ("stopped", totals.livesEnded.stopped),
            ("killed", totals.livesEnded.killed), ("failed", totals.livesEnded.failed),
        ]
        func gauge(_ name: String, _ unit: String, _ value: some BinaryInteger) -> JSONValue {
            [
                "name": .string(name), "unit": .string(unit),
                "gauge": ["dataPoints": [point(UInt64(clamping: value), now, [:])]],
            ]
        }
        func counter(
            _ name: String, _ unit: String, _ values: [([String: String], UInt64)]
        ) -> JSONValue {
            [
                "name": .string(name), "unit": .string(unit),
                "sum": [
                    "aggregationTemporality": 2, "isMonotonic": true,
                    "dataPoints": .array(values.map { point($0.1, now, $0.0) }),
                ],
            ]
        }
        let list: [JSONValue] = [
            gauge("theater.actors", "{actor}", totals.actors),
            gauge("theater.actors.memory.bytes", "By", totals.memorySize),
            counter("theater.lives.started", "{life}", [([:], totals.livesStarted)]),
            counter("theater.lives.ended", "{life}", ends.map { (["outcome": $0.0], $0.1) }),
            counter("theater.calls", "{call}", [([:], totals.calls)]),
            counter("theater.calls.failed", "{call}", [([:], totals.errors)]),
            counter("theater.fuel.used", "{unit}", [([:], totals.fuelUsed)]),
            counter("theater.host_calls", "{call}", [([:], totals.hostCalls)]),
            counter(
                "theater.dead_letters", "{message}",
                totals.deadLetters.map { (["code": $0.key], $0.value) }),
            counter("theater.events.dropped", "{event}", [([:], totals.eventsDropped)]),
            counter("theater.notices.dropped", "{notice}", [([:], totals.noticesDropped)]),
            counter(
                "theater.watchdog.flagged", "{warning}",
                [
                    (["kind": "running-call"], totals.callsFlagged),
                    (["kind": "oldest-message"], totals.messagesFlagged),
                ]),
            counter("theater.telemetry.spans.dropped", "{span}", [([:], dropped)]),
        ]
        return [
            "resourceMetrics": [
                [
                    "resource": resource,
                    "scopeMetrics": [["scope": scope, "metrics": .array(list)]],
                ]
            ]
        ]
    }

    private var resource: JSONValue {
        [
            "attributes": [
                Self.attribute("service.name", serviceName),
                Self.attribute("service.version", version),
            ]
        ]
    }

    private var scope: JSONValue { ["name": "theater", "version": .string(version)] }

    private func point(_ value: UInt64, _ now: WallTime, _ labels: [String: String]) -> JSONValue {
        [
            "startTimeUnixNano": .string("\(started.nanoseconds)"),
            "timeUnixNano": .string("\(now.nanoseconds)"), "asInt": .string("\(value)"),
            "attributes": .array(labels.map { Self.attribute($0.key, $0.value) }),
        ]
    }

    private static func span(_ span: FinishedSpan) -> JSONValue {
        var attributes = [
            attribute("theater.actor.id", span.actor.description),
            attribute("theater.actor.name", span.actorName),
        ]
        if let event = span.event {
            attributes.append(attribute("theater.chain.sequence", event.sequence))
            attributes.append(attribute("theater.chain.hash", event.hash.description))
        }
        if let first = span.first { attributes.append(attribute("theater.chain.first", first)) }
        var members: [JSONValue.Member] = [
            .init("traceId", .string(span.context.traceText)),
            .init("spanId", .string(span.context.spanText)),
        ]
        if let parent = span.parent {
            members.append(.init("parentSpanId", .string(TraceContext.text(parent))))
        }
        members += [
            .init("name", .string(span.name)),
            // 2 serves somebody, 3 asks somebody.
            .init("kind", .integer(span.kind == .call ? 2 : 3)),
            .init("startTimeUnixNano", .string("\(span.start.nanoseconds)")),
            .init("endTimeUnixNano", .string("\(span.end.nanoseconds)")),
            .init("attributes", .array(attributes)),
        ]
        if span.hasFailed { members.append(.init("status", ["code": 2])) }
        return .object(members)
    }

    private static func attribute(_ name: String, _ value: String) -> JSONValue {
        ["key": .string(name), "value": ["stringValue": .string(value)]]
    }

    private static func attribute(_ name: String, _ value: UInt64) -> JSONValue {
        ["key": .string(name), "value": ["intValue": .string("\(value)")]]
    }
}
