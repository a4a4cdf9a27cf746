// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform

/// Chains as text and as JSON.
enum ChainText {
    /// A number of events.
    static func events(_ count: UInt64) -> String { count == 1 ? "1 event" : "\(count) events" }

    /// The list of chains, newest last.
    static func list(_ chains: [ChainSummary], width: Int?) -> [String] {
        var table = TextTable([
            .init(title: "ACTOR"), .init(title: "NAME", givesWay: true),
            .init(title: "EVENTS", isNumber: true), .init(title: "LAST EVENT"),
            .init(title: "HEAD"),
        ])
        for chain in chains {
            table.add([
                String(chain.actor.description.prefix(8)),
                Printable.line(chain.name ?? "-", sizeMax: 64), String(chain.count),
                chain.lastTime.map { TimeText.local($0) } ?? "-",
                String(chain.head.description.prefix(12)),
            ])
        }
        return table.lines(width: width)
    }

    /// A chain in brief.
    static func json(_ chain: ChainSummary) -> JSON {
        .object([
            ("actor", .string(chain.actor.description)), ("name", .optional(chain.name)),
            ("count", .integer(chain.count)), ("head", .string(chain.head.description)),
            ("first_time", .optional(chain.firstTime.map(\.rfc3339))),
            ("last_time", .optional(chain.lastTime.map(\.rfc3339))),
        ])
    }

    /// The verification of a chain.
    static func json(_ report: VerificationReport) -> JSON {
        .object([
            ("actor", .string(report.actor.description)), ("name", .optional(report.name)),
            ("count", .integer(report.count)), ("head", .string(report.head.description)),
            ("valid", .bool(report.isValid)), ("problem", report.problem.map(json) ?? .null),
        ])
    }

    /// The verification of a chain, and its comparison with the checkpoints that are kept of it.
    static func json(_ report: VerificationReport, _ finding: KeptCheckpoints.Finding) -> JSON {
        let problem = report.problem.map(json) ?? finding.problem.map { json($0, of: report.actor) }
        return .object([
            ("actor", .string(report.actor.description)), ("name", .optional(report.name)),
            ("count", .integer(report.count)), ("head", .string(report.head.description)),
            ("valid", .bool(problem == nil)), ("problem", problem ?? .null),
            ("checkpoints", .array(finding.sizes.map { .integer($0) })),
        ])
    }

    /// Why a chain is not the one that was signed.
    static func json(_ problem: ProofError, of actor: ActorID? = nil) -> JSON {
        .object([
            ("code", .string(problem.code.rawValue)),
            ("actor", .optional(actor?.description)),
            ("sequence", problem.sequence.map { .integer($0) } ?? .null),
            ("file", .null), ("offset", .null), ("detail", .string(problem.fact)),
        ])
    }

    /// What is wrong with a chain or a journal.
    static func json(_ problem: ChainProblem) -> JSON {
        .object([
            ("code", .string(problem.check.rawValue)),
            ("actor", .optional(problem.actor?.description)),
            ("sequence", problem.sequence.map { .integer($0) } ?? .null),
            ("file", .string(problem.file)), ("offset", .integer(problem.offset)),
            ("detail", .string(problem.detail)),
        ])
    }
}
