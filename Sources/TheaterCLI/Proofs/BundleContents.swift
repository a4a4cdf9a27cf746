// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterManifest
internal import TheaterStore

/// Finds modules and manifests in given files, then in any namespace of the store.
struct BundleContents: ContentFinder {
    private var given: [Digest: [UInt8]] = [:]
    private let store: ContentStore?

    /// Looks into the store of a data directory, if it has one.
    init(dataDirectory: String) throws(CLIError) {
        let path = Files.join(dataDirectory, "store")
        store =
            Files.kind(path) == .folder ? try StoreDirectory.read(dataDirectory) : nil
    }

    /// Takes the bytes of a module.
    mutating func give(module: [UInt8]) { given[Digest.sha256(of: module)] = module }

    /// Takes a manifest, which is named in the chain by its text and the values of its variables.
    mutating func give(
        manifest bytes: [UInt8], file: String, variables: [String: String]
    ) throws(CLIError) {
        given[Digest.sha256(of: bytes)] = bytes
        guard !variables.isEmpty else { return }
        do throws(ManifestDiagnostics) {
            let manifest = try Manifest.parse(bytes: bytes, file: file, variables: variables)
            given[Digest.sha256(of: manifest.recorded)] = manifest.recorded
        } catch {
            throw CLIError(error)
        }
    }

    /// Whether a file that was given is one that the chain names.
    func isGiven(_ digests: [Digest]) -> Bool { digests.contains { given[$0] != nil } }

    func content(of digest: Digest) throws(ProofError) -> [UInt8]? {
        if let content = given[digest] { return content }
        guard let store, let id = ContentID(bytes: digest.bytes), store.contains(id) else {
            return nil
        }
        // Content that is damaged is content that is not there; `store verify` tells.
        for usage in (try? store.usage()) ?? [] {
            if let content = try? store.get(id, in: usage.namespace) { return content }
        }
        return nil
    }
}
