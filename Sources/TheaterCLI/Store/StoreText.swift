// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterStore

/// What is in a store as text and as JSON.
enum StoreText {
    /// The namespaces of a store.
    static func list(_ usage: [StoreUsage], width: Int?) -> [String] {
        var table = TextTable([
            .init(title: "STORE", givesWay: true), .init(title: "CONTENT", isNumber: true),
            .init(title: "SIZE", isNumber: true), .init(title: "LABELS", isNumber: true),
        ])
        for usage in usage {
            table.add([
                usage.namespace.name, "\(usage.count)", SizeText.format(usage.size),
                "\(usage.labelCount)",
            ])
        }
        return table.lines(width: width)
    }

    /// A namespace in brief.
    static func json(_ usage: StoreUsage) -> JSON {
        .object([
            ("store_id", .string(usage.namespace.name)), ("count", .integer(usage.count)),
            ("size", .integer(usage.size)), ("labels", .integer(usage.labelCount)),
        ])
    }

    /// One piece of content with its labels, on a terminal with as much of its digest as names it.
    static func line(
        _ id: ContentID, _ size: UInt64, _ labels: [StoreLabel], width: Int?
    ) -> String {
        let digits = width == nil ? ContentID.digitCount : 12
        let names = labels.map { "  " + Printable.line($0.text) }.joined()
        let line =
            "\(id.description.prefix(digits))  \(Printable.padLeft(SizeText.format(size), 10))\(names)"
        return width.map { Printable.cut(line, to: $0) } ?? line
    }

    /// One piece of content with its labels.
    static func json(_ id: ContentID, _ size: UInt64, _ labels: [StoreLabel]) -> JSON {
        .object([
            ("content", .string("\(id)")), ("size", .integer(size)),
            ("labels", .array(labels.map { .string($0.text) })),
        ])
    }

    /// What a collection did, or would do.
    static func line(_ report: StoreCollection, isTrial: Bool) -> String {
        var text =
            "\(isTrial ? "would remove" : "removed") \(pieces(report.removedCount)), "
            + "\(SizeText.format(report.freedSize)); kept \(report.keptCount)"
        if report.youngCount > 0 { text += " and \(report.youngCount) for being young" }
        if report.strayCount > 0 { text += "; removed \(report.strayCount) left by a crash" }
        return text
    }

    /// What a collection did, or would do.
    static func json(_ report: StoreCollection, isTrial: Bool) -> JSON {
        .object([
            ("dry_run", .bool(isTrial)), ("kept", .integer(report.keptCount)),
            ("removed", .integer(report.removedCount)), ("young", .integer(report.youngCount)),
            ("strays", .integer(report.strayCount)), ("freed_size", .integer(report.freedSize)),
        ])
    }

    /// A blob that is not as it was stored.
    static func json(_ problem: StoreProblem) -> JSON {
        .object([
            ("content", .string("\(problem.content)")),
            ("store_ids", .array(problem.namespaces.map { .string($0.name) })),
            ("code", .string(problem.error.code.rawValue)),
            ("message", .string(problem.error.message)),
        ])
    }

    /// A number of pieces of content.
    static func pieces(_ count: Int) -> String { count == 1 ? "1 blob" : "\(count) blobs" }
}
