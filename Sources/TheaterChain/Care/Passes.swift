// SPDX-License-Identifier: Apache-2.0

/// How far work has come that goes over the segments of a journal several times.
final class Passes {
    private let report: (_ done: UInt64, _ total: UInt64) -> Void
    private let count: Int
    private var done: UInt64 = 0
    private var total: UInt64 = 1

    /// - Parameters:
    ///   - count: how many times it goes over them.
    ///   - report: told what is done, of what.
    init(_ count: Int, _ report: @escaping (_ done: UInt64, _ total: UInt64) -> Void) {
        self.count = count
        self.report = report
    }

    /// Takes note of what it goes over.
    func begin(_ segments: SegmentSet) {
        total = UInt64(count) * UInt64(max(1, segments.numbers.count))
    }

    /// A segment is done.
    func step() {
        done = min(done + 1, total)
        report(done, total)
    }
}
