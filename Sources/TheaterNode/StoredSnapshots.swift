// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterRuntime
internal import TheaterStore

/// Snapshots of durable actors in the namespace `theater.snapshots` of a node's store.
///
/// The memory is kept in pages by content, so what does not change is there once. A snapshot itself is a
/// text that names them, under a label `<actor>/<event>` that is set last: one that is half written has no
/// label, and the next collection removes what there is of it. What does not have the digests that it names,
/// or cannot be a snapshot of its actor, is passed over.
struct StoredSnapshots: SnapshotKeeper {
    /// How many snapshots of an actor are kept.
    static let countMax = 2
    static let pageSize = 65536

    private let store: ContentStore
    private let logger: Logger

    init(_ store: ContentStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    private static func label(_ actor: ActorID, _ sequence: UInt64) -> StoreLabel? {
        let digits = String(sequence)
        return StoreLabel(
            "\(actor)/" + String(repeating: "0", count: 20 - min(20, digits.count)) + digits)
    }

    private static func prefix(_ actor: ActorID) -> String { "\(actor)/" }

    // MARK: Keeping

    func keep(_ snapshot: ActorSnapshot) async {
        let outcome = await store.perform { (store) throws(StoreError) in
            try Self.put(snapshot, store)
        }
        guard case .failure(let error) = outcome else { return }
        logger.warning(
            "a snapshot is not kept; the actor is brought back from an older one, or from its whole chain",
            metadata: ["actor.id": "\(snapshot.life.actor)", "error": "\(error)"])
    }

    private static func put(_ snapshot: ActorSnapshot, _ store: ContentStore) throws(StoreError) {
        let (actor, sequence) = (snapshot.life.actor, snapshot.life.sequence)
        var pages: [(Int, ContentID)] = []
        let memory = snapshot.life.guest.memory
        for (index, start) in stride(from: 0, to: memory.count, by: pageSize).enumerated() {
            let page = memory[start..<min(start + pageSize, memory.count)]
            if page.allSatisfy({ $0 == 0 }) { continue }
            pages.append((index, try store.put(Array(page), in: .snapshots)))
        }
        let state = try store.put(snapshot.state, in: .snapshots)
        let first = try store.put(snapshot.firstState, in: .snapshots)
        let text = SnapshotText.write(snapshot, pages: pages, state: state, first: first)
        guard let label = label(actor, sequence) else { return }
        try store.put(text, in: .snapshots, label: label)
        var kept = try labels(of: actor, store)
        // What stands behind the newest is of a history that a restored backup has undone.
        while let last = kept.last, last != label {
            kept.removeLast()
            try store.removeLabel(last, in: .snapshots)
        }
        for old in kept.dropLast(countMax) { try store.removeLabel(old, in: .snapshots) }
    }

    /// The labels of an actor's snapshots, the oldest first.
    private static func labels(
        of actor: ActorID, _ store: ContentStore
    ) throws(StoreError) -> [StoreLabel] {
        try store.labels(of: .snapshots).map(\.label).filter {
            $0.text.hasPrefix(prefix(actor))
        }
    }

    func actors() async -> Set<ActorID> {
        let outcome = await store.perform { (store) throws(StoreError) in
            try store.labels(of: .snapshots).compactMap {
                $0.label.text.split(separator: "/").first
            }
        }
        guard case .success(let names) = outcome else { return [] }
        return Set(names.compactMap { ActorID(String($0)) })
    }

    func forget(_ actor: ActorID) async {
        _ = await store.perform { (store) throws(StoreError) in
            for label in try Self.labels(of: actor, store) {
                try store.removeLabel(label, in: .snapshots)
            }
        }
    }

    // MARK: Finding

    func snapshot(of actor: ActorID, before sequence: UInt64) async -> ActorSnapshot? {
        let outcome = await store.perform { (store) throws(StoreError) -> ActorSnapshot? in
            for label in try Self.labels(of: actor, store).reversed() {
                guard let number = UInt64(label.text.suffix(20)), number < sequence else {
                    continue
                }
                do throws(SnapshotProblem) {
                    return try Self.load(label, of: actor, at: number, store)
                } catch {
                    self.logger.warning(
                        "a snapshot is not used: \(error.fact)",
                        metadata: ["actor.id": "\(actor)", "snapshot.event": "\(number)"])
                }
            }
            return nil
        }
        guard case .success(let found) = outcome else { return nil }
        return found
    }

    private static func load(
        _ label: StoreLabel, of actor: ActorID, at sequence: UInt64, _ store: ContentStore
    ) throws(SnapshotProblem) -> ActorSnapshot {
        do {
            guard let id = try store.target(of: label, in: .snapshots) else {
                throw SnapshotProblem("its label is gone")
            }
            let parts = try SnapshotText.read(try store.get(id, in: .snapshots))
            guard parts.snapshot.life.actor == actor, parts.snapshot.life.sequence == sequence
            else { throw SnapshotProblem("it is one of another actor, or of another event") }
            // Nothing is allocated that the actor could not have.
            let limit = try memoryMax(parts.snapshot.manifest, store)
            guard parts.memorySize <= limit else {
                throw SnapshotProblem(
                    "it has \(parts.memorySize) bytes of memory, and the actor may have \(limit)")
            }
            var memory = [UInt8](repeating: 0, count: parts.memorySize)
            for (index, id) in parts.pages {
                guard try store.size(of: id, in: .snapshots) == UInt64(pageSize) else {
                    throw SnapshotProblem("page \(index) is not there, or is no page")
                }
                let page = try store.get(id, in: .snapshots)
                let start = index * pageSize
                memory.replaceSubrange(start..<(start + pageSize), with: page)
            }
            var snapshot = parts.snapshot
            snapshot.life.guest.memory = memory
            snapshot.state = try store.get(parts.state, in: .snapshots)
            snapshot.firstState = try store.get(parts.first, in: .snapshots)
            return snapshot
        } catch let error as SnapshotProblem {
            throw error
        } catch {
            throw SnapshotProblem("\(error)")
        }
    }

    /// How much memory the manifest of an actor allows.
    private static func memoryMax(_ manifest: Digest, _ store: ContentStore) throws -> UInt64 {
        guard let id = ContentID(bytes: manifest.bytes) else {
            throw SnapshotProblem("its manifest has no digest")
        }
        return try Limits(recorded: try store.get(id, in: .code)).memory.bytes
    }
}
