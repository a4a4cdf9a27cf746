// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// The workers, and what they found so far.
struct Team {
    private let members: [String]
    private var next = 0
    private(set) var tally = Tally()
    private(set) var crashes = 0
    /// The lines, counted from one, that no worker survived.
    private(set) var skipped: [Int] = []

    /// How often in a row nobody may be able to take a part.
    private static let refusalsMax = 1000

    var size: Int { members.count }

    init(members: [String]) throws(Failure) {
        guard !members.isEmpty else { throw Failure("the coordinator has no workers") }
        self.members = members
    }

    /// Has a part counted. A part that a worker crashes on is halved until the line is found, which is left out.
    mutating func count(_ lines: Lines, _ part: Range<Int>) throws(Failure) {
        guard !(try attempt(lines, part)) else { return }
        crashes += 1
        guard part.count > 1 else {
            skipped.append(part.lowerBound + 1)
            return
        }
        let middle = part.lowerBound + part.count / 2
        try count(lines, part.lowerBound..<middle)
        try count(lines, middle..<part.upperBound)
    }

    /// Sends a part to one worker after the other until one takes it.
    ///
    /// - Returns: whether it was counted; otherwise the worker crashed.
    private mutating func attempt(_ lines: Lines, _ part: Range<Int>) throws(Failure) -> Bool {
        for _ in 0..<Self.refusalsMax {
            let worker = members[next]
            next = (next + 1) % members.count
            do throws(Failure) {
                tally.add(try MessageServerHost.request(worker, msg: Array(lines[part])))
                return true
            } catch {
                if Self.isCrash(error) { return false }
            }
        }
        throw Failure("no worker takes a part any more")
    }

    /// Whether the worker ended over the part; otherwise it had not begun.
    private static func isCrash(_ error: Failure) -> Bool {
        error.message.hasSuffix("[message.target-crashed]")
    }
}
