// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterNode
internal import TheaterStore

/// The store of a data directory.
enum StoreDirectory {
    /// The most bytes that a command stores at once.
    static let contentSizeMax = StoreOptions().contentSizeMax

    /// Opens the store for reading: while a node runs, and after a crash.
    static func read(_ dataDirectory: String) throws(CLIError) -> ContentStore {
        let store = try StoreDirectory.translating { () throws(StoreError) in
            try ContentStore.openReadOnly(directory: path(dataDirectory))
        }
        guard let store else { throw missing(dataDirectory) }
        return store
    }

    /// Opens the store for writing, and takes its lock.
    ///
    /// - Parameter makes: whether a store is begun when there is none.
    static func write(
        _ dataDirectory: String, makes: Bool = false
    ) throws(CLIError) -> ContentStore {
        if makes { try Files.makeFolders(dataDirectory) }
        guard makes || Files.kind(path(dataDirectory)) == .folder else {
            throw missing(dataDirectory)
        }
        return try translating { () throws(StoreError) in
            try ContentStore.open(directory: path(dataDirectory))
        }
    }

    /// Runs operations of a store.
    static func translating<Result>(
        _ body: () throws(StoreError) -> Result
    ) throws(CLIError) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw CLIError(error)
        }
    }

    /// The content of the store that the chains mention, and the modules of their actors.
    ///
    /// - Parameter progress: shows how far the chains are read.
    static func mentionedInChains(
        _ dataDirectory: String, _ store: ContentStore, _ progress: ProgressLine
    ) throws(CLIError) -> Set<ContentID> {
        let path = Files.join(dataDirectory, "journal")
        guard Files.kind(path) != .missing else { return [] }
        do throws(JournalError) {
            return try ChainContent.mentioned(
                in: try Journal.openReadOnly(directory: path), of: store,
                progress: progress.report)
        } catch {
            throw CLIError(error)
        }
    }

    private static func path(_ dataDirectory: String) -> String {
        Files.join(dataDirectory, "store")
    }

    private static func missing(_ dataDirectory: String) -> CLIError {
        CLIError(
            .data, "cli.no-store",
            "there is no store in '\(dataDirectory)'; put something there with `theater store put`, or "
                + "name another data directory with --data DIR")
    }
}
