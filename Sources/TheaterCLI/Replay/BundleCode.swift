// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterNode
internal import TheaterReplay

/// Bundles as files.
enum BundleFile {
    /// Opens a bundle for a replay.
    static func recording(_ path: String) throws(CLIError) -> BundleRecording<FileSource> {
        let path = try regular(path)
        return try CLIError.translatingProofs { () throws(ProofError) in
            try BundleRecording(try FileSource(path))
        }
    }

    /// The path of a file; a bundle is read more than once, so nothing else will do.
    static func regular(_ path: String) throws(CLIError) -> String {
        guard Files.isRegular(path) else {
            throw CLIError(
                .usage, "cli.unreadable",
                "'\(Printable.line(path))' is not a file; give the path of a bundle")
        }
        return path
    }
}

/// The code of a bundle, or a file in place of it.
struct BundleCode: ReplayLibrary {
    let recording: BundleRecording<FileSource>
    /// The file that was given.
    let wasm: [UInt8]?
    /// Whether the file may be other code than the chain names; else it stands for that alone.
    let isRebuilt: Bool
    /// Which code the chain ran on, when the file may be other code.
    var spans: CodeSpans?

    func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode {
        guard let wasm, spans?.isComparable(birth) ?? true,
            isRebuilt || ModuleCache.digest(of: wasm) == birth.module.description
        else { return try await recording.code(for: birth) }
        return try recording.code(wasm, for: birth)
    }
}
