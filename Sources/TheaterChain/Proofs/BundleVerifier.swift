// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// What a verified bundle holds.
public struct BundleReport: Sendable, Hashable {
    /// The checkpoint of the whole chain.
    public let checkpoint: SignedCheckpoint
    /// The sizes of all checkpoints in the bundle, ascending.
    public let checkpointSizes: [UInt64]
    /// When the first and the newest event were recorded; `nil` without events.
    public let times: ClosedTimes?
    /// How many events come without their payload.
    public let withheldCount: UInt64
    /// The first event that comes without its payload.
    public let firstWithheld: UInt64?
    /// What the actor was made of.
    public let contents: ChainContents
    /// Which of that the bundle has.
    public let included: Set<Digest>

    /// Whose chain it is.
    public var actor: ActorID { checkpoint.checkpoint.actor }
    /// How many events it has.
    public var count: UInt64 { checkpoint.checkpoint.size }
    /// The hash of the newest event.
    public var head: Digest { checkpoint.checkpoint.head }

    /// Two points in time.
    public struct ClosedTimes: Sendable, Hashable {
        /// Of the first event.
        public let first: WallTime
        /// Of the newest event.
        public var last: WallTime
    }
}

/// Verifies bundles with a key and nothing else.
///
/// It checks that every event has the hash that its fields give, follows the one before it and has the
/// payload that it names; that the Merkle root and the head at every checkpoint are the signed ones, the
/// last of the whole chain; that modules and manifests are those that the events name; and every byte of
/// the file.
public struct BundleVerifier: Sendable {
    private let key: VerifierKey
    private let anchors: [SignedNote]

    /// Prepares to verify.
    ///
    /// - Parameters:
    ///   - key: the key of the node that is trusted.
    ///   - anchors: checkpoints of the chain from elsewhere, which the bundle must be one with.
    public init(key: VerifierKey, anchors: [SignedNote] = []) {
        self.key = key
        self.anchors = anchors
    }

    /// Verifies a bundle.
    ///
    /// - Parameter progress: told how many events were checked, of so many.
    /// - Throws: ``ProofError`` with the first thing that does not hold; what the source throws.
    public func verify(
        _ source: some ByteSource,
        progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(ProofError) -> BundleReport {
        var reader = try BundleReader(source)
        var state = VerifierState(actor: reader.actor, count: reader.count, key: key)
        for anchor in anchors { try state.add(anchor: anchor) }
        while true {
            let part: BundlePart?
            do throws(ProofError) {
                part = try reader.next()
            } catch {
                throw state.stray.map { state.blame($0.sequence) } ?? error
            }
            guard let part else { return try state.report() }
            try state.add(part)
            progress(state.tracker.count, state.count)
        }
    }
}

/// What is known of a bundle while its parts go by.
private struct VerifierState {
    let actor: ActorID
    let count: UInt64
    let key: VerifierKey
    var tracker: ChainTracker
    var checkpoints: [SignedCheckpoint] = []
    /// All checkpoints by their size, those from elsewhere too.
    var expected: [UInt64: [Checkpoint]] = [:]
    var contents = ChainContents()
    var included: Set<Digest> = []
    var times: BundleReport.ClosedTimes?
    var withheldCount: UInt64 = 0
    var firstWithheld: UInt64?
    /// An event that does not name the one before it, and the newest of those that follow it. When they
    /// lead to what was signed, the one before was altered, otherwise this one.
    var stray: (sequence: UInt64, newest: Evidence)?

    init(actor: ActorID, count: UInt64, key: VerifierKey) {
        self.actor = actor
        self.count = count
        self.key = key
        tracker = ChainTracker(actor: actor)
    }

    mutating func add(anchor note: SignedNote) throws(ProofError) {
        let checkpoint = try SignedCheckpoint(note, by: key, of: actor).checkpoint
        guard checkpoint.size <= count else {
            throw .wrongRoot(
                "the bundle has \(count) events, and the given checkpoint is of \(checkpoint.size)")
        }
        expected[checkpoint.size, default: []].append(checkpoint)
    }

    mutating func add(_ part: BundlePart) throws(ProofError) {
        switch part {
        case .checkpoint(let note):
            let signed = try SignedCheckpoint(note, by: key, of: actor)
            let size = signed.checkpoint.size
            guard size <= count else {
                throw .wrongRoot(
                    "the bundle has \(count) events of actor \(actor), and a checkpoint of \(size)")
            }
            guard checkpoints.last.map({ $0.checkpoint.size < size }) ?? true else {
                throw .badBundle("its checkpoints are not in order", at: 0)
            }
            guard note.signatures.count == 1, checkpoints.count <= CheckpointShelf.countMax else {
                throw .badBundle("it has other signatures, or too many checkpoints", at: 0)
            }
            checkpoints.append(signed)
            expected[size, default: []].append(signed.checkpoint)
        case .content(let digest, _):
            guard included.insert(digest).inserted else { throw wrong(digest, "is there twice") }
        case .event(let event):
            if let stray {
                guard event.sequence == stray.newest.sequence + 1,
                    event.parent == stray.newest.hash
                else { throw blame(stray.sequence) }
                return try follow(from: stray.sequence, event)
            }
            if tracker.count == 0 { try compare() }
            if tracker.count > 0, event.sequence == tracker.count, event.parent != tracker.head {
                return try follow(from: event.sequence, event)
            }
            try tracker.append(event)
            try compare()
            contents.add(event.event(of: actor))
            if event.payload == nil {
                withheldCount += 1
                if firstWithheld == nil { firstWithheld = event.sequence }
            }
            if times == nil { times = .init(first: event.time, last: event.time) }
            times?.last = event.time
        }
    }

    /// Goes on behind a broken link until a checkpoint tells on which side of it the fault is.
    private mutating func follow(from sequence: UInt64, _ event: Evidence) throws(ProofError) {
        stray = (sequence, event)
        guard let signed = expected[event.sequence + 1] else { return }
        guard signed.contains(where: { $0.head == event.hash }) else { throw blame(sequence) }
        throw .brokenChain(
            actor, sequence - 1, "the event after it, which leads to a signed head, names another")
    }

    /// The error of an event that does not follow the one before it.
    func blame(_ sequence: UInt64) -> ProofError {
        .brokenChain(actor, sequence, "it does not name the event before it as its parent")
    }

    /// Compares the chain so far with the checkpoints of its size.
    private func compare() throws(ProofError) {
        for checkpoint in expected[tracker.count] ?? [] {
            guard checkpoint.root == tracker.tree.root, checkpoint.head == tracker.head else {
                let newest = tracker.count > 0 ? tracker.count - 1 : nil
                throw .wrongRoot(
                    "the first \(tracker.count) events of actor \(actor) are not those of the "
                        + "checkpoint that '\(key.name)' signed"
                        + (newest.map { ": event \($0), or one before it, is another" } ?? ""),
                    sequence: newest)
            }
        }
    }

    func report() throws(ProofError) -> BundleReport {
        if count == 0 { try compare() }
        if let stray { throw blame(stray.sequence) }
        guard let newest = checkpoints.last, newest.checkpoint.size == count else {
            throw .wrongRoot("the bundle has no checkpoint of all its \(count) events")
        }
        for digest in included.sorted() where !contents.contains(digest) {
            throw wrong(digest, "is named by no event of the chain")
        }
        return BundleReport(
            checkpoint: newest, checkpointSizes: checkpoints.map(\.checkpoint.size), times: times,
            withheldCount: withheldCount, firstWithheld: firstWithheld, contents: contents,
            included: included)
    }

    private func wrong(_ digest: Digest, _ fact: String) -> ProofError {
        ProofError(
            .wrongContent, "the module or manifest \(digest) of the bundle \(fact)",
            remedy: "Do not trust the bundle; get it again.")
    }
}
