// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest
import TheaterPlatform
import TheaterTesting

@testable import TheaterRuntime

@Suite("The supervisor")
struct SupervisorTests {
    @Test("starts left to right, one after the other, and stops right to left")
    func order() {
        var drill = Drill()
        #expect(drill.feed(.start(abc)) == ["start a"])
        #expect(drill.feed(.started("a")) == ["start b"])
        #expect(drill.feed(.started("b")) == ["start c"])
        #expect(drill.feed(.started("c")) == ["all-started"])
        #expect(drill.feed(.shutDown) == ["stop c"])
        #expect(drill.feed(.ended("c", .normal)) == ["stop b"])
        #expect(drill.feed(.ended("b", .abnormal)) == ["stop a"])
        #expect(
            drill.feed(.ended("a", .normal)) == [
                "forget a", "forget b", "forget c", "all-stopped",
            ])
        #expect(drill.feed(.shutDown) == ["all-stopped"])
    }

    @Test("unwinds when a start fails")
    func unwind() {
        var drill = Drill()
        drill.feed(.start(abc))
        drill.feed(.started("a"))
        #expect(drill.feed(.startFailed("b")) == ["stop a"])
        #expect(drill.feed(.ended("a", .normal)).last == "start-failed b")
    }

    @Test(
        "restarts by restart type",
        arguments: [
            (ChildDeclaration.Restart.permanent, true, true), (.transient, false, true),
            (.temporary, false, false),
        ])
    func types(restart: ChildDeclaration.Restart, onNormal: Bool, onAbnormal: Bool) {
        for (exit, isRestarted) in [
            (Supervisor<String>.Exit.normal, onNormal), (.abnormal, onAbnormal),
        ] {
            var drill = Drill()
            drill.play(.start([("a", ChildSpec(restart: restart))]))
            let words = drill.feed(.ended("a", exit))
            #expect(words.contains("start a") == isRestarted)
            #expect(words.contains("forget a") == (restart == .temporary))
        }
    }

    @Test("one-for-one starts the child alone again")
    func oneForOne() {
        var drill = Drill(.oneForOne)
        drill.play(.start(abc))
        #expect(drill.play(.ended("b", .abnormal)) == ["start b"])
    }

    @Test("one-for-all stops the others right to left, and starts all left to right")
    func oneForAll() {
        var drill = Drill(.oneForAll)
        drill.play(.start(abc))
        #expect(
            drill.play(.ended("b", .abnormal)) == [
                "stop c", "stop a", "start a", "start b", "start c",
            ])
    }

    @Test("rest-for-one concerns the child and those after it")
    func restForOne() {
        var drill = Drill(.restForOne)
        drill.play(.start(abc))
        #expect(drill.play(.ended("b", .abnormal)) == ["stop c", "start b", "start c"])
        #expect(drill.play(.ended("a", .abnormal)).first == "stop c")
        #expect(drill.play(.ended("c", .abnormal)) == ["start c"])
    }

    @Test("a temporary child in a group is not started again")
    func temporaryInGroup() {
        var drill = Drill(.oneForAll)
        drill.play(.start([abc[0], ("t", ChildSpec(restart: .temporary)), abc[2]]))
        #expect(
            drill.play(.ended("a", .abnormal)) == [
                "stop c", "stop t", "start a", "start c", "forget t",
            ])
    }

    @Test("a transient child that had ended starts again with its group, as in OTP")
    func transientInGroup() {
        var drill = Drill(.oneForAll)
        drill.play(.start([abc[0], ("t", ChildSpec(restart: .transient))]))
        #expect(drill.play(.ended("t", .normal)) == [])
        #expect(drill.play(.ended("a", .abnormal)) == ["start a", "start t"])
    }

    @Test("gives up with one restart more than the intensity within the period")
    func intensity() {
        var drill = Drill(intensity: 2, period: 5)
        drill.play(.start(abc))
        #expect(drill.play(.ended("a", .abnormal)) == ["start a"])
        #expect(drill.play(.ended("b", .abnormal)) == ["start b"])
        #expect(
            drill.play(.ended("a", .abnormal)) == [
                "stop c", "stop b", "forget a", "forget b", "forget c", "gave-up",
            ])
        #expect(drill.machine.isEnded)
    }

    @Test("a restart counts until the period is over, its last moment included")
    func period() {
        var drill = Drill(intensity: 1, period: 5)
        drill.play(.start(abc))
        drill.play(.ended("a", .abnormal))
        drill.time = 5
        #expect(drill.play(.ended("a", .abnormal)).last == "gave-up")
        drill = Drill(intensity: 1, period: 5)
        drill.play(.start(abc))
        drill.play(.ended("a", .abnormal))
        drill.time = 6
        #expect(drill.play(.ended("a", .abnormal)) == ["start a"])
    }

    @Test("intensity zero allows no restart")
    func none() {
        var drill = Drill(intensity: 0)
        drill.play(.start(abc))
        #expect(drill.play(.ended("a", .abnormal)).last == "gave-up")
    }

    @Test("a failed restart is one more restart")
    func failedRestart() {
        var drill = Drill(intensity: 3)
        drill.play(.start(abc))
        #expect(drill.feed(.ended("a", .abnormal)) == ["start a"])
        #expect(drill.feed(.startFailed("a")) == ["start a"])
        #expect(drill.feed(.startFailed("a")) == ["start a"])
        #expect(drill.feed(.startFailed("a")) == ["stop c"])
        #expect(drill.feed(.ended("c", .normal)) == ["stop b"])
        #expect(drill.feed(.ended("b", .normal)).last == "gave-up")
    }

    @Test("waits longer before each restart of a period")
    func backoff() {
        var drill = Drill(intensity: 10, period: 100, backoff: .seconds(1))
        drill.play(.start(abc))
        let waits = (0..<4).compactMap { _ in drill.play(.ended("a", .abnormal)).first }
        #expect(waits == ["wait 1 1", "wait 2 2", "wait 4 3", "wait 4 4"])
    }

    @Test("does one thing at a time: what happens meanwhile is looked at afterwards")
    func serial() {
        var drill = Drill(.oneForOne)
        drill.play(.start(abc))
        #expect(drill.feed(.ended("a", .abnormal)) == ["start a"])
        #expect(drill.feed(.ended("b", .abnormal)) == [])
        #expect(drill.feed(.add("d", ChildSpec(), 7)) == [])
        #expect(drill.feed(.started("a")) == ["start b"])
        #expect(drill.feed(.started("b")) == ["start d"])
        #expect(drill.feed(.started("d")) == ["answer 7 done"])
    }

    @Test("a child that ends while its group is restarted is not counted again")
    func stale() {
        var drill = Drill(.oneForAll, intensity: 1)
        drill.play(.start(abc))
        #expect(drill.feed(.ended("a", .abnormal)) == ["stop c"])
        drill.feed(.ended("b", .abnormal))
        #expect(drill.feed(.ended("c", .normal)) == ["start a"])
        drill.feed(.started("a"))
        drill.feed(.started("b"))
        #expect(drill.feed(.started("c")) == [])
        #expect(drill.machine.restartCount == 1)
    }

    @Test("a child that ends before its start is reported is started again")
    func early() {
        var drill = Drill()
        #expect(drill.feed(.start([abc[0]])) == ["start a"])
        #expect(drill.feed(.ended("a", .abnormal)) == [])
        #expect(drill.feed(.started("a")) == ["all-started", "start a"])
    }

    @Test("adds, restarts and removes on request, without counting restarts")
    func requests() {
        var drill = Drill(intensity: 0)
        drill.play(.start([]))
        #expect(drill.play(.add("x", ChildSpec(), 1)) == ["start x", "answer 1 done"])
        #expect(drill.play(.restart("x", 2)) == ["stop x", "start x", "answer 2 done"])
        #expect(drill.play(.remove("x", 3)) == ["stop x", "forget x", "answer 3 done"])
        #expect(drill.play(.remove("x", 4)) == ["answer 4 unknown"])
        #expect(drill.play(.restart("x", 5)) == ["answer 5 unknown"])
        #expect(drill.feed(.add("y", ChildSpec(), 6)) == ["start y"])
        #expect(drill.feed(.startFailed("y")) == ["forget y", "answer 6 failed"])
        #expect(drill.machine.ids == [])
    }

    @Test("a released child is not started again")
    func released() {
        var drill = Drill()
        drill.play(.start(abc))
        drill.feed(.release("b"))
        #expect(drill.feed(.ended("b", .abnormal)) == ["forget b"])
        #expect(drill.machine.ids == ["a", "c"])
    }

    @Test("shutting down cuts a wait short, waits for a start, and answers everybody")
    func shutDown() {
        var drill = Drill(backoff: .seconds(1))
        drill.play(.start([abc[0]]))
        #expect(drill.feed(.ended("a", .abnormal)) == ["wait 1 1"])
        drill.feed(.add("x", ChildSpec(), 1))
        #expect(drill.feed(.shutDown) == ["answer 1 stopping", "forget a", "all-stopped"])
        #expect(drill.feed(.waited(1)) == [])

        drill = Drill()
        #expect(drill.feed(.start([abc[0]])) == ["start a"])
        #expect(drill.feed(.shutDown) == [])
        #expect(drill.feed(.started("a")) == ["stop a"])
        #expect(drill.feed(.add("x", ChildSpec(), 2)) == ["answer 2 stopping"])
        #expect(drill.feed(.ended("a", .normal)) == ["forget a", "all-stopped"])
    }

    @Test("refuses requests beyond its bound")
    func overload() {
        var drill = Drill()
        drill.feed(.start([abc[0]]))
        for ticket in 0..<UInt64(Supervisor<String>.requestsMax) {
            #expect(drill.feed(.remove("a", ticket)) == [])
        }
        #expect(drill.feed(.remove("a", 9999)) == ["answer 9999 overloaded"])
    }

    @Test("a restart that somebody else's stop overtakes has failed")
    func releasedRestart() {
        for restart in ChildDeclaration.Restart.allCases {
            var drill = Drill()
            drill.play(.start([("a", ChildSpec(restart: restart)), abc[1]]))
            #expect(drill.feed(.restart("a", 1)) == ["stop a"])
            #expect(drill.feed(.release("a")) == [])
            #expect(drill.feed(.ended("a", .normal)) == ["answer 1 released", "forget a"])
            #expect(drill.machine.ids == ["b"])
        }
        // What was released before its stop began is stopped, and not started.
        var drill = Drill()
        drill.play(.start(abc))
        drill.feed(.release("b"))
        #expect(drill.play(.restart("b", 2)) == ["stop b", "answer 2 released", "forget b"])
        // One that is not released is started, also beside one that is.
        #expect(drill.play(.restart("c", 3)) == ["stop c", "start c", "answer 3 done"])
    }
}
