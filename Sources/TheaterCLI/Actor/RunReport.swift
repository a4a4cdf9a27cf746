// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterValue

/// Prints what a run results in.
struct RunReport: Sendable {
    /// How results are printed.
    enum Format: Sendable {
        /// Strings as they are, other values in the text form, `ok` without its wrapping, nothing
        /// for the empty tuple.
        case plain
        /// Every value in the text form.
        case text
        /// One object on each line.
        case json
    }

    let output: any Output
    let format: Format

    /// A call was answered.
    func answered(_ function: String, _ value: Value) {
        switch format {
        case .plain: plain(value)
        case .text: output.result(ValueText.print(value))
        case .json: output.result(answer(function, "ok", value))
        }
    }

    /// A call was answered with an error; as text that is the error message of the run.
    func refused(_ function: String, _ value: Value) {
        if case .json = format { output.result(answer(function, "err", value)) }
    }

    private func answer(_ function: String, _ key: String, _ value: Value) -> JSON {
        .object([
            ("call", .string(function)), (key, ValueMapping.json(value)),
            ("text", .string(ValueText.print(value))),
        ])
    }

    private func plain(_ value: Value) {
        switch value {
        case .string(let text):
            // What goes to a file or another program stays as it is.
            let shown = output.isTerminal(.results) ? Printable.onTerminal(text) : text
            output.write(Array((shown.hasSuffix("\n") ? shown : shown + "\n").utf8), to: .results)
        case .result(_, _, .ok(let inner)): plain(inner)
        case .tuple(let items) where items.isEmpty: break
        default: output.result(ValueText.print(value))
        }
    }

    /// The actor is over.
    func ended(_ actor: ActorID, _ name: String, _ reason: ExitReason) {
        var data: [UInt8]?
        if case .completed(let bytes) = reason { data = bytes }
        switch format {
        case .plain: if let data { plain(Self.value(data)) }
        case .text: if let data { output.result(ValueText.print(Self.value(data))) }
        case .json:
            output.result(
                .object([
                    (
                        "end",
                        .object([
                            ("actor", .string(actor.description)), ("name", .string(name)),
                            ("status", .string(reason.kind)),
                            ("reason", Self.detail(reason)),
                            ("result", data.map { ValueMapping.json(Self.value($0)) } ?? .null),
                        ])
                    )
                ]))
        }
    }

    /// What an actor did and used.
    ///
    /// - Parameter isAlone: whether it is the only one of the run, so that its name goes without saying.
    func metrics(_ metrics: ActorMetrics, parent: ActorID?, isAlone: Bool) {
        if case .json = format {
            output.result(.object([("metrics", MetricsText.json(metrics, parent: parent))]))
        } else {
            if !isAlone { output.result("\(metrics.name) (\(metrics.actor)) \(metrics.status)") }
            let indent = isAlone ? "" : "  "
            for line in MetricsText.lines(metrics) { output.result(indent + line) }
        }
    }

    /// How many messages reached nobody, by the reason.
    func deadLetters(_ counts: [String: UInt64]) {
        let counts = counts.sorted { $0.key < $1.key }
        if case .json = format {
            output.result(
                .object([("dead_letters", .object(counts.map { ($0.key, .integer($0.value)) }))]))
        } else if !counts.isEmpty {
            let text = counts.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            output.result("dead letters  \(text)")
        }
    }

    /// What the chain of the run is.
    func chain(_ report: VerificationReport) {
        if case .json = format {
            output.result(.object([("chain", ChainText.json(report))]))
            return
        }
        let name = report.name.map { " '\(Printable.line($0, sizeMax: 64))'" } ?? ""
        let verdict = report.isValid ? "verified" : "NOT VERIFIED"
        output.result("chain \(report.actor)\(name): \(ChainText.events(report.count)), \(verdict)")
        output.result("head  \(report.head)")
        if let problem = report.problem { output.result("problem: \(problem)") }
    }

    /// The result that an actor gave at its end: a value, or else text, or else bytes.
    static func value(_ bytes: [UInt8]) -> Value {
        if let value = try? CGRF.decode(bytes) { return value }
        return String(validating: bytes, as: UTF8.self).map(Value.string) ?? .bytes(bytes)
    }

    private static func detail(_ reason: ExitReason) -> JSON {
        if case .failed(let error) = reason { return .string(error.message) }
        return .null
    }
}
