// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterCapability

/// Goal: what a child gets never exceeds what its parent has, however grants are combined. Method: the
/// laws of a meet-semilattice, on random values from a small world where most of them overlap.
@Suite("Laws of grants")
struct LawTests {
    private static let rounds = 4_000

    /// Checks the laws on three values of one type; the first that is broken ends the test.
    private func check<Value: Hashable>(
        _ a: Value, _ b: Value, _ c: Value, covers: (Value, Value) -> Bool,
        meet: (Value, Value) -> Value, _ note: Comment
    ) throws {
        try #require(meet(a, a) == a, note)
        try #require(meet(a, b) == meet(b, a), note)
        try #require(meet(meet(a, b), c) == meet(a, meet(b, c)), note)
        let both = meet(a, b)
        try #require(covers(a, both) && covers(b, both), note)
        // Nothing that both cover is left out.
        if covers(a, c), covers(b, c) { try #require(covers(both, c), note) }
        // A partial order, and the one that belongs to the meet.
        try #require(covers(a, a), note)
        if covers(a, b), covers(b, a) { try #require(a == b, note) }
        if covers(a, b), covers(b, c) { try #require(covers(a, c), note) }
        try #require(covers(a, b) == (both == b), note)
    }

    @Test("hold for bounds", arguments: [1, 2, 3] as [UInt64])
    func bounds(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for round in 0..<Self.rounds {
            let (a, b, c) = (try sampler.bound(), try sampler.bound(), try sampler.bound())
            try check(
                a, b, c, covers: { $0.covers($1) }, meet: { $0.restricted(to: $1) },
                "seed \(seed), round \(round): \(a) | \(b) | \(c)")
        }
    }

    @Test("hold for bounds of one kind", arguments: [11, 12, 13] as [UInt64])
    func hosts(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        func next() throws -> Bound {
            while true {
                let bound = try sampler.bound()
                switch bound {
                case .hosts, .paths, .names, .namesExcept: return bound
                default: continue
                }
            }
        }
        for round in 0..<Self.rounds {
            let (a, b, c) = (try next(), try next(), try next())
            try check(
                a, b, c, covers: { $0.covers($1) }, meet: { $0.restricted(to: $1) },
                "seed \(seed), round \(round): \(a) | \(b) | \(c)")
        }
    }

    @Test("hold for grants", arguments: [21, 22] as [UInt64])
    func grants(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for round in 0..<Self.rounds {
            let (a, b, c) = (try sampler.grant(), try sampler.grant(), try sampler.grant())
            try check(
                a, b, c, covers: { $0.covers($1) }, meet: { $0.restricted(to: $1) },
                "seed \(seed), round \(round)")
        }
    }

    @Test("hold for sets", arguments: [31, 32] as [UInt64])
    func sets(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for round in 0..<Self.rounds {
            let (a, b, c) = (try sampler.set(), try sampler.set(), try sampler.set())
            try check(
                a, b, c, covers: { $0.covers($1) }, meet: { $0.restricted(to: $1) },
                "seed \(seed), round \(round)")
            #expect(
                GrantSet.unlimited.covers(a) && a.covers(.empty), "seed \(seed), round \(round)")
        }
    }

    @Test("keep a child below its parent under any policy", arguments: [41, 42, 43] as [UInt64])
    func children(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        var narrowed = 0
        for round in 0..<Self.rounds {
            let note: Comment = "seed \(seed), round \(round)"
            let parent = try sampler.set()
            let policy = try sampler.policy()
            let manifest = try sampler.manifest()
            let child = GrantSet.effective(parent: parent, policy: policy, manifest: manifest)
            try #require(parent.covers(child.grants), note)
            try #require(manifest.covers(child.grants), note)
            for (handler, policy) in policy {
                try #require(policy.grant.covers(child.grants[handler]), note)
            }
            // What is not refused is there, and what differs from what was asked is said.
            if child.refusals.isEmpty {
                try #require(child.grants.names == manifest.names, note)
                try #require(child.narrowings.isEmpty == (child.grants == manifest), note)
            }
            narrowed += child.narrowings.count
            // The grandchild, too.
            let grandchild = GrantSet.effective(
                parent: child.grants, policy: try sampler.policy(),
                manifest: try sampler.manifest())
            try #require(parent.covers(grandchild.grants), note)
        }
        #expect(narrowed > 200, "seed \(seed): only \(narrowed) bounds were narrowed")
    }
}
