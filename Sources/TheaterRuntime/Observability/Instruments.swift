// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import TheaterHandler

/// Everything that the runtime reports through swift-metrics. Labels have values from closed sets alone:
/// never an actor, a path or a text.
struct Instruments: Sendable {
    let actors: Gauge
    let livesStarted: Counter
    let memory: Gauge
    let calls: Counter
    let errors: Counter
    let fuel: Counter
    let hostCalls: Counter
    let eventsDropped: Counter
    let noticesDropped: Counter
    let callsFlagged: Counter
    let messagesFlagged: Counter
    let errorsReported: Counter
    private let livesEnded: [String: Counter]
    private let deadLetters: [MessageError.Code: Counter]
    private let commands: [CommandName: CoreMetrics.Timer]
    private let commandsFailed: [CommandName: Counter]

    init(_ factory: (any MetricsFactory)?) {
        let factory = factory ?? MetricsSystem.factory
        func counter(_ label: String, _ dimensions: [(String, String)] = []) -> Counter {
            Counter(label: label, dimensions: dimensions, factory: factory)
        }
        actors = Gauge(label: "theater.actors", factory: factory)
        livesStarted = counter("theater.lives.started")
        memory = Gauge(label: "theater.actors.memory.bytes", factory: factory)
        calls = counter("theater.calls")
        errors = counter("theater.calls.failed")
        fuel = counter("theater.fuel.used")
        hostCalls = counter("theater.host_calls")
        eventsDropped = counter("theater.events.dropped")
        noticesDropped = counter("theater.notices.dropped")
        callsFlagged = counter("theater.watchdog.flagged", [("kind", "running-call")])
        messagesFlagged = counter("theater.watchdog.flagged", [("kind", "oldest-message")])
        errorsReported = counter("theater.runtime.errors")
        livesEnded = Dictionary(
            uniqueKeysWithValues: ["completed", "stopped", "killed", "failed"].map {
                ($0, counter("theater.lives.ended", [("outcome", $0)]))
            })
        deadLetters = Dictionary(
            uniqueKeysWithValues: MessageError.Code.allCases.map {
                ($0, counter("theater.dead_letters", [("code", $0.rawValue)]))
            })
        var timers: [CommandName: CoreMetrics.Timer] = [:]
        var failures: [CommandName: Counter] = [:]
        for name in CommandName.allCases {
            let dimensions = [("command", name.rawValue)]
            timers[name] = Timer(
                label: "theater.command.duration", dimensions: dimensions, factory: factory)
            failures[name] = counter("theater.command.failed", dimensions)
        }
        commands = timers
        commandsFailed = failures
    }

    func ended(_ reason: ExitReason) { livesEnded[reason.kind]?.increment() }

    /// A message became a dead letter.
    func buried(_ code: MessageError.Code) { deadLetters[code]?.increment() }

    func command(_ name: CommandName, took nanoseconds: Int64, failed: Bool) {
        commands[name]?.recordNanoseconds(nanoseconds)
        if failed { commandsFailed[name]?.increment() }
    }
}
