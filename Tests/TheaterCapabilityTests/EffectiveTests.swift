// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterCapability

@Suite("Effective grants")
struct EffectiveTests {
    private func one(_ key: String, _ bound: Bound) -> GrantSet {
        GrantSet(["x": .held(GrantBounds([key: bound]))])
    }

    @Test("restrict restricts under an unlimited parent")
    func restrictUnlimited() throws {
        let hosts = Bound.hosts(try HostSet(["a.org"]))
        let result = GrantSet.effective(
            parent: .unlimited, policy: ["x": .restrict(["connect": hosts])],
            manifest: one("connect", .unlimited))
        #expect(result.grants["x"] == .held(GrantBounds(["connect": hosts])))
        #expect(result.narrowings.count == 1 && result.refusals.isEmpty)
    }

    @Test("an empty set is nothing, for the comparison and for the check")
    func emptyIsNothing() throws {
        let nothing = Bound.hosts(.empty)
        let something = Bound.hosts(try HostSet(["a.org"]))
        #expect(!nothing.covers(something) && !nothing.covers(.unlimited))
        #expect(something.covers(nothing) && Bound.unlimited.covers(nothing))
        #expect(something.restricted(to: nothing) == nothing)
        #expect(nothing.restricted(to: .unlimited) == nothing)
        #expect(!HostSet.empty.contains("a.org", port: 80))
        #expect(nothing != .unlimited)
    }

    @Test("a handler that the parent lacks is refused, with what to do")
    func notHeld() {
        let result = GrantSet.effective(parent: .empty, manifest: one("k", .atMost(1)))
        #expect(result.grants == .empty)
        #expect(
            result.refusals.map(\.description) == [
                "the manifest asks for handler 'x', which the parent does not hold; grant it to the "
                    + "parent as well, or remove it"
            ])
        let disallowed = GrantSet.effective(
            parent: .unlimited, policy: ["x": .disallow], manifest: one("k", .atMost(1)))
        #expect(disallowed.refusals.map(\.reason) == [.disallowed])
    }

    @Test("a number that is asked wider is narrowed, and both sides are said")
    func narrowed() {
        let result = GrantSet.effective(
            parent: one("k", .atMost(5)), manifest: one("k", .atMost(9)))
        #expect(result.grants == one("k", .atMost(5)))
        #expect(
            result.narrowings.map(\.description) == [
                "'k' of handler 'x' asks for at most 9 and is held as at most 5, so it is at most 5"
            ])
        let least = GrantSet.effective(
            parent: one("k", .atLeast(5)), manifest: one("k", .atLeast(1)))
        #expect(least.grants == one("k", .atLeast(5)))
    }

    @Test("a key of which nothing is known must be equal, present or absent")
    func opaque() {
        let parent = one("k", .fixed("1"))
        #expect(GrantSet.effective(parent: parent, manifest: parent).refusals.isEmpty)
        let other = GrantSet.effective(parent: parent, manifest: one("k", .fixed("2")))
        #expect(
            other.refusals.map(\.reason) == [
                .fixed(key: "k", asked: .fixed("2"), held: .fixed("1"))
            ])
        let absent = GrantSet(["x": .held(GrantBounds([:]))])
        #expect(GrantSet.effective(parent: parent, manifest: absent).refusals.count == 1)
        #expect(GrantSet.effective(parent: absent, manifest: parent).refusals.count == 1)
        #expect(GrantSet.effective(parent: .unlimited, manifest: parent).refusals.isEmpty)
    }
}
