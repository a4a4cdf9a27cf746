// SPDX-License-Identifier: Apache-2.0

internal import Crypto
public import TheaterPlatform

extension ChainProver {
    /// Writes the whole chain with all that is needed to verify it into one file, readable by its owner
    /// only: payloads may hold secrets.
    ///
    /// The file appears whole or not at all, in place of one that is there.
    ///
    /// - Parameters:
    ///   - path: where the bundle goes.
    ///   - finder: where modules and manifests are looked up; what it does not have is left out.
    /// - Returns: what was written.
    /// - Throws: as ``checkpoint(size:)``; `proof.wrong-content` when what the finder has is something
    ///   else.
    public func export(
        to path: String, contents finder: some ContentFinder, disk: any Disk = SystemDisk()
    ) throws(ProofError) -> BundleReport {
        let count = try count()
        var contents = ChainContents()
        var withheldCount: UInt64 = 0
        var firstWithheld: UInt64?
        var times: BundleReport.ClosedTimes?
        let survey = try survey(Survey(sizes: [count]), withAllKept: true, passCount: 2) {
            event in
            contents.add(event)
            if event.payload == nil {
                withheldCount += 1
                if firstWithheld == nil { firstWithheld = event.sequence }
            }
            if times == nil { times = .init(first: event.time, last: event.time) }
            times?.last = event.time
        }
        let newest = try sign(count, survey)
        var checkpoints: [SignedCheckpoint] = []
        for size in try shelf.sizes(of: actor, key.verifier) where size < count {
            // Those that came meanwhile were not compared with the chain.
            guard survey.sizes.contains(size) else { continue }
            checkpoints.append(try shelf.load(size, of: actor, key.verifier))
        }
        checkpoints.append(newest)
        // A name that nobody can have put a link at.
        let draft = path + "." + String(Randomness.twoWords().0, radix: 36) + ".part"
        let included: Set<Digest>
        do {
            var writer = try BundleWriter(draft, disk: disk)
            try writer.begin(actor, count: count)
            for checkpoint in checkpoints { try writer.write(.checkpoint, checkpoint.note.bytes) }
            included = try write(contents, finder, to: &writer)
            try writeEvents(count, head: newest.checkpoint.head, to: &writer)
            try writer.finish()
            try disk.rename(draft, to: path)
        } catch {
            try? disk.remove(draft)
            switch error {
            case let error as ProofError: throw error
            case let error as JournalError: throw ProofError(error)
            case let error as DiskError:
                // Nobody knows the draft.
                let place = error.path == draft ? path : error.path
                throw .disk(
                    DiskError(operation: error.operation, path: place, errno: error.errno))
            default: throw .badProof("\(error)")
            }
        }
        return BundleReport(
            checkpoint: newest, checkpointSizes: checkpoints.map(\.checkpoint.size), times: times,
            withheldCount: withheldCount, firstWithheld: firstWithheld, contents: contents,
            included: included)
    }

    private func write(
        _ contents: ChainContents, _ finder: some ContentFinder, to writer: inout BundleWriter
    ) throws -> Set<Digest> {
        var included: Set<Digest> = []
        for digest in contents.modules + contents.manifests where !included.contains(digest) {
            guard let content = try finder.content(of: digest) else { continue }
            guard Digest.sha256(of: content) == digest else {
                throw ProofError(
                    .wrongContent, "what is kept as \(digest) is something else",
                    remedy: "See what is damaged with `theater store verify`, or give the file.")
            }
            guard content.count <= BundleFormat.contentSizeMax else { continue }
            try writer.write(.content, content)
            included.insert(digest)
        }
        return included
    }

    private func writeEvents(
        _ count: UInt64, head: Digest, to writer: inout BundleWriter
    ) throws {
        var cursor = try reader.events(of: actor, in: 0..<count)
        var tracker = ChainTracker(actor: actor)
        while let event = try cursor.next() {
            let evidence = Evidence(event)
            try tracker.append(evidence)
            try writer.write(.event, evidence.bytes)
            progress(count + tracker.count, count * 2)
        }
        guard tracker.count == count, tracker.head == head else {
            throw ProofError.brokenChain(actor, tracker.count, "it changed while it was exported")
        }
    }
}

/// Writes the sections of a bundle.
struct BundleWriter: ~Copyable {
    private var sink: FileSink
    private var hasher = SHA256()

    init(_ path: String, disk: any Disk) throws(DiskError) {
        sink = try FileSink(path, disk: disk)
    }

    mutating func begin(_ actor: ActorID, count: UInt64) throws(DiskError) {
        try put(BundleFormat.header(actor, count: count))
    }

    mutating func write(_ kind: BundleFormat.Kind, _ body: [UInt8]) throws(DiskError) {
        try put(BundleFormat.sectionHeader(kind, size: body.count))
        try put(body)
    }

    /// Writes the end, and waits for stable storage.
    mutating func finish() throws(DiskError) {
        try put(BundleFormat.sectionHeader(.end, size: Digest.size))
        try put(Digest(hasher.finalize()).bytes)
        try sink.finish()
    }

    private mutating func put(_ bytes: [UInt8]) throws(DiskError) {
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        try sink.write(bytes)
    }
}
