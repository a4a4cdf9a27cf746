// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

extension Journal {
    /// Drops the payloads that a retention excludes, and writes what stays more densely.
    ///
    /// Takes the journal's lock, so no node may have it open. Verifies everything before, and the new
    /// segments before they replace the old ones. Needs room for a copy of what is rewritten. After a
    /// crash at any point the journal is as it was before, or as it is after.
    ///
    /// - Parameters:
    ///   - isTrial: says what would go, without the lock and without a change.
    ///   - progress: told now and then how much is done, of how much.
    /// - Throws: `locked`, `directory`, `disk`, `damaged`, `newerFormat`, `badOptions`.
    @discardableResult
    public static func prune(
        directory: String, keeping retention: Retention, isTrial: Bool = false,
        options: JournalOptions = JournalOptions(), disk: any Disk = SystemDisk(),
        progress: @escaping (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> PruneReport {
        try rewrite(
            directory, retention, isTrial: isTrial, rewritesAll: false, options, disk, progress)
    }

    /// Writes the journal more densely, without a change to any event: the marks between small
    /// batches go, and half-empty segments are joined.
    ///
    /// The same rules hold as for ``prune(directory:keeping:isTrial:options:disk:progress:)``.
    @discardableResult
    public static func compact(
        directory: String, options: JournalOptions = JournalOptions(),
        disk: any Disk = SystemDisk(),
        progress: @escaping (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> PruneReport {
        try rewrite(
            directory, Retention(), isTrial: false, rewritesAll: true, options, disk, progress)
    }

    private static func rewrite(
        _ directory: String, _ retention: Retention, isTrial: Bool, rewritesAll: Bool,
        _ options: JournalOptions, _ disk: any Disk,
        _ progress: @escaping (_ done: UInt64, _ total: UInt64) -> Void
    ) throws(JournalError) -> PruneReport {
        if let problem = options.problem { throw problem }
        let count = JournalSurvey.passCount + (isTrial ? 0 : JournalRewrite.passCount)
        let passes = Passes(count, progress)
        guard !isTrial else {
            let survey = try JournalSurvey(directory, disk, retention, passes)
            return survey.report
        }
        let recovered = try Recovery.open(directory: directory, options: options, disk: disk)
        defer { recovered.files.abandon() }
        if let problem = recovered.files.seal(recovered.heads) { throw problem }
        let survey = try JournalSurvey(directory, disk, retention, passes)
        guard let first = rewritesAll ? survey.segments.numbers.first : survey.firstChanged else {
            return survey.report
        }
        let rewrite = JournalRewrite(
            survey: survey, directory: directory, disk: disk, first: first, options: options,
            passes: passes)
        return try rewrite.perform()
    }
}

/// What is in a journal, and what of it goes.
struct JournalSurvey {
    /// How many times it goes over the segments, but for the ages of events.
    static let passCount = 3

    let segments: SegmentSet
    /// The verified journal.
    let walk: JournalWalk
    /// The decisions, before the first record.
    let plan: RetentionPlan
    private(set) var report: PruneReport
    /// The first segment with a payload that goes.
    private(set) var firstChanged: UInt32?

    init(
        _ directory: String, _ disk: any Disk, _ retention: Retention, _ passes: Passes
    ) throws(JournalError) {
        let index = HeadIndex.load(disk, directory)
        segments = try SegmentSet.opening(disk, directory)
        passes.begin(segments)
        var walk = JournalWalk(segments, depth: .hashes(of: nil), stopsAtProblem: true)
        try walk.run { _ in passes.step() }
        walk.checkReach(index)
        if let problem = walk.problems.first { throw Recovery.refusal(problem, disk) }
        self.walk = walk
        var ledgers: [ActorID: EffectLedger] = [:]
        var remaining: UInt64 = 0
        let bounds = try RetentionBounds(retention, walk.heads, segments)
        try segments.forEachRecord(passes) { record, _ in
            guard record.kind == .event, let payload = record.payload else { return }
            if EffectLedger.concerns(payload) {
                ledgers[record.id, default: EffectLedger(actor: record.id, name: nil)]
                    .take(record.event)
            }
            if bounds.concern(record), !bounds.exclude(record) {
                remaining += UInt64(payload.count)
            }
        }
        let doubts = Set(ledgers.values.flatMap(\.doubts).map(\.id))
        plan = RetentionPlan(bounds, doubts: doubts, remaining: remaining)
        var trial = plan
        var firstChanged: UInt32?
        try segments.forEachRecord(passes) { record, place in
            if trial.drops(record), firstChanged == nil { firstChanged = place.segment }
        }
        self.firstChanged = firstChanged
        report = trial.report
        report.sizeBefore = try segments.totalSize()
    }
}

/// Writes new segments and puts them in the place of the old ones.
struct JournalRewrite {
    /// How many times it goes over the segments, but for those before the first that changes.
    static let passCount = 2

    let survey: JournalSurvey
    let directory: String
    let disk: any Disk
    let first: UInt32
    let options: JournalOptions
    let passes: Passes

    func perform() throws(JournalError) -> PruneReport {
        guard let journal = survey.walk.journal else { return survey.report }
        var rewriter = try begin(journal)
        defer { rewriter.abandon() }
        let swap: SegmentSwap
        do throws(JournalError) {
            swap = try write(&rewriter)
            try check(swap)
        } catch {
            let names = (try? disk.list(directory)) ?? []
            try? SegmentSwap.discard(disk, directory, names: names)
            throw error
        }
        let index = HeadIndex(
            journal: journal, end: rewriter.end, digest: rewriter.digest,
            heads: moved(survey.walk.heads, rewriter.last))
        do throws(DiskError) {
            try swap.commit(disk, directory)
            try swap.apply(disk, directory, index: index)
        } catch {
            throw .disk(error)
        }
        var report = survey.report
        report.sizeAfter = try SegmentSet.opening(disk, directory).totalSize()
        return report
    }

    /// The rewriter as it is before the first segment that changes.
    private func begin(_ journal: ActorID) throws(JournalError) -> SegmentRewriter {
        var last: [ActorID: Position] = [:]
        var digest = Hashing.journalStart(journal)
        try survey.segments.forEachRecord(upTo: first) { record, place in
            if record.kind == .event { last[record.id] = place }
            if record.kind != .mark { digest = Hashing.fold(digest, record.hash) }
        }
        return SegmentRewriter(
            disk, directory, journal: journal, sizeMax: options.segmentSizeMax, first: first,
            digest: digest, last: last)
    }

    private func write(
        _ rewriter: inout SegmentRewriter
    ) throws(JournalError) -> SegmentSwap {
        var plan = survey.plan
        var failure: DiskError?
        try survey.segments.forEachRecord(passes) { record, place in
            // Every record is asked for, as the plan counts.
            let drops = plan.drops(record)
            guard failure == nil, place.segment >= first, record.kind != .mark else { return }
            do throws(DiskError) {
                try rewriter.append(record, withoutPayload: drops)
            } catch {
                failure = error
            }
        }
        if let failure { throw .disk(failure) }
        do throws(DiskError) {
            return try rewriter.finish()
        } catch {
            throw .disk(error)
        }
    }

    /// Verifies the journal as it will be: the same chains with the same heads.
    private func check(_ swap: SegmentSwap) throws(JournalError) {
        let segments: SegmentSet
        do throws(DiskError) {
            segments = SegmentSet(
                disk, directory: directory, names: try disk.list(directory), swap: swap)
        } catch {
            throw .disk(error)
        }
        var walk = JournalWalk(segments, depth: .hashes(of: nil), stopsAtProblem: true)
        try walk.run { _ in passes.step() }
        if let problem = walk.problems.first { throw Recovery.refusal(problem, disk) }
        let before = survey.walk.heads.entries.map { [$0.head.description, "\($0.count)"] }
        let after = walk.heads.entries.map { [$0.head.description, "\($0.count)"] }
        guard before == after, walk.tailSize == 0, walk.digest == survey.walk.digest else {
            throw .damaged(
                "the segment does not hold what was written to it",
                path: segments.path(swap.first), offset: 0)
        }
    }

    private func moved(_ heads: HeadTable, _ last: [ActorID: Position]) -> HeadTable {
        HeadTable(
            heads.entries.map { entry in
                var entry = entry
                entry.last = last[entry.actor] ?? entry.last
                return entry
            })
    }
}

extension SegmentSet {
    /// The segments of a directory, with the error of a journal.
    static func opening(_ disk: any Disk, _ directory: String) throws(JournalError) -> SegmentSet {
        do throws(DiskError) {
            return try SegmentSet(disk, directory: directory)
        } catch {
            throw .directory(directory, error)
        }
    }

    /// The size of all segments.
    func totalSize() throws(JournalError) -> UInt64 {
        do throws(DiskError) {
            var size: UInt64 = 0
            for number in numbers { size += try open(number).size() }
            return size
        } catch {
            throw .disk(error)
        }
    }

    /// Hands over the whole records in file order, those of verified segments.
    ///
    /// - Parameters:
    ///   - passes: told after each segment.
    ///   - end: the first segment that is left out.
    func forEachRecord(
        _ passes: Passes? = nil, upTo end: UInt32? = nil, _ body: (Record, Position) -> Void
    ) throws(JournalError) {
        for number in numbers where number < end ?? .max {
            do throws(DiskError) {
                let scanner = SegmentScanner(try open(number), at: firstOffset)
                while case .record(let record, let offset) = try scanner.next() {
                    body(
                        record,
                        Position(segment: number, offset: UInt32(truncatingIfNeeded: offset)))
                }
            } catch {
                throw .disk(error)
            }
            passes?.step()
        }
    }
}
