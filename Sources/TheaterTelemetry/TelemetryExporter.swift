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
/// collector does not take is dropped too. The log tells when that begins, and when it is over.
public final class TelemetryExporter: SpanSink {
    private struct State {
        var spans = CircularBuffer<FinishedSpan>()
        var dropped: UInt64 = 0
        /// Whether a span found no room since the last look.
        var wasFull = false
        /// The URLs that took nothing the last time.
        var refusing: Set<String> = []
    }

    /// How long the end of the node may wait until what is left is sent.
    static let lastMax = Duration.seconds(2)

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
                state.wasFull = true
            }
        }
    }

    /// Sends until the task is cancelled, and then what is left, as far as that goes within two seconds.
    ///
    /// - Parameter totals: what all actors did.
    public func run(_ totals: @escaping @Sendable () -> RuntimeTotals) async {
        let http = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                var wasFull = false
                while (try? await world.sleep(for: options.spansEvery)) != nil {
                    await sendSpans(http)
                    wasFull = tellWhetherFull(wasFull)
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
            _ = await within(min(Self.lastMax, options.timeout)) { [self] in
                await sendSpans(http)
                await sendMetrics(totals(), http)
            }
            try? await http.shutdown()
            tellAll()
        }
        await last.value
    }

    // MARK: Sending

    private func sendSpans(_ http: HTTPClient) async {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.spans.prefix(TelemetryOptions.batchMax))
                state.spans.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { return }
            guard await send(text.traces(batch), to: options.tracesURL, http) else {
                return giveUp(batch)
            }
        }
    }

    /// Drops what was not taken. What the end of this task cut off is sent by the next one.
    private func giveUp(_ batch: [FinishedSpan]) {
        let isOver = Task.isCancelled
        state.withLock { state in
            if isOver {
                for span in batch.reversed() { state.spans.prepend(span) }
            } else {
                state.dropped += UInt64(batch.count)
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
        let reason = await within(options.timeout) { [request] in await Self.post(request, http) }
        guard !Task.isCancelled else { return reason == .some(nil) }
        note(reason ?? "it did not answer in time", at: url)
        return reason == .some(nil)
    }

    /// - Returns: why it was not taken; `nil` when it was.
    private static func post(_ request: HTTPClientRequest, _ http: HTTPClient) async -> String? {
        do {
            let answer = try await http.execute(request, deadline: .distantFuture)
            // Read, so that the connection can be used again; nobody wants to know.
            _ = try await answer.body.collect(upTo: 1 << 20)
            guard (200..<300).contains(answer.status.code) else {
                return "it answered \(answer.status.code)"
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Does something, and gives it up after a time, or when this task is cancelled.
    private func within<Result: Sendable>(
        _ bound: Duration, _ work: @escaping @Sendable () async -> Result
    ) async -> Result? {
        await withTaskGroup(of: Result?.self) { group in
            group.addTask { await work() }
            group.addTask { [world] in
                try? await world.sleep(for: bound)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    // MARK: Telling

    private func note(_ reason: String?, at url: String) {
        let (isNews, dropped) = state.withLock { state in
            let isNews =
                reason == nil
                ? state.refusing.remove(url) != nil : state.refusing.insert(url).inserted
            return (isNews, state.dropped)
        }
        guard isNews else { return }
        if let reason {
            logger.warning(
                "the collector at '\(url)' does not take telemetry, which is dropped: \(reason)",
                metadata: ["error.code": "\(TelemetryError.Code.refused.rawValue)"])
        } else {
            logger.info("the collector at '\(url)' takes telemetry again; \(Self.words(dropped))")
        }
    }

    /// Tells that spans find no room, once until they do again.
    ///
    /// - Returns: whether they found none since the last look.
    private func tellWhetherFull(_ wasFull: Bool) -> Bool {
        let (isFull, dropped) = state.withLock { state in
            defer { state.wasFull = false }
            return (state.wasFull, state.dropped)
        }
        if isFull, !wasFull {
            logger.warning(
                """
                spans come faster than they are sent, and some are dropped; \(Self.words(dropped)); \
                raise OTEL_BSP_MAX_QUEUE_SIZE, or send them more often with OTEL_BSP_SCHEDULE_DELAY
                """)
        }
        return isFull
    }

    /// Tells at the end what was lost, with what is left.
    private func tellAll() {
        let dropped = state.withLock { state in
            state.dropped += UInt64(state.spans.count)
            state.spans.removeAll()
            return state.dropped
        }
        if dropped > 0 { logger.warning("\(Self.words(dropped))") }
    }

    private static func words(_ dropped: UInt64) -> String {
        "\(dropped) spans since the start were not sent"
    }
}
