// SPDX-License-Identifier: Apache-2.0

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
        let spans = await collector.spans { spans in
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
        let failed = await collector.spans { spans in
            spans.contains { $0["status"]?["code"] == 2 }
        }.first { $0["status"]?["code"] == 2 }
        #expect(failed?["name"]?.string?.hasSuffix("fail") == true)
        #expect(failed?["parentSpanId"] == nil)

        // Metrics, by their documented names.
        let metrics = await collector.metrics { $0["theater.calls.failed"]?.first == 1 }
        #expect(metrics["theater.actors"] == [3])
        #expect(
            Set(metrics.keys) == [
                "theater.actors", "theater.actors.memory.bytes", "theater.lives.started",
                "theater.lives.ended", "theater.calls", "theater.calls.failed",
                "theater.fuel.used", "theater.host_calls", "theater.telemetry.spans.dropped",
                "theater.dead_letters", "theater.events.dropped", "theater.notices.dropped",
                "theater.watchdog.flagged",
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
        _ = await collector.metrics {
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
