// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform

/// Checkpoints, proofs and bundles as text and as JSON.
enum ProofText {
    /// A checkpoint.
    static func json(_ signed: SignedCheckpoint) -> JSON {
        let checkpoint = signed.checkpoint
        return .object([
            ("actor", .string("\(checkpoint.actor)")), ("size", .integer(checkpoint.size)),
            ("root", .string("\(checkpoint.root)")), ("head", .string("\(checkpoint.head)")),
            ("key", .string(checkpoint.keyName)), ("checkpoint", .string("\(signed.note)")),
        ])
    }

    /// A proof that was just made.
    static func json(_ proof: InclusionProof, _ signed: SignedCheckpoint) -> JSON {
        .object([
            ("kind", .string("inclusion")), ("actor", .string("\(signed.checkpoint.actor)")),
            ("sequence", .integer(proof.index)), ("size", .integer(signed.checkpoint.size)),
            ("root", .string("\(signed.checkpoint.root)")),
            (
                "event",
                EventFacts.json(proof.event.event(of: signed.checkpoint.actor), isFull: true)
            ),
            ("path", .array(proof.path.map { .string("\($0)") })), ("proof", .string("\(proof)")),
        ])
    }

    /// A proof that was just made.
    static func json(
        _ proof: ConsistencyProof, _ old: SignedCheckpoint, _ new: SignedCheckpoint
    ) -> JSON {
        .object([
            ("kind", .string("consistency")), ("actor", .string("\(new.checkpoint.actor)")),
            ("from", .integer(old.checkpoint.size)), ("to", .integer(new.checkpoint.size)),
            ("from_root", .string("\(old.checkpoint.root)")),
            ("to_root", .string("\(new.checkpoint.root)")),
            ("path", .array(proof.path.map { .string("\($0)") })), ("proof", .string("\(proof)")),
        ])
    }

    /// What a bundle holds.
    static func lines(_ report: BundleReport) -> [String] {
        let checkpoint = report.checkpoint.checkpoint
        var lines = ["        \(ChainText.events(report.count)), head \(checkpoint.head)"]
        if let times = report.times {
            lines.append(
                "        recorded from \(times.first.rfc3339) to "
                    + times.last.rfc3339)
        }
        let sizes = report.checkpointSizes.map(String.init).joined(separator: ", ")
        lines.append("        signed by \(checkpoint.keyName) at \(sizes) events")
        for (kind, digests) in [
            ("module", report.contents.modules), ("manifest", report.contents.manifests),
        ] {
            let width = 8
            for digest in digests {
                let state = report.included.contains(digest) ? "included" : "not included"
                lines.append("        \(Printable.pad(kind, width)) \(digest), \(state)")
            }
        }
        if report.withheldCount > 0 {
            lines.append(
                "        \(ChainText.events(report.withheldCount)) without the payload: only its "
                    + "digest is proven")
        }
        return lines
    }

    /// What a bundle holds.
    static func json(
        _ report: BundleReport, valid: Bool? = nil, file: String, reexecuted: JSON? = nil
    ) -> JSON {
        let checkpoint = report.checkpoint.checkpoint
        func contents(_ digests: [Digest]) -> JSON {
            .array(
                digests.map {
                    .object([
                        ("digest", .string("\($0)")),
                        ("included", .bool(report.included.contains($0))),
                    ])
                })
        }
        return .object(
            (valid.map { [("valid", JSON.bool($0))] } ?? []) + [
                ("bundle", .string(file)), ("actor", .string("\(report.actor)")),
                ("count", .integer(report.count)), ("head", .string("\(checkpoint.head)")),
                ("root", .string("\(checkpoint.root)")), ("key", .string(checkpoint.keyName)),
                ("checkpoints", .array(report.checkpointSizes.map { .integer($0) })),
                ("first_time", .optional(report.times.map { $0.first.rfc3339 })),
                ("last_time", .optional(report.times.map { $0.last.rfc3339 })),
                ("modules", contents(report.contents.modules)),
                ("manifests", contents(report.contents.manifests)),
                ("withheld", .integer(report.withheldCount)),
            ] + (reexecuted.map { [("reexecuted", $0)] } ?? []))
    }
}
