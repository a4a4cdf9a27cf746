// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
internal import TheaterReplay
public import TheaterStore

/// The content of a store that chains mention: a replay needs it as long as they are kept.
public enum ChainContent {
    /// Finds it.
    ///
    /// Whatever looks like a digest counts, and so do the modules and manifests of the actors: what is kept
    /// for nothing can still be removed, but not the other way round. Reads every event, so it takes its time.
    ///
    /// - Parameter progress: told how many events were read, of so many.
    /// - Throws: what reading a chain throws.
    public static func mentioned(
        in reader: JournalReader, of store: ContentStore,
        progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> Set<ContentID> {
        var found: Set<ContentID> = []
        let total = reader.actors().reduce(0) { $0 + $1.count }
        var done: UInt64 = 0
        for chain in reader.actors() {
            var cursor = try reader.events(of: chain.actor)
            while let event = try cursor.next() {
                for id in mentioned(in: event) where store.contains(id) { found.insert(id) }
                done += 1
                progress(done, total)
            }
        }
        return found
    }

    private static func mentioned(in event: ChainEvent) -> Set<ContentID> {
        guard let payload = event.payload else { return [] }
        var ids = ContentID.mentioned(in: payload)
        if let birth = ReplayBirth(event) {
            for digest in [birth.module, birth.manifest] {
                if let id = ContentID(bytes: digest.bytes) { ids.insert(id) }
            }
        }
        return ids
    }
}
