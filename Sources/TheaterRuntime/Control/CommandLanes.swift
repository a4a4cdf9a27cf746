// SPDX-License-Identifier: Apache-2.0

/// What kinds of work commands mean: each has places of its own, so that one kind never holds up another.
enum CommandLane: Int, Sendable, CaseIterable {
    /// Loading and starting actors.
    case start
    /// Stops in order, which may last their grace period.
    case stop
    /// Ends at once.
    case kill
    /// Reading chains and the store.
    case read
    /// Waiting for ends.
    case wait
    /// The end of the node.
    case node
}

/// Decides which commands run and which wait: at most so many at once in each lane, and so many waiting.
struct CommandLanes<Job> {
    enum Action {
        /// Run it now.
        case run(Job)
        /// It has its turn later.
        case wait
        /// There is no room.
        case busy
        /// Nothing is taken any more.
        case closed
    }

    private struct Lane {
        var running = 0
        var waiting: [Job] = []
        var first = 0
        var depth: Int { waiting.count - first }
    }

    private var lanes = [Lane](repeating: Lane(), count: CommandLane.allCases.count)
    private let runningMax: Int
    private let waitingMax: Int
    private(set) var isClosed = false

    /// - Parameters:
    ///   - runningMax: how many run at once in each lane.
    ///   - waitingMax: how many more may wait in each lane.
    init(runningMax: Int, waitingMax: Int) {
        self.runningMax = max(1, runningMax)
        self.waitingMax = max(0, waitingMax)
    }

    var running: Int { lanes.reduce(0) { $0 + $1.running } }
    var waiting: Int { lanes.reduce(0) { $0 + $1.depth } }
    var isIdle: Bool { lanes.allSatisfy { $0.running == 0 && $0.depth == 0 } }

    mutating func submit(_ job: Job, to lane: CommandLane) -> Action {
        let index = lane.rawValue
        if isClosed { return .closed }
        if lanes[index].running < runningMax {
            lanes[index].running += 1
            return .run(job)
        }
        guard lanes[index].depth < waitingMax else { return .busy }
        lanes[index].waiting.append(job)
        return .wait
    }

    /// A job is over.
    ///
    /// - Returns: the one to run in its place.
    mutating func finished(_ lane: CommandLane) -> Job? {
        let index = lane.rawValue
        guard lanes[index].depth > 0 else {
            lanes[index].running -= 1
            return nil
        }
        let job = lanes[index].waiting[lanes[index].first]
        lanes[index].first += 1
        if lanes[index].first * 2 > lanes[index].waiting.count {
            lanes[index].waiting.removeFirst(lanes[index].first)
            lanes[index].first = 0
        }
        return job
    }

    /// Takes nothing more; what was taken is still done.
    mutating func close() { isClosed = true }
}
