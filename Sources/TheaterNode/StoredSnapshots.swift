// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterEngine
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterRuntime
internal import TheaterStore

/// Snapshots of durable actors in the namespace `theater.snapshots` of a node's store.
///
/// The memory is kept in pages by content, so what does not change is there once. A snapshot itself is a
/// text that names them, under a label `<actor>/<event>` that is set last: one that is half written has no
/// label, and the next collection removes what there is of it.
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
        for old in try labels(of: actor, store).dropLast(countMax) {
            try store.removeLabel(old, in: .snapshots)
        }
    }

    /// The labels of an actor's snapshots, the oldest first.
    private static func labels(
        of actor: ActorID, _ store: ContentStore
    ) throws(StoreError) -> [StoreLabel] {
        try store.labels(of: .snapshots).map(\.label).filter {
            $0.text.hasPrefix(prefix(actor))
        }
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
                // One that is not whole is passed over in favour of an older one.
                if let found = try? Self.load(label, store), found.life.actor == actor,
                    found.life.sequence == number
                {
                    return found
                }
                self.logger.warning(
                    "a snapshot is not whole, and is passed over",
                    metadata: ["actor.id": "\(actor)", "snapshot.event": "\(number)"])
            }
            return nil
        }
        guard case .success(let found) = outcome else { return nil }
        return found
    }

    private static func load(
        _ label: StoreLabel, _ store: ContentStore
    ) throws(StoreError) -> ActorSnapshot? {
        guard let id = try store.target(of: label, in: .snapshots),
            var text = SnapshotText(try store.get(id, in: .snapshots)),
            let parts = text.read()
        else { return nil }
        var memory = [UInt8](repeating: 0, count: parts.memorySize)
        for (index, id) in parts.pages {
            let page = try store.get(id, in: .snapshots)
            let start = index * pageSize
            guard start >= 0, start + page.count <= memory.count else { return nil }
            memory.replaceSubrange(start..<(start + page.count), with: page)
        }
        var snapshot = parts.snapshot
        snapshot.life.guest.memory = memory
        snapshot.state = try store.get(parts.state, in: .snapshots)
        snapshot.firstState = try store.get(parts.first, in: .snapshots)
        return snapshot
    }
}

/// A snapshot as text: one field on each line.
struct SnapshotText {
    struct Parts {
        var snapshot: ActorSnapshot
        var memorySize: Int
        var pages: [(Int, ContentID)]
        var state: ContentID
        var first: ContentID
    }

    private static let title = "theater.snapshot 1"
    private var lines: ArraySlice<Substring>

    init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Self.title[...] else { return nil }
    }

    static func write(
        _ snapshot: ActorSnapshot, pages: [(Int, ContentID)], state: ContentID, first: ContentID
    ) -> [UInt8] {
        let (life, guest) = (snapshot.life, snapshot.life.guest)
        var lines: [String] = [title, life.actor.description]
        func add(_ values: UInt64...) {
            lines.append(values.map { String($0) }.joined(separator: " "))
        }
        add(life.sequence)
        for digest in [life.head, life.module, snapshot.manifest] {
            lines.append(digest.description)
        }
        lines.append(hex(Array(snapshot.name.utf8)))
        lines.append(snapshot.parent?.description ?? "-")
        add(snapshot.birth)
        lines.append(String(snapshot.bornAt.nanoseconds))
        add(life.fuelUsed)
        if let mail = life.record.handledMail { add(mail) } else { lines.append("-") }
        lines.append(life.record.isRegistered ? "1" : "0")
        if let placement = life.record.placement {
            lines.append(hex(EventPayload.note(.durable(placement)).encode()))
        } else {
            lines.append("-")
        }
        if let buffer = guest.buffer {
            add(UInt64(buffer.lowerBound), UInt64(buffer.upperBound))
        } else {
            lines.append("-")
        }
        add(UInt64(guest.hostPages.lowerBound), UInt64(guest.hostPages.upperBound))
        lines.append(guest.globals.map { String($0) }.joined(separator: " "))
        lines += [state.description, first.description]
        add(UInt64(guest.memory.count))
        for (index, id) in pages { lines.append(String(index) + " " + id.description) }
        return Array(lines.joined(separator: "\n").utf8)
    }

    mutating func read() -> Parts? {
        guard let actor = next().flatMap({ ActorID($0) }), let sequence = number(),
            let head = digest(), let module = digest(), let manifest = digest(),
            let name = next().flatMap({ Self.bytes(String($0)) }), let parent = next(),
            let birth = number(), let bornAt = next().flatMap({ Int64($0) })
        else { return nil }
        guard let fuel = number(), let handled = next(), let registered = next(),
            let placement = next(), let buffer = next(), let host = range(), let globals = next(),
            let state = content(), let first = content(), let size = number(), size <= 4 << 30
        else { return nil }
        var record = LifeRecord()
        record.handledMail = UInt64(handled)
        record.isRegistered = registered == "1"
        if let bytes = Self.bytes(String(placement)),
            case .note(.durable(let found))? = try? EventPayload.decode(
                bytes, type: EventType.durable.name)
        {
            record.placement = found
        }
        var pages: [(Int, ContentID)] = []
        while let line = next(), !line.isEmpty {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let index = Int(parts[0]), (0...65536).contains(index),
                let id = ContentID(parts[1])
            else { return nil }
            pages.append((index, id))
        }
        let words = globals.split(separator: " ").map { UInt64($0) }
        guard !words.contains(nil) else { return nil }
        let guest = GuestImage(
            memory: [], globals: words.compactMap { $0 }, buffer: Self.range(buffer),
            hostPages: host)
        return Parts(
            snapshot: ActorSnapshot(
                life: LifeImage(
                    guest: guest, actor: actor, sequence: sequence, head: head, module: module,
                    fuelUsed: fuel, record: record),
                birth: birth, bornAt: WallTime(nanoseconds: bornAt), manifest: manifest,
                name: String(decoding: name, as: UTF8.self), parent: ActorID(String(parent)),
                firstState: [], state: []),
            memorySize: Int(clamping: size), pages: pages, state: state, first: first)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        var (digits, bytes) = (text.utf8.makeIterator(), [UInt8]())
        while let high = digits.next() {
            guard let low = digits.next(),
                let byte = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private mutating func next() -> Substring? { lines.popFirst() }

    private mutating func digest() -> Digest? { next().flatMap { Digest(hex: $0) } }

    private mutating func content() -> ContentID? { next().flatMap { ContentID($0) } }

    private mutating func number() -> UInt64? { next().flatMap { UInt64($0) } }

    private mutating func range() -> Range<UInt32>? { next().flatMap { Self.range($0) } }

    private static func range(_ text: Substring) -> Range<UInt32>? {
        let parts = text.split(separator: " ").compactMap { UInt32($0) }
        guard parts.count == 2, parts[0] <= parts[1] else { return nil }
        return parts[0]..<parts[1]
    }
}
