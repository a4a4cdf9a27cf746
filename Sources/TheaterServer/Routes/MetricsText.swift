// SPDX-License-Identifier: Apache-2.0

internal import TheaterRuntime

/// The numbers of a node in the text form that Prometheus reads.
struct MetricsText {
    private(set) var text = ""

    init(_ totals: RuntimeTotals, load: ControlLoad, version: String) {
        add("theater_build_info", "gauge", "The program.", [("{version=\"\(version)\"}", "1")])
        add("theater_actors", "gauge", "Actors that are not over.", totals.actors)
        add("theater_memory_bytes", "gauge", "Memory of the live guests.", totals.memorySize)
        add("theater_lives_started_total", "counter", "Lives begun.", totals.livesStarted)
        add(
            "theater_lives_ended_total", "counter", "Lives over, by how they ended.",
            [
                ("{end=\"completed\"}", "\(totals.livesEnded.completed)"),
                ("{end=\"stopped\"}", "\(totals.livesEnded.stopped)"),
                ("{end=\"killed\"}", "\(totals.livesEnded.killed)"),
                ("{end=\"failed\"}", "\(totals.livesEnded.failed)"),
            ])
        add("theater_calls_total", "counter", "Calls that are over.", totals.calls)
        add("theater_call_errors_total", "counter", "Calls that failed.", totals.errors)
        add("theater_fuel_used_total", "counter", "Fuel that calls used.", totals.fuelUsed)
        add("theater_host_calls_total", "counter", "Host calls.", totals.hostCalls)
        addLatency(totals.latency)
        add(
            "theater_dead_letters_total", "counter", "Messages that reached nobody, by reason.",
            totals.deadLetters.sorted { $0.key < $1.key }.map {
                ("{code=\"\($0.key)\"}", "\($0.value)")
            })
        add(
            "theater_events_dropped_total", "counter", "Events that slow subscribers lost.",
            totals.eventsDropped)
        add(
            "theater_notices_dropped_total", "counter",
            "Ends of children that slow parents were not told of.", totals.noticesDropped)
        add(
            "theater_watchdog_flagged_total", "counter",
            "Calls and messages that were older than their limit.",
            [
                ("{kind=\"running-call\"}", "\(totals.callsFlagged)"),
                ("{kind=\"oldest-message\"}", "\(totals.messagesFlagged)"),
            ])
        add(
            "theater_commands", "gauge", "Commands of the control plane.",
            [
                ("{state=\"running\"}", "\(load.running)"),
                ("{state=\"waiting\"}", "\(load.waiting)"),
            ])
    }

    private mutating func add(
        _ name: String, _ type: String, _ help: String, _ value: some BinaryInteger
    ) {
        add(name, type, help, [("", "\(value)")])
    }

    private mutating func add(
        _ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
    }

    /// Bounds from 10 µs to 100 s; a bucket of ours counts in the first one that it ends below.
    private mutating func addLatency(_ latency: LatencyHistogram) {
        let name = "theater_call_seconds"
        text += "# HELP \(name) How long calls took.\n# TYPE \(name) histogram\n"
        let buckets = latency.buckets
        for (label, bound) in [
            ("1e-05", 10_000), ("0.0001", 100_000), ("0.001", 1_000_000), ("0.01", 10_000_000),
            ("0.1", 100_000_000), ("1.0", 1_000_000_000), ("10.0", 10_000_000_000),
            ("100.0", 100_000_000_000),
        ] as [(String, Int64)] {
            let below = buckets.filter { $0.upperBound <= bound }.reduce(0) { $0 + $1.count }
            text += "\(name)_bucket{le=\"\(label)\"} \(below)\n"
        }
        text += "\(name)_bucket{le=\"+Inf\"} \(latency.count)\n\(name)_count \(latency.count)\n"
    }
}
