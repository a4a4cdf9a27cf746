// SPDX-License-Identifier: Apache-2.0

import TheaterCapability
import TheaterTesting

/// Makes bounds, grants and sets from a small world, so that many of them meet.
struct Sampler {
    var random: SplitMix
    private static let names = ["HOME", "PATH", "LANG", "LANG*", "LC_*", "LC_ALL", "*", "é", "é"]
    private static let paths = [
        "/", "/tmp", "/tmpx", "/tmp/a", "/tmp/a/b", "/data/../tmp/a", "data", "data/x", ".", "..",
        "../x", "/tmp/./a//",
    ]
    private static let hosts = [
        "*", "*:443", "example.com", "example.com:443", "EXAMPLE.com.:80", "*.example.com",
        "a.example.com:443", "*.a.example.com", "10.0.0.1", "[::ffff:10.0.0.1]:443", "[::1]:443",
    ]
    private static let keys = ["a", "b", "c"]
    private static let handlers = ["tcp", "timer", "store"]

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[random.next(below: items.count)] }

    mutating func some(of items: [String]) -> [String] {
        (0..<random.next(below: 4)).map { _ in pick(items) }
    }

    mutating func bound() throws -> Bound {
        switch random.next(below: 12) {
        case 0: .unlimited
        case 1: .contradiction
        case 2: .names(try NameSet(some(of: Self.names), takesPatterns: true))
        case 3: .names(try NameSet(some(of: Self.names)))
        case 4: .paths(try PathSet(some(of: Self.paths)))
        case 5, 6: .hosts(try HostSet(some(of: Self.hosts)))
        case 7: .atMost(pick([0, 1, 5, .max]))
        case 8: .atLeast(pick([0, 1, 5, .max]))
        case 9: .namesExcept(try NameSet(some(of: Self.names), takesPatterns: true))
        case 10: .flag(pick([true, false]))
        default: .fixed(pick([nil, "1", "\"x\""]))
        }
    }

    mutating func bounds() throws -> GrantBounds {
        var keys: [String: Bound] = [:]
        for key in Self.keys where random.next(below: 3) > 0 { keys[key] = try bound() }
        return GrantBounds(keys, others: pick([.unlimited, .fixed(nil), .fixed(nil)]))
    }

    mutating func grant() throws -> Grant {
        random.next(below: 5) == 0 ? .none : .held(try bounds())
    }

    mutating func set() throws -> GrantSet {
        switch random.next(below: 10) {
        case 0: return .unlimited
        case 1: return .empty
        default: break
        }
        var grants: [String: Grant] = [:]
        for handler in Self.handlers where random.next(below: 3) > 0 {
            grants[handler] = try grant()
        }
        return GrantSet(grants, others: pick([.none, .none, .unlimited]))
    }

    mutating func policy() throws -> [String: GrantPolicy] {
        var policies: [String: GrantPolicy] = [:]
        for handler in Self.handlers where random.next(below: 2) > 0 {
            var keys: [String: Bound] = [:]
            for key in Self.keys where random.next(below: 2) > 0 { keys[key] = try bound() }
            policies[handler] = pick([.inherit, .restrict(keys), .restrict(keys), .disallow])
        }
        return policies
    }

    /// What a manifest asks for: handlers by name, and no key that is not written.
    mutating func manifest() throws -> GrantSet {
        var grants: [String: Grant] = [:]
        for handler in Self.handlers where random.next(below: 3) > 0 {
            var keys: [String: Bound] = [:]
            for key in Self.keys where random.next(below: 3) > 0 { keys[key] = try bound() }
            grants[handler] = .held(GrantBounds(keys))
        }
        return GrantSet(grants)
    }
}
