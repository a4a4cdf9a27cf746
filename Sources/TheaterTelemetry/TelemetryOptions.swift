// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Where telemetry goes, and how often; from the variables that OpenTelemetry names.
public struct TelemetryOptions: Sendable, Hashable {
    /// The URL that spans are sent to.
    public var tracesURL: String
    /// The URL that metrics are sent to.
    public var metricsURL: String
    /// Headers that go with each request.
    public var headers: [String: String] = [:]
    /// What the collector calls the node.
    public var serviceName = "theater"
    /// How often spans are sent.
    public var spansEvery = Duration.seconds(5)
    /// How often metrics are sent.
    public var metricsEvery = Duration.seconds(60)
    /// How many spans may wait to be sent; further ones are dropped, and counted.
    public var spansMax = 2048
    /// How long a request may take.
    public var timeout = Duration.seconds(10)

    /// How many spans go into one request.
    static let batchMax = 512

    /// Reads the variables.
    ///
    /// - Returns: `nil` when they name no place to send to, or turn telemetry off.
    /// - Throws: `telemetry.bad-variable`.
    public init?(environment: (String) -> String?) throws(TelemetryError) {
        func text(_ name: String) -> String? {
            environment(name).flatMap { $0.isEmpty ? nil : $0 }
        }
        guard text("OTEL_SDK_DISABLED")?.lowercased() != "true" else { return nil }
        guard let endpoint = text("OTEL_EXPORTER_OTLP_ENDPOINT") else { return nil }
        let base = endpoint.hasSuffix("/") ? endpoint.dropLast() : endpoint[...]
        guard Self.isURL(base) else {
            // It may be a secret that makes it none.
            throw Self.bad(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "…",
                "a URL such as http://127.0.0.1:4318, without a query; who may send is said by "
                    + "OTEL_EXPORTER_OTLP_HEADERS")
        }
        if let name = text("OTEL_EXPORTER_OTLP_PROTOCOL"), name != "http/json" {
            throw Self.bad("OTEL_EXPORTER_OTLP_PROTOCOL", name, "http/json, the one that is spoken")
        }
        tracesURL = base + "/v1/traces"
        metricsURL = base + "/v1/metrics"
        for pair in (text("OTEL_EXPORTER_OTLP_HEADERS") ?? "").split(separator: ",") {
            guard let header = Self.header(pair) else {
                // Values are secrets: none is shown.
                throw Self.bad(
                    "OTEL_EXPORTER_OTLP_HEADERS", "…",
                    "NAME=VALUE, separated by commas; what else a value has is written as %2C")
            }
            headers[header.name] = header.value
        }
        if let name = text("OTEL_SERVICE_NAME") { serviceName = name }
        func number(
            _ name: String, _ most: Int, _ what: String
        ) throws(TelemetryError) -> Int? {
            guard let given = text(name) else { return nil }
            guard let number = Int(given), (1...most).contains(number) else {
                throw Self.bad(name, given, "\(what) from 1 to \(most)")
            }
            return number
        }
        func milliseconds(_ name: String, _ most: Int) throws(TelemetryError) -> Duration? {
            try number(name, most, "milliseconds").map { .milliseconds($0) }
        }
        spansEvery = try milliseconds("OTEL_BSP_SCHEDULE_DELAY", 3_600_000) ?? spansEvery
        metricsEvery = try milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 3_600_000) ?? metricsEvery
        timeout = try milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", 600_000) ?? timeout
        spansMax = try number("OTEL_BSP_MAX_QUEUE_SIZE", 1_000_000, "a number") ?? spansMax
    }

    private static func isURL(_ text: Substring) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
            return false
        }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty && rest.first != "/"
            && rest.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"@?#".utf8.contains($0) }
    }

    /// A name and a value. Blanks around are no part of either; those inside of a value are.
    private static func header(_ pair: Substring) -> (name: String, value: String)? {
        let halves = pair.split(separator: "=", maxSplits: 1).map(\.withoutBlanksAround)
        guard halves.count == 2, let name = halves.first, !name.isEmpty,
            name.utf8.allSatisfy({ Self.nameCharacters.contains($0) }),
            let value = PercentText.decode(halves[1]),
            value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { return nil }
        return (String(name), value)
    }

    /// What the name of a header may have.
    private static let nameCharacters = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    private static func bad(_ name: String, _ value: String, _ wanted: String) -> TelemetryError {
        TelemetryError(.badVariable, "\(name) is '\(value.prefix(128))', and must be \(wanted)")
    }
}
