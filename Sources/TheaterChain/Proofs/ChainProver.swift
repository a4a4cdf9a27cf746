// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Signs checkpoints of a chain and makes proofs about it.
///
/// Each of them reads the chain from its first event, and checks every link on the way: nothing is signed
/// of a chain that is not whole, that contradicts a checkpoint on the shelf, or that is not on stable
/// storage. Needs memory for one event and the logarithm of their number.
public struct ChainProver: Sendable {
    let reader: JournalReader
    let key: NodeKey
    let shelf: CheckpointShelf
    let progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void
    /// Whose chain it is.
    public let actor: ActorID

    /// Prepares for a chain.
    ///
    /// - Parameter progress: told how many events were read, of so many, whenever the chain is.
    public init(
        reader: JournalReader, actor: ActorID, key: NodeKey, shelf: CheckpointShelf,
        progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) {
        self.reader = reader
        self.actor = actor
        self.key = key
        self.shelf = shelf
        self.progress = progress
    }

    /// The public half of the key that it signs with.
    public var verifier: VerifierKey { key.verifier }

    /// What the actor was made of, as the events name it.
    ///
    /// - Throws: ``ProofError`` `proof.broken-chain`, `proof.contradiction`, `proof.journal`.
    public func contents() throws(ProofError) -> ChainContents {
        var contents = ChainContents()
        _ = try survey(Survey(sizes: [try count()])) { contents.add($0) }
        return contents
    }

    /// How many events the chain has for the reader.
    func count() throws(ProofError) -> UInt64 {
        guard let summary = reader.summary(of: actor) else {
            throw ProofError(JournalError.unknownChain(actor))
        }
        return summary.count
    }

    /// Compares the chain with every kept checkpoint of it.
    ///
    /// - Returns: how many events they are of, ascending; none when none is kept.
    /// - Throws: ``ProofError`` `proof.contradiction` when the chain is not one with what was signed of
    ///   it, or is gone; `proof.broken-chain`, `proof.journal`, `proof.disk`.
    public func compareWithKept() throws(ProofError) -> [UInt64] {
        let sizes = try shelf.sizes(of: actor, key.verifier)
        guard let newest = sizes.last else { return [] }
        guard reader.summary(of: actor) != nil else {
            throw .contradiction(
                actor, shelf.path(newest, actor, key.verifier),
                "is gone, although "
                    + "this node signed a checkpoint of \(newest) events of it")
        }
        _ = try survey(Survey(sizes: []), withAllKept: true)
        return sizes
    }

    /// Signs a checkpoint of the first events, of all without a number.
    ///
    /// - Throws: ``ProofError`` `proof.out-of-range`, `proof.broken-chain`, `proof.contradiction`,
    ///   `proof.journal`, `proof.disk`.
    public func checkpoint(size: UInt64? = nil) throws(ProofError) -> SignedCheckpoint {
        let size = try checked(size: size)
        let survey = try survey(Survey(sizes: [size]))
        return try sign(size, survey)
    }

    /// Proves that the chain has an event.
    ///
    /// - Parameters:
    ///   - size: of how many events the checkpoint is; of all without a number.
    ///   - withPayload: whether the payload goes with it, or its digest alone.
    /// - Throws: as ``checkpoint(size:)``.
    public func inclusion(
        of sequence: UInt64, size: UInt64? = nil, withPayload: Bool = true
    ) throws(ProofError) -> InclusionProof {
        let size = try checked(size: size)
        guard let ranges = MerkleProof.inclusion(of: sequence, in: size) else {
            throw .outOfRange(
                "the first \(size) events of actor \(actor) have no event \(sequence)")
        }
        var found: ChainEvent?
        let survey = try survey(Survey(sizes: [size], ranges: ranges)) { event in
            if event.sequence == sequence { found = event }
        }
        guard let found, let path = survey.roots.roots else {
            throw .outOfRange("the chain ended before event \(sequence)")
        }
        return InclusionProof(
            event: Evidence(found, withPayload: withPayload), index: sequence, path: path,
            note: try sign(size, survey).note)
    }

    /// Proves that the chain of some events is the beginning of the chain of more.
    ///
    /// - Parameters:
    ///   - old: a number of events, at least one.
    ///   - new: a number of events; all of them without one.
    /// - Throws: as ``checkpoint(size:)``.
    public func consistency(
        from old: UInt64, to new: UInt64? = nil
    ) throws(ProofError) -> ConsistencyProof {
        let new = try checked(size: new)
        guard let ranges = MerkleProof.consistency(from: old, to: new) else {
            throw .outOfRange("the first \(new) events of actor \(actor) do not begin with \(old)")
        }
        let survey = try survey(Survey(sizes: [old, new], ranges: ranges))
        guard let path = survey.roots.roots else {
            throw .outOfRange("the chain ended before \(new) events")
        }
        return ConsistencyProof(
            path: path, old: try sign(old, survey).note, new: try sign(new, survey).note)
    }

    private func checked(size: UInt64?) throws(ProofError) -> UInt64 {
        let count = try count()
        guard let size else { return count }
        guard size <= count else {
            throw .outOfRange(
                "the chain of actor \(actor) has \(count) events, and not yet \(size)")
        }
        return size
    }

    // MARK: Reading and signing

    /// What is found on one way through the chain.
    struct Survey {
        /// Where the chain stood at a number of events.
        struct Stand: Hashable {
            let root: Digest
            let head: Digest
        }

        /// The numbers of events that are asked about.
        var sizes: Set<UInt64>
        /// What was found at them.
        var stands: [UInt64: Stand] = [:]
        /// The subtrees that are asked about.
        var roots: MerkleRoots

        init(sizes: Set<UInt64>, ranges: [Range<UInt64>] = []) {
            self.sizes = sizes
            roots = MerkleRoots(of: ranges)
        }
    }

    /// Goes through the chain, and compares it with the newest kept checkpoint, or with all.
    ///
    /// - Parameter passCount: how many times the chain is read in all; this is the first.
    func survey(
        _ wanted: Survey, withAllKept: Bool = false, passCount: UInt64 = 1,
        observe: (ChainEvent) -> Void = { _ in }
    ) throws(ProofError) -> Survey {
        var survey = wanted
        let keptSizes = try shelf.sizes(of: actor, key.verifier)
        var kept: [SignedCheckpoint] = []
        for size in withAllKept ? keptSizes[...] : keptSizes.suffix(1) {
            kept.append(try shelf.load(size, of: actor, key.verifier))
            survey.sizes.insert(size)
        }
        try follow(&survey, passCount, observe)
        for signed in kept {
            let checkpoint = signed.checkpoint
            let stand = Survey.Stand(root: checkpoint.root, head: checkpoint.head)
            guard survey.stands[checkpoint.size] == stand else {
                throw .contradiction(
                    actor, shelf.path(checkpoint.size, actor, key.verifier),
                    "is not one with the checkpoint of \(checkpoint.size) events that this node "
                        + "signed before")
            }
        }
        return survey
    }

    private func follow(
        _ survey: inout Survey, _ passCount: UInt64, _ observe: (ChainEvent) -> Void
    ) throws(ProofError) {
        let last = survey.sizes.max() ?? 0
        var tracker = ChainTracker(actor: actor)
        note(tracker, &survey)
        do {
            var cursor = try reader.events(of: actor, in: 0..<last)
            while let event = try cursor.next() {
                let evidence = Evidence(event, withPayload: false)
                guard evidence.hash == event.hash else {
                    throw ProofError.brokenChain(
                        actor, event.sequence, "its fields do not give its hash")
                }
                survey.roots.append(leaf: try tracker.append(evidence))
                note(tracker, &survey)
                observe(event)
                progress(tracker.count, last * passCount)
            }
        } catch let error as JournalError {
            throw ProofError(error)
        } catch let error as ProofError {
            throw error
        } catch {
            throw .badProof("\(error)")
        }
    }

    private func note(_ tracker: ChainTracker, _ survey: inout Survey) {
        guard survey.sizes.contains(tracker.count) else { return }
        survey.stands[tracker.count] = Survey.Stand(root: tracker.tree.root, head: tracker.head)
    }

    /// Signs what was found at a size, and keeps it if it is the newest.
    func sign(_ size: UInt64, _ survey: Survey) throws(ProofError) -> SignedCheckpoint {
        guard let stand = survey.stands[size] else {
            throw .outOfRange("the chain ended before \(size) events")
        }
        do throws(JournalError) {
            // What a crash of the machine could still take back is not signed.
            try reader.sync()
        } catch {
            throw ProofError(error)
        }
        let signed = try SignedCheckpoint(
            actor: actor, size: size, root: stand.root, head: stand.head, by: key)
        if try shelf.sizes(of: actor, key.verifier).last.map({ $0 < size }) ?? true {
            try shelf.keep(signed, key.verifier)
        }
        return signed
    }
}
