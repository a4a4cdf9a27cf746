// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The bytes of a bundle: a chain in one file, for somebody who has nothing but the key.
///
/// `Documentation/Proofs.md` has the tables.
enum BundleFormat {
    static let magic: [UInt8] = [0x89, 0x54, 0x48, 0x42, 0x4E, 0x44, 0x4C, 0x0A]
    static let version: UInt16 = 1
    static let headerSize = 34
    static let sectionHeaderSize = 9
    /// The most bytes of a module or a manifest.
    static let contentSizeMax = 256 << 20
    /// The most modules and manifests.
    static let contentsMax = 256

    /// The kinds of section, in the order in which they follow each other.
    enum Kind: UInt8 {
        /// The note of a signed checkpoint; in ascending order of size, the last of the whole chain.
        case checkpoint = 1
        /// A module or a manifest, as its digest in an event names it.
        case content = 2
        /// An event; in their order, as many as the header says.
        case event = 3
        /// The SHA-256 of every byte of the file before it, the header of this section included.
        case end = 4

        var sizeMax: Int {
            switch self {
            case .checkpoint: SignedNote.sizeMax
            case .content: BundleFormat.contentSizeMax
            case .event: Evidence.sizeMax
            case .end: Digest.size
            }
        }
    }

    static func header(_ actor: ActorID, count: UInt64) -> [UInt8] {
        magic + bytes(UInt64(version), 2) + actor.bytes + bytes(count, 8)
    }

    static func sectionHeader(_ kind: Kind, size: Int) -> [UInt8] {
        [kind.rawValue] + bytes(UInt64(size), 8)
    }

    /// A number in so many bytes, little-endian.
    private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
    }

    /// A little-endian number.
    static func number(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// One part of a bundle.
public enum BundlePart: Sendable, Hashable {
    /// A checkpoint, whose signature is not verified.
    case checkpoint(SignedNote)
    /// A module or a manifest, with its digest.
    case content(Digest, [UInt8])
    /// An event, whose link to the one before is not checked.
    case event(Evidence)
}

/// Finds modules and manifests by their digests.
public protocol ContentFinder {
    /// The content with a digest; `nil` when it is not to be found.
    ///
    /// What is found is compared with the digest by whoever asked.
    func content(of digest: Digest) throws(ProofError) -> [UInt8]?
}

/// What a chain was made of, as its events name it.
public struct ChainContents: Sendable, Hashable {
    /// The wasm modules that the actor was started with or upgraded to, in order, each once.
    public private(set) var modules: [Digest] = []
    /// Its manifests, in order, each once.
    public private(set) var manifests: [Digest] = []

    /// Makes an empty list.
    public init() {}

    /// Takes an event; those that start the actor or exchange its code count.
    public mutating func add(_ event: ChainEvent) {
        let module: Digest
        let manifest: Digest
        switch event.type {
        case EventType.spawned.name, EventType.forked.name, EventType.upgradeBegun.name:
            switch try? event.decodedPayload() {
            case .spawned(let wasm, let text, _, _, _, _)?: (module, manifest) = (wasm, text)
            case .forked(let fork)?: (module, manifest) = (fork.module, fork.manifest)
            case .upgrade(let step)?: (module, manifest) = (step.to, step.manifest)
            default: return
            }
        default: return
        }
        guard modules.count + manifests.count + 2 <= BundleFormat.contentsMax else { return }
        if !modules.contains(module) { modules.append(module) }
        if !manifests.contains(manifest) { manifests.append(manifest) }
    }

    /// Whether it names a digest.
    public func contains(_ digest: Digest) -> Bool {
        modules.contains(digest) || manifests.contains(digest)
    }
}
