// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterStore

@Suite("Content store")
struct ContentStoreTests {
    @Test("gives back what was stored", arguments: Kind.allCases)
    func roundTrip(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            for size in [0, 1, 1000, 65_536, 65_537, 3_000_000] {
                let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                let id = try store.put(content, in: a)
                #expect(id == ContentID(of: content))
                #expect(try store.get(id, in: a) == content)
                #expect(try store.size(of: id, in: a) == UInt64(size))
            }
            #expect(try store.usage(of: a).count == 6)
        }
    }

    @Test("keeps the same content once, and counts it once", arguments: Kind.allCases)
    func deduplicates(kind: Kind) throws {
        try kind.withStore { store in
            let (a, b) = (try space("a"), try space("b"))
            let ids = try (0..<3).map { _ in try store.put(bytes("same"), in: a) }
            #expect(Set(ids).count == 1)
            try store.put(bytes("same"), in: b)
            #expect(
                try store.usage(of: a) == StoreUsage(namespace: a, size: 4, count: 1, labelCount: 0)
            )
            #expect(try store.usage(of: b).size == 4)
            #expect(try store.verify().count == 1)
            #expect(try store.verify().size == 4)
        }
    }

    @Test("content of one namespace is not there in another", arguments: Kind.allCases)
    func isolation(kind: Kind) throws {
        try kind.withStore { store in
            let (a, b) = (try space("a"), try space("b"))
            let id = try store.put(bytes("secret"), in: a, label: try label("x"))
            #expect(code { _ = try store.get(id, in: b) } == .notFound)
            #expect(try store.size(of: id, in: b) == nil)
            #expect(try store.target(of: label("x"), in: b) == nil)
            #expect(code { try store.setLabel(label("y"), to: id, in: b) } == .notFound)
            #expect(try store.contents(of: b).isEmpty)
            #expect(try store.usage().map(\.namespace) == [a])
        }
    }

    @Test("labels are set, replaced and removed", arguments: Kind.allCases)
    func labels(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            let one = try store.put(bytes("one"), in: a)
            let two = try store.put(bytes("two"), in: a)
            let name = try label("x")
            #expect(try store.target(of: name, in: a) == nil)
            try store.setLabel(name, to: one, in: a)
            #expect(try store.target(of: name, in: a) == one)
            try store.setLabel(name, to: two, in: a)
            #expect(try store.target(of: name, in: a) == two)
            #expect(try store.usage(of: a).labelCount == 1)
            #expect(code { try store.setLabel(name, to: ContentID(of: [9]), in: a) } == .notFound)
            #expect(try store.target(of: name, in: a) == two, "the error changed nothing")
            #expect(code { try store.removeLabel(name, naming: one, in: a) } == .conflict)
            #expect(try store.removeLabel(name, naming: two, in: a))
            #expect(try !store.removeLabel(name, in: a))
            #expect(try store.labels(of: a).isEmpty)
        }
    }

    @Test("a label that is the beginning of another is no obstacle", arguments: Kind.allCases)
    func labelPrefixes(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            let names = ["a", "a/b", "a/b/c", "a-b", "A", "b"]
            for name in names.reversed() { try store.put(bytes(name), in: a, label: label(name)) }
            #expect(try store.labels(of: a).map(\.label.text) == names.sorted())
            for name in names {
                let found = try store.resolve(
                    StoreReference(namespace: a, target: .label(try label(name))))
                #expect(found.content == bytes(name))
            }
        }
    }

    @Test("compare-and-set changes a label only if it is as expected", arguments: Kind.allCases)
    func compareAndSet(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            let one = try store.put(bytes("one"), in: a)
            let two = try store.put(bytes("two"), in: a)
            let name = try label("x")
            #expect(try !store.compareAndSetLabel(name, from: one, to: two, in: a))
            #expect(try store.compareAndSetLabel(name, from: nil, to: one, in: a))
            #expect(try !store.compareAndSetLabel(name, from: nil, to: two, in: a))
            #expect(try !store.compareAndSetLabel(name, from: two, to: nil, in: a))
            #expect(try store.target(of: name, in: a) == one)
            #expect(try store.compareAndSetLabel(name, from: one, to: two, in: a))
            let gone = ContentID(of: [9])
            #expect(
                code { _ = try store.compareAndSetLabel(name, from: two, to: gone, in: a) }
                    == .notFound)
            #expect(try store.compareAndSetLabel(name, from: two, to: nil, in: a))
            #expect(try store.compareAndSetLabel(name, from: nil, to: nil, in: a))
            #expect(try store.target(of: name, in: a) == nil)
        }
    }

    @Test("lists are sorted", arguments: Kind.allCases)
    func sorted(kind: Kind) throws {
        try kind.withStore { store in
            for name in ["m", "z", "a"] {
                for index in 0..<50 {
                    try store.put(
                        bytes("\(name) \(index)"), in: space(name), label: label("l\(index % 7)"))
                }
            }
            #expect(try store.usage().map(\.namespace.name) == ["a", "m", "z"])
            let ids = try store.contents(of: space("m")).map(\.id)
            #expect(ids.count == 50)
            #expect(ids == ids.sorted())
            #expect(try store.labels(of: space("z")).map(\.label.text) == (0..<7).map { "l\($0)" })
        }
    }

    @Test("content is forgotten unless a label names it", arguments: Kind.allCases)
    func forget(kind: Kind) throws {
        try kind.withStore { store in
            let (a, b) = (try space("a"), try space("b"))
            let id = try store.put(bytes("x"), in: a, label: label("l"))
            try store.put(bytes("x"), in: b)
            #expect(code { try store.forget(id, in: a) } == .conflict)
            #expect(try store.forget(id, in: b), "a label of another namespace is no obstacle")
            #expect(try !store.forget(id, in: b))
            #expect(try store.get(id, in: a) == bytes("x"))
            try store.removeLabel(label("l"), in: a)
            #expect(try store.forget(id, in: a))
            #expect(code { _ = try store.get(id, in: a) } == .notFound)
            #expect(try store.usage().isEmpty)
            #expect(try store.verify().count == 0)
        }
    }

    @Test("a quota of bytes holds at its bound and one past it", arguments: Kind.allCases)
    func sizeQuota(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            let quota = StoreQuota(sizeMax: 10, countMax: 100)
            let six = try store.put(bytes("sixsix"), in: a, quota: quota)
            #expect(code { try store.put(bytes("fives"), in: a, quota: quota) } == .quota)
            #expect(
                try store.put(bytes("sixsix"), in: a, quota: quota) == six, "it is there already")
            try store.put(bytes("four"), in: a, quota: quota)
            #expect(code { try store.put(bytes("1"), in: a, quota: quota) } == .quota)
            try store.put([], in: a, quota: quota)
            #expect(try store.usage(of: a).size == 10)
            try store.put(bytes("elsewhere it is free"), in: space("b"))
            try store.forget(six, in: a)
            try store.put(bytes("fives"), in: a, quota: quota)
        }
    }

    @Test(
        "a quota of pieces and labels holds at its bound and one past it", arguments: Kind.allCases)
    func countQuota(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            let quota = StoreQuota(sizeMax: .max, countMax: 2)
            let one = try store.put(bytes("1"), in: a, label: label("a"), quota: quota)
            try store.put(bytes("2"), in: a, quota: quota)
            #expect(code { try store.put(bytes("3"), in: a, quota: quota) } == .quota)
            try store.setLabel(label("b"), to: one, in: a, quota: quota)
            #expect(code { try store.setLabel(label("c"), to: one, in: a, quota: quota) } == .quota)
            #expect(
                code {
                    _ = try store.compareAndSetLabel(
                        label("c"), from: nil, to: one, in: a, quota: quota)
                } == .quota)
            #expect(
                code { try store.put(bytes("1"), in: a, label: label("c"), quota: quota) } == .quota
            )
            try store.put(bytes("2"), in: a, label: label("b"), quota: quota)
            #expect(try store.usage(of: a).labelCount == 2)
        }
    }

    @Test("a blob has a bound, and the store as a whole has", arguments: Kind.allCases)
    func bounds(kind: Kind) throws {
        var options = StoreOptions()
        options.contentSizeMax = 8
        options.entriesMax = 4
        try kind.withStore(options) { store in
            let a = try space("a")
            try store.put(bytes("12345678"), in: a)
            #expect(code { try store.put(bytes("123456789"), in: a) } == .tooLarge)
            try store.put(bytes("2"), in: a, label: label("x"))
            try store.put(bytes("3"), in: space("b"))
            #expect(code { try store.put(bytes("4"), in: a) } == .full)
            #expect(code { try store.put(bytes("3"), in: space("b"), label: label("y")) } == .full)
            try store.put(bytes("3"), in: space("b"))
        }
    }

    @Test("memory has a bound")
    func memoryBound() throws {
        var options = StoreOptions()
        options.memorySizeMax = 10
        let store = ContentStore.inMemory(options: options)
        let a = try space("a")
        let id = try store.put(bytes("1234567890"), in: a)
        #expect(code { try store.put(bytes("1"), in: a) } == .full)
        #expect(try store.usage(of: a).count == 1, "nothing of it stays")
        try store.forget(id, in: a)
        try store.put(bytes("1"), in: a)
    }

    @Test("a closed store refuses", arguments: Kind.allCases)
    func closed(kind: Kind) async throws {
        try kind.withStore { store in
            let a = try space("a")
            let id = try store.put(bytes("x"), in: a)
            store.close()
            store.close()
            #expect(code { try store.put(bytes("y"), in: a) } == .closed)
            #expect(code { _ = try store.get(id, in: a) } == .closed)
            #expect(code { _ = try store.usage() } == .closed)
            #expect(code { _ = try store.collect(grace: .zero) } == .closed)
        }
    }

    @Test("what a reference means is found", arguments: Kind.allCases)
    func resolve(kind: Kind) throws {
        try kind.withStore { store in
            let id = try store.put(bytes("page"), in: space("pages"), label: label("a/b"))
            for text in ["store://pages/a/b", "store://pages/hash/\(id)"] {
                let found = try store.resolve(StoreReference(parsing: text))
                #expect(found.id == id)
                #expect(found.content == bytes("page"))
            }
            #expect(
                code { _ = try store.resolve(StoreReference(parsing: "store://pages/a")) }
                    == .unlabelled)
            #expect(
                code { _ = try store.resolve(StoreReference(parsing: "store://other/a/b")) }
                    == .unlabelled)
            let other = try StoreReference(parsing: "store://other/hash/\(id)")
            #expect(code { _ = try store.resolve(other) } == .notFound)
        }
    }
}
