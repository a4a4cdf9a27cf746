// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// The newest checkpoints that a node signed of a chain, kept so that it never signs one that
/// contradicts them.
///
/// They are files `checkpoints/<key id>/<actor>/<size>.checkpoint` in the data directory, at most
/// ``countMax`` of each chain; beyond that the oldest go.
public struct CheckpointShelf: Sendable {
    /// How many checkpoints of a chain are kept.
    public static let countMax = 64
    private static let suffix = ".checkpoint"

    private let disk: any Disk
    private let dataDirectory: String

    /// Names the shelf of a data directory, which exists.
    public init(dataDirectory: String, disk: any Disk = SystemDisk()) {
        self.dataDirectory = dataDirectory
        self.disk = disk
    }

    private func folders(_ actor: ActorID, _ key: VerifierKey) -> [String] {
        let root = dataDirectory + "/checkpoints"
        let ofKey = root + "/" + key.id.hexadecimal
        return [root, ofKey, ofKey + "/\(actor)"]
    }

    /// Where the checkpoint of a size is.
    func path(_ size: UInt64, _ actor: ActorID, _ key: VerifierKey) -> String {
        "\(folders(actor, key)[2])/\(size)\(Self.suffix)"
    }

    /// The actors of whose chains checkpoints of a key are kept, in order.
    ///
    /// - Throws: ``ProofError`` `proof.disk`.
    public func actors(_ key: VerifierKey) throws(ProofError) -> [ActorID] {
        try names(in: folders(ActorID(high: 0, low: 0), key)[1]).compactMap { ActorID($0) }
    }

    private func names(in folder: String) throws(ProofError) -> [String] {
        do throws(DiskError) {
            return try disk.list(folder)
        } catch {
            if error.errno == DiskError.missingErrno { return [] }
            throw .disk(error)
        }
    }

    /// The sizes of which a checkpoint is kept, ascending.
    func sizes(of actor: ActorID, _ key: VerifierKey) throws(ProofError) -> [UInt64] {
        try names(in: folders(actor, key)[2]).compactMap { name in
            name.hasSuffix(Self.suffix)
                ? Decimal.parse(String(name.dropLast(Self.suffix.count))) : nil
        }.sorted()
    }

    /// The checkpoint of a size.
    ///
    /// - Throws: ``ProofError`` when it is not one that this key signed of this chain.
    func load(
        _ size: UInt64, of actor: ActorID, _ key: VerifierKey
    ) throws(ProofError) -> SignedCheckpoint {
        let path = path(size, actor, key)
        var source = try FileSource(path, disk: disk)
        var bytes: [UInt8] = []
        while bytes.count <= SignedNote.sizeMax {
            let part = try source.read(64 << 10)
            if part.isEmpty { break }
            bytes += part
        }
        do throws(ProofError) {
            let signed = try SignedCheckpoint(try SignedNote(bytes), by: key, of: actor)
            guard signed.checkpoint.size == size else {
                throw .badCheckpoint("it is of \(signed.checkpoint.size) events")
            }
            return signed
        } catch {
            throw ProofError(
                error.code, "the kept checkpoint '\(path)' is damaged: \(error.fact)",
                remedy:
                    "Restore it from a copy, or move it away: then nothing tells any more whether "
                    + "the chain of \(size) events is the one that was signed.")
        }
    }

    /// Keeps a checkpoint; it is on stable storage when this returns.
    func keep(_ signed: SignedCheckpoint, _ key: VerifierKey) throws(ProofError) {
        let checkpoint = signed.checkpoint
        let folders = folders(checkpoint.actor, key)
        let path = path(checkpoint.size, checkpoint.actor, key)
        let draft = path + ".\(CurrentProcess.id)"
        do throws(DiskError) {
            for folder in folders { try make(folder) }
            var sink = try FileSink(draft, disk: disk)
            try sink.write(signed.note.bytes)
            try sink.finish()
            try disk.rename(draft, to: path)
            for folder in folders { try disk.syncDirectory(folder) }
        } catch {
            try? disk.remove(draft)
            throw .disk(error)
        }
        let sizes = try sizes(of: checkpoint.actor, key)
        for size in sizes.dropLast(Self.countMax) {
            // One that another process removed already is gone as well.
            try? disk.remove(self.path(size, checkpoint.actor, key))
        }
    }

    private func make(_ folder: String) throws(DiskError) {
        do throws(DiskError) {
            try disk.makeDirectory(folder)
        } catch {
            guard error.errno == DiskError.existsErrno else { throw error }
        }
    }
}
