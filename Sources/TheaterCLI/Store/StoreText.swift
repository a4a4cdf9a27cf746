// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterStore

/// What is in a store as text and as JSON.
enum StoreText {
    /// The namespaces of a store, a line for each.
    static func list(_ usage: [StoreUsage]) -> [String] {
        let width = max(5, usage.map(\.namespace.name.utf8.count).max() ?? 0)
        let head = Printable.pad("STORE", width) + "   CONTENT        SIZE   LABELS"
        return [head]
            + usage.map { usage in
                [
                    Printable.pad(usage.namespace.name, width),
                    Printable.padLeft("\(usage.count)", 8),
                    Printable.padLeft(SizeText.format(usage.size), 10),
                    Printable.padLeft("\(usage.labelCount)", 7),
                ].joined(separator: "  ")
            }
    }

    /// A namespace in brief.
    static func json(_ usage: StoreUsage) -> JSON {
        .object([
            ("store_id", .string(usage.namespace.name)), ("count", .integer(usage.count)),
            ("size", .integer(usage.size)), ("labels", .integer(usage.labelCount)),
        ])
    }

    /// One piece of content with its labels.
    static func line(_ id: ContentID, _ size: UInt64, _ labels: [StoreLabel]) -> String {
        let names = labels.map { "  " + Printable.line($0.text) }.joined()
        return "\(id)  \(Printable.padLeft(SizeText.format(size), 10))\(names)"
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
