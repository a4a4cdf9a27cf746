// SPDX-License-Identifier: Apache-2.0

internal import TheaterStore

/// Reads what actors are made from: files, and the store of a data directory (`store://…`).
struct ActorFiles: Sendable {
    /// The data directory; `nil` when there is none to look in.
    let dataDirectory: String?

    /// Reads one of them whole.
    ///
    /// - Parameter status: the class of the error when it cannot be read.
    /// - Throws: `cli.unreadable`, `cli.too-large`, `cli.no-store`, or what the store says.
    func read(
        _ path: String, sizeMax: Int, status: CommandStatus
    ) throws(CLIError) -> [UInt8] {
        guard path.contains("://") else {
            return try Files.read(path, sizeMax: sizeMax, status: status)
        }
        guard StoreReference.isReference(path) else {
            throw CLIError(
                status, "cli.remote",
                "'\(path)' is neither a file nor in the store, and nothing is fetched from elsewhere; "
                    + "get it, and name its path")
        }
        guard let dataDirectory else {
            throw CLIError(
                status, "cli.no-store",
                "'\(path)' is in the store, and without a data directory there is none; name one with "
                    + "--data DIR")
        }
        let store = try StoreDirectory.read(dataDirectory)
        defer { store.close() }
        let content = try StoreDirectory.translating { () throws(StoreError) in
            try store.resolve(try StoreReference(parsing: path)).content
        }
        guard content.count <= sizeMax else {
            throw CLIError(
                status, "cli.too-large",
                "'\(path)' is larger than \(SizeText.format(sizeMax)); give less at once")
        }
        return content
    }

    /// Whether there is a store to look in.
    var hasStore: Bool {
        guard let dataDirectory, let store = try? StoreDirectory.read(dataDirectory) else {
            return false
        }
        store.close()
        return true
    }

    /// Whether there is something to read.
    func has(_ path: String) -> Bool {
        guard path.contains("://") else { return Files.kind(path) == .file }
        guard let dataDirectory, let store = try? StoreDirectory.read(dataDirectory),
            let reference = try? StoreReference(parsing: path)
        else { return false }
        defer { store.close() }
        return (try? store.resolve(reference)) != nil
    }
}
