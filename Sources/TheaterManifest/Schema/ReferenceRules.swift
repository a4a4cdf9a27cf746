// SPDX-License-Identifier: Apache-2.0

/// What a reference to a package or a manifest may be: a path, or `store://…`.
enum ReferenceRules {
    /// The longest reference, in bytes.
    static let sizeMax = 4096

    /// Refuses what is no reference. Nothing is looked up, neither on disk nor on the network.
    static func check(
        _ reference: String, key: String, _ entry: SourceEntry, expected: String,
        _ reader: inout SectionReader
    ) {
        guard !reference.isEmpty else {
            reader.refuse(key, "'\(key)' is empty", suggestion: "it must be \(expected)")
            return
        }
        guard reference.utf8.count <= sizeMax, !reference.utf8.contains(0) else {
            reader.refuse(
                key, "'\(key)' is longer than \(sizeMax) bytes, or holds a NUL character")
            return
        }
        guard let scheme = Manifest.scheme(of: reference) else { return }
        switch scheme.lowercased() {
        case "store":
            if reference.utf8.count == scheme.utf8.count + 3 {
                reader.refuse(
                    key, "'\(key)' names nothing of the store",
                    suggestion: "write store:// and what the store has it under")
            }
        case "http", "https":
            reader.add(
                .unsupported, at: entry.node.place,
                "'\(key)' with '\(scheme)://' is not supported: nothing is taken from the network",
                "get the file, check it, and write its path, or put it into the store")
        default:
            reader.add(
                .unsupported, at: entry.node.place,
                "'\(key)' with '\(scheme.prefix(64))://' is not supported",
                "write a path relative to this file, or store://")
        }
    }
}
