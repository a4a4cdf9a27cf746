// SPDX-License-Identifier: Apache-2.0

import Foundation
import MetricsTestKit
import Testing
import TheaterChain
import TheaterPlatform
import TheaterTesting
import TheaterValue

@testable import TheaterRuntime

/// Goal: what is counted is true. Method: known sequences of calls; time that only the test moves.
@Suite("Metrics")
struct MetricsTests {
    @Test("calls, errors, fuel, memory, host calls and the chain are counted, failed calls too")
    func counts() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        var fuel: UInt64 = 0
        for index in UInt8(0)..<3 { try await stage.system.call(id, "echo", [.u8(index)]) }
        _ = try await stage.failure(id, "fail")
        let metrics = try stage.system.metrics(of: id)
        for case .returned(_, _, _, let used) in try await stage.events(of: id) { fuel += used }
        #expect(metrics.calls == 5, "init, three answers, one error")
        #expect(metrics.errors == 1)
        #expect(metrics.fuelUsed > fuel, "the failed call used some too")
        #expect(metrics.memorySize == 3 << 16)
        #expect(metrics.memoryPeak == 3 << 16)
        #expect(metrics.hostCalls == [.init(interface: "theater:simple/runtime", count: 1)])
        #expect(metrics.chainLength == UInt64(try await stage.events(of: id).count))
        #expect(metrics.latency.count == 5)
        #expect(metrics.callTime > .zero && metrics.busyTime == metrics.callTime)
        #expect(metrics.slowestCall <= metrics.callTime)
        #expect(metrics.mailboxDepth == 0 && metrics.oldestMessageAge == nil)
        #expect(metrics.runningCallAge == nil && metrics.restarts == 0)
        #expect(metrics.status == .running && metrics.name == "actor")
    }

    @Test("a call that ends its actor is counted, and the last metrics outlive it")
    func crash() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        _ = try await stage.failure(id, "trap")
        let reason = try await stage.system.awaitEnd(of: id)
        let metrics = try stage.system.metrics(of: id)
        #expect(metrics.calls == 2 && metrics.errors == 1)
        #expect(metrics.memorySize == 0 && metrics.memoryPeak == 3 << 16)
        #expect(metrics.status == reason.status)
        #expect(metrics.latency.count == 2)
        let error = #expect(throws: ActorError.self) { try stage.system.metrics(of: .random()) }
        #expect(error?.code == .notFound)
    }

    @Test("a loop that is cut short counts the fuel it had")
    func outOfFuel() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        let before = try stage.system.metrics(of: id).fuelUsed
        _ = try await stage.failure(id, "spin", options: CallOptions(fuel: 10_000_000))
        _ = try await stage.system.awaitEnd(of: id)
        let used = try stage.system.metrics(of: id).fuelUsed - before
        #expect(used > 9_000_000 && used <= 10_000_000)
    }

    @Test("the time in calls and the time that waits take are apart; depth and ages are of now")
    func times() async throws {
        let clock = ManualClock()
        let stage = try Stage(world: clock.world, observability: .init(interval: nil))
        let id = try await stage.spawn(waiter(), grants: ["gate"])
        let gate = Gate.of("metrics times")
        func call() async throws {
            _ = try await stage.system.call(
                id, "test:waiter/waiter.wait", [.string("metrics times")])
        }
        let first = Task { try await call() }
        await gate.arrived()
        clock.advance(by: .seconds(2))
        let second = Task { try await call() }
        while try stage.system.metrics(of: id).mailboxDepth < 1 { await Task.yield() }
        clock.advance(by: .seconds(3))
        let running = try stage.system.metrics(of: id)
        #expect(running.runningCallAge == .seconds(5))
        #expect(running.oldestMessageAge == .seconds(3))
        #expect(running.callTime == .seconds(5) && running.busyTime == .zero)
        #expect(running.calls == 0)
        gate.open()
        try await first.value
        try await second.value
        let after = try stage.system.metrics(of: id)
        #expect(after.calls == 2 && after.callTime == .seconds(5))
        #expect(after.busyTime == .zero && after.slowestCall == .seconds(5))
        #expect(after.hostCalls == [.init(interface: "test:gate/gate", count: 2)])
        #expect(after.latency.buckets.map(\.count) == [1, 1])
        #expect(after.latency.quantile(0.5) == .nanoseconds(1024))
        let p99 = try #require(after.latency.quantile(0.99))
        #expect(p99 >= .seconds(5) && p99 <= .milliseconds(6250))
        try await stage.system.stop(id)
    }

    @Test("a restart is counted, and what was counted before stays")
    func restart() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        try await stage.system.call(id, "echo", [.u8(1)])
        try await stage.system.restart(id)
        let metrics = try stage.system.metrics(of: id)
        #expect(metrics.restarts == 1 && metrics.calls == 3)
        #expect(metrics.memorySize == 3 << 16)
        let totals = stage.system.totals()
        #expect(totals.livesStarted == 2 && totals.livesEnded.stopped == 1)
        #expect(totals.calls == 3 && totals.actors == 1)
    }

    @Test("the totals are those of the live and of the past, and go out through swift-metrics")
    func totals() async throws {
        let sink = TestMetrics()
        let clock = ManualClock()
        let stage = try Stage(
            world: clock.world, observability: .init(interval: .seconds(1), metrics: sink))
        let first = try await stage.spawn(FixtureActor.wat, name: "first")
        let second = try await stage.spawn(FixtureActor.wat, name: "second")
        for id in [first, second] { try await stage.system.call(id, "echo", [.u8(1)]) }
        _ = try await stage.failure(second, "trap")
        _ = try await stage.system.awaitEnd(of: second)
        let totals = stage.system.totals()
        #expect(totals.calls == 5 && totals.errors == 1 && totals.hostCalls == 2)
        #expect(totals.actors == 1 && totals.livesStarted == 2)
        #expect(totals.livesEnded.failed == 1 && totals.livesEnded.total == 1)
        #expect(totals.latency.count == 5 && totals.memorySize == 3 << 16)
        #expect(sink.counterTotal(label: "theater.calls") == 3, "of the one that is over")
        clock.advance(by: .seconds(1))
        while sink.counterTotal(label: "theater.calls") < 5 { await Task.yield() }
        #expect(sink.counterTotal(label: "theater.calls.failed") == 1)
        #expect(sink.counterTotal(label: "theater.fuel.used") == Int64(totals.fuelUsed))
        #expect(sink.counterTotal(label: "theater.host_calls") == 2)
        #expect(sink.counterTotal(label: "theater.lives.started") == 2)
        #expect(
            sink.counterTotal(
                label: "theater.lives.ended", dimensions: [("outcome", "failed")]) == 1)
        while sink.recorders(label: "theater.actors.memory.bytes").first?.lastValue == nil {
            await Task.yield()
        }
        #expect(
            sink.recorders(label: "theater.actors.memory.bytes").first?.lastValue
                == Double(3 << 16))
        try await stage.system.call(first, "echo", [.u8(1)])
        try await stage.system.stop(first)
        #expect(sink.counterTotal(label: "theater.calls") == 6, "nothing is counted twice")
        let names = Set(sink.counters.map(\.label))
        #expect(names.allSatisfy { !$0.contains("\(first)") })
        for counter in sink.counters {
            #expect(
                counter.dimensions.allSatisfy {
                    ["outcome", "kind", "command", "code"].contains($0.0)
                })
        }
        await stage.system.shutDown()
    }

    @Test("metrics have a printed form that reads back")
    func coding() async throws {
        let stage = try Stage()
        let id = try await stage.spawn(FixtureActor.wat)
        for index in UInt8(0)..<5 { try await stage.system.call(id, "echo", [.u8(index)]) }
        let metrics = try stage.system.metrics(of: id)
        let data = try JSONEncoder().encode(metrics)
        #expect(try JSONDecoder().decode(ActorMetrics.self, from: data) == metrics)
        let text = String(decoding: data, as: UTF8.self)
        for key in [
            "\"calls\":6", "\"errors\":0", "\"status\":\"running\"", "\"memory_peak\":196608",
            "\"actor\":\"\(id)\"",
        ] { #expect(text.contains(key), "\(key) in \(text)") }
    }

    @Test("an idle actor costs little: no tables before the second call")
    func small() {
        let meter = ActorMeter()
        meter.callBegan(at: MonotonicTime(nanoseconds: 10))
        meter.callEnded(at: MonotonicTime(nanoseconds: 5010), fuel: 1, failed: false)
        #expect(meter.latency.count == 1)
        #expect(meter.latency.buckets.first.map { $0.upperBound >= 5000 } == true)
        #expect(meter.callsByInterface.isEmpty)
        #expect(instanceSize(ActorMeter.self) <= 200)
    }
}

private func instanceSize(_ type: AnyClass) -> Int {
    // In the metadata of a class it follows the kind, the superclass, the flags and the address point.
    Int(unsafeBitCast(type, to: UnsafeRawPointer.self).load(fromByteOffset: 24, as: UInt32.self))
}

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test("each duration is in the bucket whose bounds hold it, and buckets are a quarter wide")
    func buckets() {
        var random = SplitMix(seed: 7)
        for _ in 0..<10_000 {
            let value = Int64(random.next() >> UInt64(random.next(below: 63) + 1))
            let bucket = LatencyHistogram.bucket(of: value)
            let end = LatencyHistogram.upperBound(of: bucket)
            let start = bucket == 0 ? 0 : LatencyHistogram.upperBound(of: bucket - 1)
            #expect(start <= value && (value < end || end == .max), "\(value)")
            if bucket > 0, end < .max { #expect(end - start <= start / 4 + 1, "\(value)") }
        }
        #expect(LatencyHistogram.bucket(of: -1) == 0)
        #expect(LatencyHistogram.bucket(of: .max) == LatencyHistogram.bucketCount - 1)
    }

    @Test("quantiles never understate, and merging is adding")
    func quantiles() throws {
        var random = SplitMix(seed: 11)
        var (left, right) = (LatencyHistogram(), LatencyHistogram())
        var values: [Int64] = []
        for index in 0..<1000 {
            let value = Int64(random.next(below: 1_000_000_000))
            values.append(value)
            if index % 2 == 0 {
                left.add(.nanoseconds(value))
            } else {
                right.add(.nanoseconds(value))
            }
        }
        left.merge(right)
        values.sort()
        #expect(left.count == 1000)
        for share in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0] {
            let exact = values[min(999, max(0, Int((share * 1000).rounded(.up)) - 1))]
            let told = try #require(left.quantile(share)).wholeNanoseconds
            #expect(told > exact && told <= exact + exact / 4 + 1024, "\(share)")
        }
        #expect(LatencyHistogram().quantile(0.5) == nil)
        let data = try JSONEncoder().encode(left)
        #expect(
            try JSONDecoder().decode(LatencyHistogram.self, from: data).buckets.map(\.count)
                == left.buckets.map(\.count))
    }
}
