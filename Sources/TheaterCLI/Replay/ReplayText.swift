// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterValue

/// What a replay found, as text and as JSON.
enum ReplayText {
    /// About how many bytes of a value are shown.
    static let valueSizeMax = 2048

    /// The verdict for people.
    ///
    /// - Parameter countBefore: how many events of other chains a fork's come after.
    static func lines(
        _ verdict: ReplayVerdict, _ chain: ChainSummary, after countBefore: UInt64 = 0
    ) -> [String] {
        let counts = verdict.counts
        let name = chain.name.map { "'\(Printable.line($0, sizeMax: 64))'" } ?? "-"
        let before = min(counts.events, countBefore)
        return lines(
            verdict,
            title: "\(chain.actor)  \(name), \(counts.events - before) of "
                + ChainText.events(chain.count)
                + (countBefore == 0 ? "" : " after \(before) of the chain that it left"))
    }

    /// The verdict for people, about what a title says.
    static func lines(_ verdict: ReplayVerdict, title: String) -> [String] {
        let counts = verdict.counts
        var lines = [
            (verdict.isFaithful ? "replayed  " : "DIVERGED  ") + title,
            "          " + summary(counts),
        ]
        if verdict.hasOtherCode {
            lines.append(
                "          the wasm is another than the chain names: fuel was not compared")
        }
        if verdict.assumesLimits {
            lines.append(
                "          the manifest is not kept: the limits that most actors have were used")
        }
        if counts.redacted > 0 {
            lines.append(
                "          \(counts.redacted) of the answers held a secret, which the chain does not have: "
                    + "fuel was not compared after them")
        }
        guard let divergence = verdict.divergence else { return lines }
        lines.append("")
        lines += self.lines(divergence)
        return lines
    }

    /// What was replayed, in a line.
    private static func summary(_ counts: ReplayCounts) -> String {
        func number(_ count: UInt64, _ one: String, _ many: String) -> String {
            count == 1 ? "1 \(one)" : "\(count) \(many)"
        }
        var parts = [
            number(counts.lives, "life", "lives"), number(counts.calls, "call", "calls"),
            number(counts.hostCalls, "host call", "host calls"),
        ]
        if counts.hostErrors > 0 { parts.append("\(counts.hostErrors) of them failed") }
        if counts.failures > 0 {
            parts.append(number(counts.failures, "call failed again", "calls failed again"))
        }
        if counts.cutOff > 0 {
            parts.append(
                number(
                    counts.cutOff, "call was cut off as it had been",
                    "calls were cut off as they had been"))
        }
        return parts.joined(separator: ", ") + ", \(counts.fuel) units of fuel"
    }

    /// A difference for people.
    static func lines(_ divergence: ReplayDivergence) -> [String] {
        let place =
            divergence.call.map {
                " in the call of \(Printable.line($0.function, sizeMax: 256)) (event \($0.sequence))"
            } ?? ""
        var lines = [
            "event \(divergence.sequence)"
                + (divergence.actor.map { " of \($0)" } ?? "") + "\(place):",
            "  \(Printable.line(divergence.detail)) [\(divergence.kind.rawValue)]",
        ]
        for (title, side) in [("recorded", divergence.recorded), ("replayed", divergence.replayed)]
        {
            guard let side else { continue }
            let what = Printable.lines(side.what)
            lines.append("  \(title)  \(what.first ?? "")")
            lines += what.dropFirst().map { "            \($0)" }
            if let bytes = side.bytes {
                let text = EventFacts.value(bytes).text(
                    options: .init(limit: valueSizeMax, width: 100))
                lines += text.split(separator: "\n").map { "            \($0)" }
            }
        }
        let differences = divergence.differences()
        if !differences.isEmpty { lines.append("  different") }
        lines += differences.map { "    \(line($0))" }
        if let redacted = divergence.redactedAt {
            lines.append(
                "  event \(redacted) is an answer with a secret, which the chain does not have: the code was "
                    + "given the stand-in for it, and that may be the cause of the difference")
        }
        if !divergence.frames.isEmpty { lines.append("  in the wasm") }
        lines += divergence.frames.map { "    \(Printable.line("\($0)", sizeMax: 256))" }
        return lines
    }

    /// A difference of two values on a line.
    static func line(_ difference: ValueDifference) -> String {
        func shown(_ value: Value?) -> String {
            value.map { ValueText.print($0, options: .init(limit: 200)) } ?? "nothing"
        }
        let path = difference.path.isEmpty ? "the value" : Printable.line(difference.path)
        return "\(path): \(shown(difference.left)) -> \(shown(difference.right))"
    }

    /// A difference of two values for programs.
    static func json(_ difference: ValueDifference) -> JSON {
        func shown(_ value: Value?) -> JSON {
            .optional(value.map { ValueText.print($0, options: .init(limit: valueSizeMax)) })
        }
        return .object([
            ("path", .string(difference.path)), ("left", shown(difference.left)),
            ("right", shown(difference.right)),
        ])
    }

    /// The verdict for programs.
    ///
    /// - Parameter state: the actor's state after the last event; `nil` when nobody asked for it.
    static func json(
        _ verdict: ReplayVerdict, _ chain: ChainSummary, state: JSON? = nil
    ) -> JSON {
        .object(
            [("actor", .string(chain.actor.description)), ("name", .optional(chain.name))]
                + members(verdict) + (state.map { [("state", $0)] } ?? []))
    }

    /// Why a chain could not be replayed, for people.
    static func line(_ error: CLIError, _ chain: ChainSummary) -> String {
        let name = chain.name.map { "'\(Printable.line($0, sizeMax: 64))'" } ?? "-"
        return "not replayed  \(chain.actor)  \(name): \(Printable.line(error.message))"
    }

    /// Why a chain could not be replayed, for programs.
    static func json(_ error: CLIError, _ chain: ChainSummary) -> JSON {
        .object([
            ("actor", .string(chain.actor.description)), ("name", .optional(chain.name)),
            ("error", error.member),
        ])
    }

    /// What a replay found, for programs.
    static func members(_ verdict: ReplayVerdict) -> [(String, JSON)] {
        [
            ("faithful", .bool(verdict.isFaithful)), ("counts", json(verdict.counts)),
            ("other_code", .bool(verdict.hasOtherCode)),
            ("assumed_limits", .bool(verdict.assumesLimits)),
            ("divergence", verdict.divergence.map(json) ?? .null),
        ]
    }

    /// How much was replayed, for programs.
    static func json(_ counts: ReplayCounts) -> JSON {
        .object([
            ("events", .integer(counts.events)), ("lives", .integer(counts.lives)),
            ("calls", .integer(counts.calls)), ("host_calls", .integer(counts.hostCalls)),
            ("host_errors", .integer(counts.hostErrors)),
            ("redacted", .integer(counts.redacted)), ("failures", .integer(counts.failures)),
            ("cut_off", .integer(counts.cutOff)), ("fuel", .integer(counts.fuel)),
        ])
    }

    /// A difference for programs.
    static func json(_ divergence: ReplayDivergence) -> JSON {
        func side(_ side: ReplayDivergence.Side?) -> JSON {
            guard let side else { return .null }
            return .object([
                ("what", .string(side.what)),
                ("value", side.bytes.map { EventFacts.value($0).json(isFull: false) } ?? .null),
            ])
        }
        return .object([
            ("code", .string(divergence.kind.rawValue)),
            ("sequence", .integer(divergence.sequence)), ("detail", .string(divergence.detail)),
            ("function", .optional(divergence.call?.function)),
            ("call", divergence.call.map { .integer($0.sequence) } ?? .null),
            ("recorded", side(divergence.recorded)), ("replayed", side(divergence.replayed)),
            ("differences", .array(divergence.differences().map(json))),
            ("redacted_at", divergence.redactedAt.map { .integer($0) } ?? .null),
            ("frames", .array(divergence.frames.map { .string("\($0)") })),
        ])
    }
}
