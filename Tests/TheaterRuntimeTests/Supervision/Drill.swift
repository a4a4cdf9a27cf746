// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterPlatform
import TheaterTesting

@testable import TheaterRuntime

/// A supervisor whose actions are written down, and performed only when the test says so.
struct Drill {
    var machine: Supervisor<String>
    var time: Int64 = 0
    private(set) var log: [String] = []

    init(
        _ strategy: SupervisionSettings.Strategy = .oneForOne, intensity: Int = 3,
        period: Int = 5, backoff: Duration = .zero
    ) {
        var settings = SupervisionSettings()
        settings.strategy = strategy
        settings.intensity = intensity
        settings.period = .seconds(period)
        settings.backoff.initial = backoff
        settings.backoff.max = .seconds(4)
        machine = Supervisor(settings)
    }

    /// Feeds an event; answers what it led to, as words.
    @discardableResult
    mutating func feed(_ event: Supervisor<String>.Event) -> [String] {
        let words = machine.handle(event, now: MonotonicTime(nanoseconds: time * 1_000_000_000))
            .map(Self.word)
        log += words
        return words
    }

    /// Feeds events and carries out every start and stop at once, successfully.
    @discardableResult
    mutating func play(_ event: Supervisor<String>.Event) -> [String] {
        var words: [String] = []
        var events = [event]
        while !events.isEmpty {
            for word in feed(events.removeFirst()) {
                words.append(word)
                let parts = word.split(separator: " ").map(String.init)
                switch parts[0] {
                case "start": events.append(.started(parts[1]))
                case "stop": events.append(.ended(parts[1], .normal))
                case "wait": events.append(.waited(UInt64(parts[2]) ?? 0))
                default: break
                }
            }
        }
        return words
    }

    private static func word(_ action: Supervisor<String>.Action) -> String {
        switch action {
        case .start(let id): "start \(id)"
        case .stop(let id, _): "stop \(id)"
        case .wait(let duration, let token): "wait \(duration.components.seconds) \(token)"
        case .answer(let ticket, let outcome): "answer \(ticket) \(outcome)"
        case .forget(let id): "forget \(id)"
        case .allStarted: "all-started"
        case .startFailed(let id): "start-failed \(id)"
        case .gaveUp: "gave-up"
        case .allStopped: "all-stopped"
        }
    }
}

let abc = ["a", "b", "c"].map { ($0, ChildSpec(restart: .permanent)) }
