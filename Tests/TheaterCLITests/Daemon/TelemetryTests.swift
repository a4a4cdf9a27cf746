// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import Testing
import TheaterAPI
import TheaterClient

/// Spans and metrics, sent to a collector.
@Suite("Telemetry of a node", .serialized, .timeLimit(.minutes(2)))
struct TelemetryTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"

    @Test("a request, what the actor asks of the host, and whom it sends to, are one trace")
    func spans() async throws {
        let collector = try Collector()
        let node = try await RunningNode(
            [],
            environment: [
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)",
                "OTEL_EXPORTER_OTLP_HEADERS": "x-key=open sesame, authorization = Basic%20YTpi",
                "OTEL_SERVICE_NAME": "stage",
                "OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_METRIC_EXPORT_INTERVAL": "20",
            ])
        let handlers = ["runtime", "message-server"]
        let target = try await node.start(
            try TestActors.messenger(), name: "pinger", handlers: handlers)
        let sender = try await node.start(
            try TestActors.sender(), name: "sender", handlers: handlers)
        let called = try await RawSocket.request(
            node.socketPath, "POST", "/v1/actors/sender/call?function=say",
            headers: [
                "Content-Type: application/json",
                "traceparent: 00-\(Self.trace)-b7ad6b7169203331-01",
            ], body: "[\"\(target)\",[1,2]]")
        #expect(called.status == 200, "\(called.body)")
        let spans = try await collector.spans { spans in
            spans.count { $0["traceId"]?.string == Self.trace } >= 3
        }.filter { $0["traceId"]?.string == Self.trace }
        let call = try #require(spans.first { $0["name"]?.string == "test:say/say.say" })
        let send = try #require(
            spans.first { $0["name"]?.string == "theater:simple/message-server-host.send" })
        let handled = try #require(
            spans.first {
                $0["name"]?.string == "theater:simple/message-server-client.handle-send"
            })
        #expect(call["parentSpanId"] == "b7ad6b7169203331")
        #expect(send["parentSpanId"] == call["spanId"])
        #expect(handled["parentSpanId"] == send["spanId"])
        #expect(call["kind"] == 2 && send["kind"] == 3 && handled["kind"] == 2)
        #expect(Collector.attribute("theater.actor.id", of: call) == sender)
        #expect(Collector.attribute("theater.actor.name", of: handled) == "pinger")
        // The event of the chain that each ended with.
        for (span, actor) in [(call, sender), (send, sender), (handled, target)] {
            let sequence = try #require(Collector.attribute("theater.chain.sequence", of: span))
            let page = try await RawSocket.request(
                node.socketPath, "GET", "/v1/actors/\(actor)/events?limit=1&from=\(sequence)")
            let event = try JSONValue.parse(page.body)["events"]?.array?.first
            #expect(event?["hash"]?.string == Collector.attribute("theater.chain.hash", of: span))
            let start = span["startTimeUnixNano"]?.string ?? ""
            let end = span["endTimeUnixNano"]?.string ?? ""
            #expect(Int64(start) ?? 1 <= Int64(end) ?? 0)
        }
        #expect(collector.heads.allSatisfy { $0.contains("x-key: open sesame\r\n") })
        #expect(collector.heads.allSatisfy { $0.contains("authorization: basic ytpi\r\n") })

        // A failure, in a trace of its own.
        _ = try? await node.client.call("sender", "say", [.string("nobody")])
        try await node.start(try TestActors.fixture(), name: "fixture")
        _ = try? await node.client.call("fixture", "fail", [])
        let failed = try await collector.spans { spans in
            spans.contains { $0["status"]?["code"] == 2 }
        }.first { $0["status"]?["code"] == 2 }
        #expect(failed?["name"]?.string?.hasSuffix("fail") == true)
        #expect(failed?["parentSpanId"] == nil)

        // Metrics, by their documented names.
        let metrics = try await collector.metrics { $0["theater.calls.failed"]?.first == 1 }
        #expect(metrics["theater.actors"] == [3])
        #expect(
            Set(metrics.keys) == [
                "theater.actors", "theater.actors.memory.bytes", "theater.lives.started",
                "theater.lives.ended", "theater.calls", "theater.calls.failed",
                "theater.fuel.used", "theater.host_calls", "theater.telemetry.spans.dropped",
            ])
        #expect(metrics["theater.telemetry.spans.dropped"] == [0])
        #expect(await node.stop() == 0)
    }

    @Test("what the collector does not take is dropped, counted and told, and actors go on")
    func refused() async throws {
        let collector = try Collector(status: "503 Service Unavailable")
        let node = try await RunningNode(
            [],
            environment: [
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)/",
                "OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_METRIC_EXPORT_INTERVAL": "20",
                "OTEL_BSP_MAX_QUEUE_SIZE": "10",
            ])
        try await node.start(try TestActors.chatter(), name: "chatter")
        _ = try await node.client.call("chatter", "chat", [])
        _ = try await node.program.line(containing: "does not take telemetry")
        // One call and its 2,000 host calls, and nothing was taken.
        _ = try await collector.metrics {
            ($0["theater.telemetry.spans.dropped"]?.first ?? 0) >= 2001
        }
        #expect(try await node.client.actor("chatter")["status"]?.string == "running")
        collector.answer("200 OK")
        let again = try await node.program.line(containing: "takes telemetry again")
        #expect(again.contains("spans since the start were not sent"), "\(again)")
        // More at once than may wait.
        _ = try await node.client.call("chatter", "chat", [])
        _ = try await node.program.line(containing: "spans come faster than they are sent")
        #expect(await node.stop() == 0)
    }

    // Goal: neither an actor nor the end of the node waits for a collector that is there and says nothing. Method:
    // requests may take ten minutes, and the test may take two.
    @Test("a collector that never answers holds up nobody, and at the end it is told what was lost")
    func silent() async throws {
        let collector = try Collector(status: nil)
        let node = try await RunningNode(
            [],
            environment: [
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)",
                "OTEL_EXPORTER_OTLP_TIMEOUT": "600000", "OTEL_BSP_SCHEDULE_DELAY": "1",
            ])
        try await node.start(try TestActors.chatter(), name: "chatter")
        for _ in 0..<3 { _ = try await node.client.call("chatter", "chat", []) }
        await collector.heard { !$0.heads.isEmpty }
        #expect(await node.stop() == 0)
        // All of three calls with 2,000 host calls each, whether they waited, found no room, or were on their way.
        #expect(
            node.program.stderr.contains("6003 spans since the start were not sent"),
            "\(node.program.stderr)")
    }

    @Test("variables that cannot be are refused at the start, and without them nothing is sent")
    func variables() async throws {
        let folder = try Folder()
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://ada:s3cret@127.0.0.1:1"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https:///v1"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a key=s3cret"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cret%0d%0a"), ("OTEL_BSP_SCHEDULE_DELAY", "0"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "many"),
        ] {
            var environment = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"]
            environment[name] = value
            let refused = try await Finished(["serve"], in: folder, environment: environment)
            #expect(refused.status == 2, "\(name)")
            #expect(refused.stderr.contains("[telemetry.bad-variable]"), "\(refused.stderr)")
            #expect(!refused.stderr.contains("s3cret"), "\(refused.stderr)")
        }
        let collector = try Collector()
        let node = try await RunningNode(
            [],
            environment: [
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)",
                "OTEL_SDK_DISABLED": "true", "OTEL_BSP_SCHEDULE_DELAY": "1",
            ])
        try await node.start(try TestActors.fixture(), name: "fixture")
        #expect(await node.stop() == 0)
        #expect(collector.heads.isEmpty)
    }
}

/// Takes what is sent to it as a collector of OTLP does, and keeps it.
final class Collector: Sendable {
    struct State {
        var heads: [String] = []
        var spans: [JSONValue] = []
        var metrics: [String: [UInt64]] = [:]
        fileprivate var status: String?
    }

    let port: UInt16
    private let listener: SharedDescriptor
    private let state: Mutex<State>
    private let news: AsyncStream<Void>
    private let newsWriter: AsyncStream<Void>.Continuation

    var heads: [String] { state.withLock { $0.heads } }

    /// Answers otherwise from here on.
    func answer(_ status: String) { state.withLock { $0.status = status } }

    /// - Parameter status: what is answered; `nil` for nothing.
    init(status: String? = "200 OK") throws {
        state = Mutex(State(status: status))
        (news, newsWriter) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        listener = SharedDescriptor(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener.number, $0, size) == 0 && listen(listener.number, 16) == 0
                    && getsockname(listener.number, $0, &size) == 0
            }
        }
        guard isBound else { throw RawSocket.Failed() }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener.number, nil, nil)
                guard client >= 0, let collector = self else { return }
                Thread.detachNewThread { Self.serve(client) { collector.keep($0, $1) } }
            }
        }
    }

    deinit { listener.stop() }

    private static func serve(
        _ client: Int32, _ keep: (String, JSONValue?) -> String?
    ) {
        defer { close(client) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let split = bytes.firstRange(of: end)?.upperBound {
                let head = String(decoding: bytes[..<split], as: UTF8.self).lowercased()
                let length =
                    head.components(separatedBy: "content-length: ").dropFirst().first
                    .flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
                if bytes.count >= split + length {
                    let status = keep(
                        head, try? JSONValue.parse(Array(bytes[split..<split + length])))
                    bytes.removeFirst(split + length)
                    guard let status else { continue }
                    let answer = Array("HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\n{}".utf8)
                    guard send(client, answer, answer.count, Int32(MSG_NOSIGNAL)) > 0 else {
                        return
                    }
                    continue
                }
            }
            let count = read(client, &chunk, chunk.count)
            guard count > 0 else { return }
            bytes += chunk[..<count]
        }
    }

    /// - Returns: what is answered.
    private func keep(_ head: String, _ body: JSONValue?) -> String? {
        defer { newsWriter.yield() }
        return state.withLock { state in
            state.heads.append(head)
            for resource in body?["resourceSpans"]?.array ?? [] {
                for scope in resource["scopeSpans"]?.array ?? [] {
                    state.spans += scope["spans"]?.array ?? []
                }
            }
            for resource in body?["resourceMetrics"]?.array ?? [] {
                for scope in resource["scopeMetrics"]?.array ?? [] {
                    for metric in scope["metrics"]?.array ?? [] {
                        let points = (metric["sum"] ?? metric["gauge"])?["dataPoints"]?.array ?? []
                        state.metrics[metric["name"]?.string ?? ""] = points.compactMap {
                            $0["asInt"]?.string.flatMap { UInt64($0) }
                        }
                    }
                }
            }
            return state.status
        }
    }

    /// Waits until what came is enough.
    @discardableResult
    func heard(_ isEnough: (State) -> Bool) async -> State {
        while true {
            let state = state.withLock { $0 }
            if isEnough(state) { return state }
            for await _ in news { break }
        }
    }

    /// The spans that came, when they are enough.
    func spans(_ isEnough: ([JSONValue]) -> Bool) async throws -> [JSONValue] {
        await heard { isEnough($0.spans) }.spans
    }

    /// The metrics that came last, when they are as wanted.
    func metrics(_ isEnough: ([String: [UInt64]]) -> Bool) async throws -> [String: [UInt64]] {
        await heard { isEnough($0.metrics) }.metrics
    }

    /// An attribute of a span as text.
    static func attribute(_ name: String, of span: JSONValue) -> String? {
        let value = span["attributes"]?.array?.first { $0["key"]?.string == name }?["value"]
        return value?["stringValue"]?.string ?? value?["intValue"]?.string
    }
}
