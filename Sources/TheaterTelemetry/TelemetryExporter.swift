// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
public import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import TheaterAPI
public import TheaterPlatform
public import TheaterRuntime

/// Sends the spans and the metrics of a node to a collector, in the JSON form of OTLP over HTTP.
///
/// Actors never wait for it: a bounded number of spans waits, and further ones are dropped and counted. What the
/// collector does not take is dropped too; it is told in the log once, until the collector takes something again.
public final class TelemetryExporter: SpanSink {
    private struct State {
        var spans: [FinishedSpan] = []
        var dropped: UInt64 = 0
        var isRefused = false
    }

    private let options: TelemetryOptions
    private let logger: Logger
    private let world: World
    private let text: OTLPText
    private let state = Mutex(State())

    /// Makes an exporter that sends nothing until ``run(_:)``.
    public init(
        _ options: TelemetryOptions, version: String, logger: Logger, world: World = .system
    ) {
        self.options = options
        self.logger = logger
        self.world = world
        text = OTLPText(
            serviceName: options.serviceName, version: version, started: world.wallTime())
    }

    /// How many spans never reached the collector.
    public var droppedCount: UInt64 { state.withLock { $0.dropped } }

    /// Keeps a span until it is sent, if there is room.
    public func take(_ span: FinishedSpan) {
        state.withLock { state in
            if state.spans.count < options.spansMax {
                state.spans.append(span)
            } else {
                state.dropped += 1
            }
        }
    }

    /// Sends until the task is cancelled, and then what is left.
    ///
    /// - Parameter totals: what all actors did.
    public func run(_ totals: @escaping @Sendable () -> RuntimeTotals) async {
        let http = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                while (try? await world.sleep(for: options.spansEvery)) != nil {
                    await sendSpans(http)
                }
            }
            group.addTask { [self] in
                while (try? await world.sleep(for: options.metricsEvery)) != nil {
                    await sendMetrics(totals(), http)
                }
            }
        }
        // This task is cancelled; what is left goes out on another one.
        let last = world.start { [self] in
            await sendSpans(http)
            await sendMetrics(totals(), http)
            try? await http.shutdown()
        }
        await last.value
    }

    private func sendSpans(_ http: HTTPClient) async {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.spans.prefix(TelemetryOptions.batchMax))
                state.spans.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { return }
            guard await send(text.traces(batch), to: options.tracesURL, http) else {
                state.withLock { $0.dropped += UInt64(batch.count) }
                return
            }
        }
    }

    private func sendMetrics(_ totals: RuntimeTotals, _ http: HTTPClient) async {
        let body = text.metrics(totals, dropped: droppedCount, at: world.wallTime())
        _ = await send(body, to: options.metricsURL, http)
    }

    /// - Returns: whether the collector took it.
    private func send(_ body: JSONValue, to url: String, _ http: HTTPClient) async -> Bool {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        for (name, value) in options.headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: body.description))
        let reason: String?
        do {
            let answer = try await http.execute(
                request, timeout: .milliseconds(Int64(options.timeout / .milliseconds(1))))
            // Read, so that the connection can be used again; nobody wants to know.
            _ = try await answer.body.collect(upTo: 1 << 20)
            reason =
                (200..<300).contains(answer.status.code) ? nil : "it answered \(answer.status.code)"
        } catch {
            reason = "\(error)"
        }
        let isNews = state.withLock { state in
            defer { state.isRefused = reason != nil }
            return state.isRefused != (reason != nil)
        }
        guard let reason else {
            if isNews { logger.info("the collector takes telemetry again") }
            return true
        }
        if isNews {
            logger.warning(
                "the collector at '\(url)' does not take telemetry, which is dropped: \(reason)",
                metadata: ["error.code": "\(TelemetryError.Code.refused.rawValue)"])
        }
        return false
    }
}
