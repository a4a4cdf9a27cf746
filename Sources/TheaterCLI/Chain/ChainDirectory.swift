// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterManifest
internal import TheaterPlatform

/// The chains of a data directory, for reading. Works while a node runs and after a crash.
struct ChainDirectory {
    let reader: JournalReader
    let path: String

    /// Opens the journal of a data directory.
    init(dataDirectory: String) throws(CLIError) {
        path = Files.join(dataDirectory, "journal")
        guard Files.kind(path) != .missing else {
            throw CLIError(
                .data, "cli.no-journal",
                "there are no chains in '\(dataDirectory)'; run an actor with `theater run`, or "
                    + "name another data directory with --data DIR")
        }
        do throws(JournalError) {
            reader = try Journal.openReadOnly(directory: path)
        } catch {
            throw CLIError(error)
        }
    }

    /// Finds the chain that a text names: an identity, the beginning of one, or an actor's name, of
    /// which the newest chain counts. No text means the newest chain of all.
    func chain(_ text: String?) throws(CLIError) -> ChainSummary {
        try ChainSelection.find(
            text, among: text == nil ? reader.lifeChains() : reader.actors())
    }
}

/// Finds chains by what people type.
enum ChainSelection {
    /// The fewest digits of an identity that name it.
    static let prefixMin = 4

    /// Finds a chain among those in the order in which they began.
    static func find(
        _ text: String?, among chains: [ChainSummary]
    ) throws(CLIError) -> ChainSummary {
        guard let newest = chains.last else {
            throw CLIError(
                .usage, "cli.no-chain", "there are no chains yet; run an actor with `theater run`")
        }
        guard let text else { return newest }
        if let id = ActorID(text), let chain = chains.first(where: { $0.actor == id }) {
            return chain
        }
        if let chain = chains.last(where: { $0.name == text }) { return chain }
        let prefix = text.lowercased()
        if prefix.utf8.count >= prefixMin {
            let found = chains.filter { $0.actor.description.hasPrefix(prefix) }
            if found.count == 1 { return found[0] }
            if found.count > 1 {
                throw .usage(
                    "'\(text)' begins \(found.count) identities; write more of the one you mean: "
                        + found.prefix(4).map(\.actor.description).joined(separator: ", "))
            }
        }
        let isShort = prefix.utf8.count < prefixMin && prefix.allSatisfy(\.isHexDigit)
        let nearest = EditDistance.suggestion(
            for: text, among: Set(chains.compactMap(\.name)).sorted())
        throw CLIError(
            .usage, "cli.no-chain",
            "no chain is named '\(Printable.line(text, sizeMax: 128))'"
                + (isShort ? ", and the beginning of an identity needs \(prefixMin) digits" : "")
                + (nearest.map { "; did you mean '\(Printable.line($0, sizeMax: 128))'? List" }
                    ?? "; list")
                + " them with `theater chain list`")
    }
}
