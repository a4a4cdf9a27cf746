// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
internal import TheaterNode
internal import TheaterPact
internal import TheaterReplay
internal import TheaterStore

/// A chain and an event of it, as people write it: `counter@40`.
struct ChainPoint {
    /// What names the chain.
    let chain: String
    /// The event; `nil` when the text has none.
    let sequence: UInt64?

    /// Takes a text apart. What stands behind the last `@` is an event when it is a number.
    init(_ text: String) {
        if let at = text.lastIndex(of: "@"), let number = UInt64(text[text.index(after: at)...]) {
            chain = String(text[..<at])
            sequence = number
        } else {
            chain = text
            sequence = nil
        }
    }

    /// The event in a chain of so many.
    func place(in count: UInt64, default place: UInt64) throws(CLIError) -> UInt64 {
        let place = sequence ?? place
        guard place < count else {
            throw Self.behindLast(place, of: chain, count)
        }
        return place
    }

    /// The error of an event that a chain does not have.
    static func behindLast(_ place: UInt64, of chain: String, _ count: UInt64) -> CLIError {
        let name = Printable.line(chain, sizeMax: 128)
        let last = count == 0 ? "" : ", the last is \(count - 1)"
        return .usage(
            "the chain of '\(name)' has no event \(place): it has \(ChainText.events(count)), counted "
                + "from zero\(last); see them with `theater chain show \(name)`")
    }
}

/// Makes histories of a data directory's chains.
struct HistoryLoader {
    let directory: ChainDirectory
    private let code: StoredCode?
    private let engine: Engine
    private let context: CLIContext
    private let isQuiet: Bool

    /// - Parameter isQuiet: whether the results are for programs, and nothing is said of the progress.
    init(
        dataDirectory path: String, _ context: CLIContext, engine: Engine? = nil, isQuiet: Bool
    ) throws(CLIError) {
        self.context = context
        self.isQuiet = isQuiet
        directory = try ChainDirectory(dataDirectory: path)
        let store = try StoreDirectory.translating { () throws(StoreError) in
            try ContentStore.openReadOnly(directory: Files.join(path, "store"))
        }
        code = store.map {
            StoredCode($0, logger: StderrLogHandler.logger(context, isQuiet: true))
        }
        if let engine {
            self.engine = engine
        } else {
            self.engine = try ReplayEngine.make(dataDirectory: path)
        }
    }

    /// The history of the chain that a text names.
    func history(of text: String?) async throws(CLIError) -> (ChainSummary, ChainHistory) {
        let summary = try directory.chain(text)
        return (summary, try await history(of: summary))
    }

    /// The history of a chain.
    func history(of summary: ChainSummary) async throws(CLIError) -> ChainHistory {
        guard summary.count > 0 else {
            throw .usage("the chain of \(summary.actor) has no events yet")
        }
        let progress = ProgressLine("reading", in: context, isQuiet: isQuiet)
        defer { progress.end() }
        do throws(ReplayError) {
            return try await ChainHistory(
                EventPages(summary, in: directory.reader, progress: progress.report)
            ) { (birth) async in await exports(of: birth) }
        } catch {
            throw CLIError(error)
        }
    }

    /// A chain up to an event, with what came before it.
    func lineage(
        of chain: ChainSummary, upTo last: UInt64
    ) throws(ReplayError) -> ChainLineage {
        try ChainLineage(of: chain.actor, upTo: last, in: directory.reader)
    }

    /// What a chain's actor has in the store after an event, what it had before it was forked included.
    func references(
        of chain: ChainSummary, upTo last: UInt64
    ) throws(CLIError) -> StoreReferences {
        do throws(ReplayError) {
            return try StoreReferences(try lineage(of: chain, upTo: last).events())
        } catch {
            throw CLIError(error)
        }
    }

    /// The memory of a chain's actor after an event, which its code is run again for.
    func memory(
        of chain: ChainSummary, upTo last: UInt64
    ) async throws(ReplayError) -> MemoryPages {
        guard let code else { throw Self.noStore }
        let life = try lineage(of: chain, upTo: last).lastLife()
        let progress = ProgressLine("replaying", in: context, isQuiet: isQuiet)
        defer { progress.end() }
        var options = Node.registry().replayOptions()
        options.observer = { progress.show($0.sequence + 1, of: last + 1) }
        return try await Replayer(engine: engine, library: code, options: options)
            .memory(at: life)
    }

    private static var noStore: ReplayError {
        ReplayError(.noCode, "the data directory has no store, and so no code of its chains")
    }

    /// The wasm and the manifest of a life, as the store keeps them.
    func parts(
        of birth: ReplayBirth
    ) async throws(ReplayError) -> (wasm: [UInt8], manifest: Manifest) {
        guard let code else { throw Self.noStore }
        return (try await code.code(for: birth).wasm, try await code.manifest(for: birth))
    }

    /// What the code of a life exports; `nil` when it is not kept.
    private func exports(of birth: ReplayBirth) async -> [FunctionSignature]? {
        guard let code, let found = try? await code.code(for: birth) else { return nil }
        return try? await ReplayMetadata.read(found, engine: engine).exports
    }
}
