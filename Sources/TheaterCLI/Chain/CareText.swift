// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain

/// What was done to a journal, as text and as JSON.
enum CareText {
    static func show(
        _ report: PruneReport, isTrial: Bool, json: Bool, _ output: any Output
    ) {
        if json { return output.result(Self.json(report, isTrial: isTrial)) }
        let payloads = report.payloadCount == 1 ? "1 payload" : "\(report.payloadCount) payloads"
        let what = "\(payloads), \(SizeText.format(report.payloadSize))"
        if isTrial {
            output.result("would drop \(what), of \(SizeText.format(report.sizeBefore)) in all")
        } else if let after = report.sizeAfter {
            output.result(
                "dropped \(what); \(SizeText.format(report.sizeBefore)) -> \(SizeText.format(after))"
            )
        } else {
            output.result("nothing to drop")
        }
        if report.keptDoubts > 0 {
            output.result(
                "kept \(report.keptDoubts) of effects in doubt; see `theater chain doubts`")
        }
    }

    static func show(_ report: JournalCopyReport, json: Bool, _ output: any Output) {
        if json {
            output.result(
                .object([
                    ("chains", .integer(report.chainCount)),
                    ("events", .integer(report.eventCount)),
                    ("segments", .integer(report.segmentCount)), ("size", .integer(report.size)),
                ]))
        } else {
            let chains = report.chainCount == 1 ? "1 chain" : "\(report.chainCount) chains"
            output.result(
                "\(chains), \(ChainText.events(report.eventCount)), "
                    + "\(SizeText.format(report.size)), verified")
        }
    }

    private static func json(_ report: PruneReport, isTrial: Bool) -> JSON {
        .object([
            ("dry_run", .bool(isTrial)), ("payloads", .integer(report.payloadCount)),
            ("payload_size", .integer(report.payloadSize)),
            ("kept_doubts", .integer(report.keptDoubts)),
            ("size_before", .integer(report.sizeBefore)),
            ("size_after", report.sizeAfter.map { .integer($0) } ?? .null),
        ])
    }
}
