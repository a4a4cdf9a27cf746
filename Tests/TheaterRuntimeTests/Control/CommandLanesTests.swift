// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterRuntime

@Suite("Command lanes")
struct CommandLanesTests {
    @Test("run so many, keep so many in order, refuse the rest; closing lets what waits run")
    func order() {
        var lanes = CommandLanes<Int>(runningMax: 2, waitingMax: 3)
        var running: [Int] = []
        var waiting: [Int] = []
        for job in 0..<7 {
            switch lanes.submit(job, to: .stop) {
            case .run(let job): running.append(job)
            case .wait: waiting.append(job)
            case .busy: #expect(job >= 5)
            case .closed: Issue.record("closed")
            }
        }
        #expect(running == [0, 1] && waiting == [2, 3, 4])
        if case .run = lanes.submit(9, to: .kill) {} else { Issue.record("another lane is free") }
        lanes.close()
        if case .closed = lanes.submit(10, to: .start) {} else { Issue.record("still open") }
        #expect(lanes.finished(.stop) == 2)
        #expect(lanes.finished(.stop) == 3)
        #expect(lanes.finished(.stop) == 4)
        #expect(!lanes.isIdle)
        #expect(lanes.finished(.stop) == nil)
        #expect(lanes.finished(.stop) == nil)
        #expect(lanes.finished(.kill) == nil)
        #expect(lanes.isIdle && lanes.running == 0 && lanes.waiting == 0)
    }
}
