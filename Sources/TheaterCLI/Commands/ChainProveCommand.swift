// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain

/// `theater chain prove`: a proof about a chain for somebody who does not have it.
struct ChainProveCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove that a chain has an event, or that it only grew.",
        discussion: """
            With a sequence: a proof that the event of that number is in the chain, with the event \
            itself and a signed checkpoint. With --from and --to: a proof that the first events, so \
            many, are the beginning of the chain of more, with both checkpoints.

            A proof is a text that says all of it: `theater chain verify-proof` needs it and the key, \
            and nothing else.

            Examples:
              theater chain prove hello 3 -o event-3.tlog-proof
              theater chain prove hello 3 --without-payload
              theater chain prove hello --from 100 --to 250 -o grew.proof

            With --json: {"kind": "inclusion", "actor", "sequence", "size", "root", "event", "path", \
            "proof"} or {"kind": "consistency", "actor", "from", "to", "from_root", "to_root", "path", \
            "proof"}.
            """)

    @Argument(
        help: ArgumentHelp("The chain.", valueName: "actor|name"),
        completion: NameCompletion.chains)
    var chain: String

    @Argument(help: "The event, counted from zero.")
    var sequence: UInt64?

    @Option(
        help: ArgumentHelp("In a checkpoint of so many events; of all without.", valueName: "n"))
    var size: UInt64?

    @Flag(help: "Leave the payload out; its digest stays in the proof.")
    var withoutPayload = false

    @Option(help: ArgumentHelp("The smaller number of events, at least one.", valueName: "m"))
    var from: UInt64?

    @Option(
        help: ArgumentHelp("The larger number of events; all of them without.", valueName: "n"))
    var to: UInt64?

    @OptionGroup var data: DataOptions

    @OptionGroup var output: ProofOutputOptions

    func validate() throws {
        switch (sequence, from) {
        case (nil, nil):
            throw ValidationError("name an event by its sequence, or give --from and --to")
        case (_?, _?): throw ValidationError("a sequence and --from exclude each other")
        case (_?, nil):
            if to != nil { throw ValidationError("--to goes with --from; --size is meant") }
        case (nil, let from?):
            if size != nil || withoutPayload {
                throw ValidationError("--size and --without-payload go with a sequence")
            }
            if from < 1 { throw ValidationError("--from is at least 1") }
            if let to, to < from { throw ValidationError("--to is before --from") }
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let directory = try ProofDirectory(dataDirectory: data.resolved(in: context))
        let progress = ProgressLine("reading", in: context, isQuiet: output.json)
        let prover = try directory.prover(of: chain, progress)
        let (text, what, facts) = try CLIError.translatingProofs {
            () throws(ProofError) -> (String, String, JSON) in
            defer { progress.end() }
            // What goes out was verified as its reader will verify it.
            if let sequence {
                let proof = try prover.inclusion(
                    of: sequence, size: size, withPayload: !withoutPayload)
                let signed = try proof.verify(by: prover.verifier)
                let checkpoint = signed.checkpoint
                return (
                    "\(proof)",
                    "event \(sequence) of the \(checkpoint.size) of actor \(checkpoint.actor)",
                    ProofText.json(proof, signed)
                )
            }
            let proof = try prover.consistency(from: from ?? 1, to: to)
            let (old, new) = try proof.verify(by: prover.verifier)
            return (
                "\(proof)",
                "the first \(old.checkpoint.size) events of actor \(new.checkpoint.actor) begin its "
                    + "\(new.checkpoint.size)",
                ProofText.json(proof, old, new)
            )
        }
        try output.show(text, what, facts, in: context)
        return .success
    }
}

/// `theater chain verify-proof`: whether a proof holds.
struct ChainVerifyProofCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-proof",
        abstract: "Verify a proof with the key of the node that made it.",
        discussion: """
            Needs the file and the key, and no data directory. The exit code is 3 when the proof does \
            not hold.

            With --json: {"valid", "kind", "actor", "key", "size", "sequence", "event"} or {"valid", \
            "kind", "actor", "key", "from", "to"}.
            """)

    @Argument(
        help: ArgumentHelp("The proof; - for standard input.", valueName: "file|-"),
        completion: .file())
    var file: String

    @OptionGroup var key: KeyOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let key = try key.verifier()
        let bytes =
            if file == "-" {
                try context.input(ChainProof.sizeMax)
            } else {
                try Files.read(file, sizeMax: ChainProof.sizeMax, status: .usage)
            }
        return try CLIError.translatingProofs { () throws(ProofError) -> CommandStatus in
            switch try ChainProof(bytes) {
            case .inclusion(let proof):
                show(proof, try proof.verify(by: key).checkpoint, context.output)
            case .consistency(let proof):
                let (old, new) = try proof.verify(by: key)
                show(old.checkpoint, new.checkpoint, context.output)
            }
            return .success
        }
    }

    private func show(
        _ proof: InclusionProof, _ checkpoint: Checkpoint, _ output: any Output
    ) {
        let event = proof.event.event(of: checkpoint.actor)
        if json {
            return output.result(
                .object([
                    ("valid", .bool(true)), ("kind", .string("inclusion")),
                    ("actor", .string("\(checkpoint.actor)")),
                    ("key", .string(checkpoint.keyName)), ("size", .integer(checkpoint.size)),
                    ("sequence", .integer(proof.index)),
                    ("event", EventFacts.json(event, isFull: true)),
                ]))
        }
        output.result("ok      actor \(checkpoint.actor) recorded this event")
        output.result(
            "        number \(proof.index) of \(ChainText.events(checkpoint.size)), signed by "
                + checkpoint.keyName)
        for line in EventText.full(event, absence: "withheld") { output.result(line) }
    }

    private func show(_ old: Checkpoint, _ new: Checkpoint, _ output: any Output) {
        if json {
            return output.result(
                .object([
                    ("valid", .bool(true)), ("kind", .string("consistency")),
                    ("actor", .string("\(new.actor)")), ("key", .string(new.keyName)),
                    ("from", .integer(old.size)), ("to", .integer(new.size)),
                ]))
        }
        output.result("ok      the chain of actor \(new.actor) only grew")
        output.result(
            "        from \(ChainText.events(old.size)) to \(ChainText.events(new.size)), both signed "
                + "by \(new.keyName)")
        output.result("        head then \(old.head)")
        output.result("        head now  \(new.head)")
    }
}
