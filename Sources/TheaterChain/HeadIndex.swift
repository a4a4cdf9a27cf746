// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The heads of all chains at one place of the journal, in a file beside the segments.
///
/// It makes opening fast, and it remembers how far the journal reached. It can be rebuilt from the
/// segments.
struct HeadIndex {
    static let version: UInt16 = 2
    static let magic: UInt64 = 0x0A58_4449_4A48_5489
    private static let fixedSize = 72
    private static let entrySize = 83
    /// Of version 1, whose entries have no flags.
    private static let plainVersion: UInt16 = 1
    private static let plainEntrySize = 82
    private static let endsInEffect: UInt8 = 1
    private static let noName = UInt16.max

    let journal: ActorID
    /// What is before this place is covered.
    let end: Position
    /// The segment digest at that place.
    let digest: Digest
    let heads: HeadTable

    init(journal: ActorID, end: Position, digest: Digest, heads: HeadTable) {
        self.journal = journal
        self.end = end
        self.digest = digest
        self.heads = heads
    }

    /// Replaces the index file; the old one stays until the new one is durable.
    func write(_ disk: any Disk, _ directory: String) throws(DiskError) {
        let path = JournalFiles.path(directory, JournalFiles.newIndex)
        let file = try disk.open(path, .replace)
        do throws(DiskError) {
            try bytes.withBytes { (bytes) throws(DiskError) in
                try disk.writeAll(file, from: bytes, at: 0)
            }
            try disk.sync(file)
        } catch {
            disk.close(file)
            throw error
        }
        disk.close(file)
        try disk.rename(path, to: JournalFiles.path(directory, JournalFiles.index))
        try disk.syncDirectory(directory)
    }

    /// The bytes of the index file. Chains in memory are left out.
    var bytes: [UInt8] {
        let kept = heads.entries.filter { !$0.isInMemory }
        var bytes = [UInt8](repeating: 0, count: Self.fixedSize)
        bytes.withUnsafeMutableBytes { buffer in
            buffer.store(Self.magic, at: 0)
            buffer.store(Self.version, at: 8)
            buffer.store(UInt32(truncatingIfNeeded: kept.count), at: 12)
            buffer.store(journal, at: 16)
            buffer.store(end.segment, at: 32)
            buffer.store(end.offset, at: 36)
            digest.store(buffer, at: 40)
        }
        for entry in kept {
            let name = entry.name.map { Array($0.utf8) }
            bytes.append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: Self.entrySize) { part, count in
                    let buffer = UnsafeMutableRawBufferPointer(part)
                    buffer.store(entry.actor, at: 0)
                    buffer.store(entry.count, at: 16)
                    entry.head.store(buffer, at: 24)
                    buffer.store(entry.last.segment, at: 56)
                    buffer.store(entry.last.offset, at: 60)
                    buffer.store(entry.firstTime, at: 64)
                    buffer.store(entry.lastTime, at: 72)
                    let size = name.map { UInt16(truncatingIfNeeded: $0.count) } ?? Self.noName
                    buffer.store(size, at: 80)
                    buffer.store(entry.endsInEffect ? Self.endsInEffect : 0, at: 82)
                    count = Self.entrySize
                })
            bytes.append(contentsOf: name ?? [])
        }
        return bytes + Digest.sha256(of: bytes).bytes
    }

    /// Reads the bytes of an index file; `nil` when they are not whole or not of this version.
    init?(_ bytes: [UInt8]) {
        let size = bytes.count - Digest.size
        guard size >= Self.fixedSize else { return nil }
        let parsed = bytes.withUnsafeBytes { buffer -> (ActorID, Position, Digest, HeadTable)? in
            let version = buffer.load(UInt16.self, at: 8)
            guard Digest(buffer, at: size) == Digest.sha256(of: buffer.part(0..<size)),
                buffer.load(UInt64.self, at: 0) == Self.magic,
                version == Self.version || version == Self.plainVersion,
                let heads = Self.entries(
                    buffer.part(Self.fixedSize..<size), count: buffer.load(UInt32.self, at: 12),
                    haveFlags: version != Self.plainVersion)
            else { return nil }
            let end = Position(
                segment: buffer.load(UInt32.self, at: 32), offset: buffer.load(UInt32.self, at: 36))
            return (ActorID(buffer, at: 16), end, Digest(buffer, at: 40), HeadTable(heads))
        }
        guard let parsed else { return nil }
        (journal, end, digest, heads) = parsed
    }

    private static func entries(
        _ buffer: UnsafeRawBufferPointer, count: UInt32, haveFlags: Bool
    ) -> [HeadEntry]? {
        let entrySize = haveFlags ? Self.entrySize : plainEntrySize
        var entries: [HeadEntry] = []
        var seen: Set<ActorID> = []
        var offset = 0
        for _ in 0..<count {
            guard buffer.count - offset >= entrySize else { return nil }
            let part = buffer.part(offset..<buffer.count)
            offset += entrySize
            let size = part.load(UInt16.self, at: 80)
            var name: String?
            if size != noName {
                guard buffer.count - offset >= Int(size) else { return nil }
                name = String(decoding: buffer.part(offset..<offset + Int(size)), as: UTF8.self)
                offset += Int(size)
            }
            let actor = ActorID(part, at: 0)
            guard seen.insert(actor).inserted else { return nil }
            var entry = HeadEntry(actor: actor, name: name)
            entry.count = part.load(UInt64.self, at: 16)
            entry.head = Digest(part, at: 24)
            entry.last = Position(
                segment: part.load(UInt32.self, at: 56), offset: part.load(UInt32.self, at: 60))
            entry.firstTime = part.load(Int64.self, at: 64)
            entry.lastTime = part.load(Int64.self, at: 72)
            // Where it is not known, whoever wants to know looks.
            entry.endsInEffect = haveFlags ? part[82] & Self.endsInEffect != 0 : true
            entries.append(entry)
        }
        return offset == buffer.count ? entries : nil
    }
}
