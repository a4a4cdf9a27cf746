// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform
import TheaterValue

@testable import TheaterRuntime

@Suite("Stopping a tree", .timeLimit(.minutes(1)))
struct StopOrderTests {
    @Test("the root takes no more calls while its children end, and then ends")
    func refusing() async throws {
        let house = try Household()
        let root = try await house.root()
        let child = try await house.child(of: root)
        let busy = await house.wait(child, at: "stop order")
        async let stopped = house.system.stop(root, grace: .seconds(600))
        while house.system.status(of: root) != .stopping { await Task.yield() }
        #expect(house.system.status(of: child)?.isEnded == false)
        do throws(ActorError) {
            _ = try await house.system.call(root, "test:kin/kin.echo", [.string("late")])
            Issue.record("a stopping actor took a call")
        } catch {
            #expect(error.code == .stopping)
        }
        Gate.of("stop order").open()
        await busy.value
        #expect(try await stopped == .stopped)
        #expect(house.system.actors().isEmpty)
    }
}
