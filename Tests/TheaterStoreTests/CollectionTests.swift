// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform
import TheaterTesting

@testable import TheaterStore

@Suite("Collection")
struct CollectionTests {
    @Test("keeps what is named and removes the rest", arguments: Kind.allCases)
    func reachability(kind: Kind) throws {
        try kind.withStore { store in
            let (a, b) = (try space("a"), try space("b"))
            let labelled = try store.put(bytes("labelled"), in: a, label: label("l"))
            let elsewhere = try store.put(bytes("elsewhere"), in: a)
            try store.put(bytes("elsewhere"), in: b, label: label("l"))
            let root = try store.put(bytes("root"), in: a)
            let loose = try store.put(bytes("loose"), in: a)
            try store.put(bytes("loose"), in: b)
            let was = try store.put(bytes("was labelled"), in: b, label: label("old"))
            try store.removeLabel(label("old"), in: b)
            let trial = try store.collect(grace: .zero, isTrial: true) { [root] }
            #expect(try store.get(loose, in: a) == bytes("loose"))
            let report = try store.collect(grace: .zero) { [root] }
            #expect(report == trial)
            #expect(report.removedCount == 3)
            #expect(report.keptCount == 4)
            #expect(report.freedSize == UInt64("loose".utf8.count + "was labelled".utf8.count))
            for id in [labelled, elsewhere, root] { #expect(try store.size(of: id, in: a) != nil) }
            #expect(code { _ = try store.get(loose, in: a) } == .notFound)
            #expect(code { _ = try store.get(was, in: b) } == .notFound)
            #expect(try store.verify().count == 3)
            #expect(try store.collect(grace: .zero) { [root] }.removedCount == 0)
        }
    }

    @Test("keeps what kept content mentions, to any depth", arguments: Kind.allCases)
    func mentions(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            let module = try store.put([0, 0x61, 0x73, 0x6D], in: a)
            let manifest = try store.put(bytes("sha256 = \"\(module)\"\n"), in: a)
            try store.put(
                bytes("package = \"store://a/hash/\(manifest)\""), in: a, label: label("team"))
            let loose = try store.put(bytes("mentions \(ContentID(of: [7]))"), in: a)
            #expect(try store.collect(grace: .zero).removedCount == 1)
            #expect(try store.get(module, in: a).count == 4)
            #expect(try store.size(of: loose, in: a) == nil)
            try store.removeLabel(label("team"), in: a)
            #expect(try store.collect(grace: .zero).removedCount == 3)
        }
    }

    @Test(
        "keeps young content, and content that was stored again is young", arguments: Kind.allCases)
    func grace(kind: Kind) throws {
        let clock = StandingClock()
        try kind.withStore(clock.options) { store in
            let a = try space("a")
            let again = try store.put(bytes("again"), in: a)
            try store.put(bytes("once"), in: a)
            clock.advance(seconds: 3601)
            try store.put(bytes("again"), in: a)
            let young = try store.put(bytes("young"), in: a)
            let report = try store.collect(grace: .seconds(3600))
            #expect(report.removedCount == 1)
            #expect(report.youngCount == 2)
            #expect(try store.contents(of: a).map(\.id) == [again, young].sorted())
            clock.advance(seconds: 3600)
            #expect(try store.collect(grace: .seconds(3600)).removedCount == 2)
        }
    }

    @Test(
        "what is stored or labelled while it runs stays, with all that it mentions",
        arguments: Kind.allCases)
    func meanwhile(kind: Kind) throws {
        let clock = StandingClock()
        try kind.withStore(clock.options) { store in
            let a = try space("a")
            let old = try store.put(bytes("old"), in: a)
            let module = try store.put(bytes("module"), in: a)
            let late = try store.put(bytes("late mentions \(module)"), in: a)
            let other = try store.put(bytes("other"), in: a)
            let again = try store.put(bytes("again"), in: a)
            let loose = try store.put(bytes("loose"), in: a)
            clock.advance(seconds: 1)
            _ = try store.collect(grace: .zero) { () throws(StoreError) in
                guard let name = StoreLabel("late") else { return [] }
                try store.setLabel(name, to: late, in: a)
                try store.put(bytes("new mentions \(old)"), in: a)
                try store.put(bytes("again"), in: a)
                return [other]
            }
            for id in [old, module, late, other, again] {
                #expect(try store.size(of: id, in: a) != nil)
            }
            #expect(try store.size(of: loose, in: a) == nil)
        }
    }

    @Test("runs one at a time, and ends when its roots cannot be had", arguments: Kind.allCases)
    func alone(kind: Kind) throws {
        try kind.withStore { store in
            let id = try store.put(bytes("x"), in: space("a"))
            let error = code {
                _ = try store.collect(grace: .zero) { () throws(StoreError) in
                    _ = try store.collect(grace: .zero)
                    return []
                }
            }
            #expect(error == .busy)
            #expect(try store.size(of: id, in: space("a")) != nil, "nothing was removed")
            #expect(try store.collect(grace: .zero).removedCount == 1)
        }
    }

    @Test("removes blobs that a crash left without an entry, and no file that is not a blob")
    func strays() throws {
        let folder = try Folder()
        let store = try folder.open()
        let kept = try store.put(bytes("kept"), in: space("a"), label: label("l"))
        let stray = ContentID(of: bytes("stray"))
        try store.put(bytes("stray"), in: space("a"))
        let content = try folder.read(folder.blob(stray))
        try store.forget(stray, in: space("a"))
        try folder.write(content, to: folder.blob(stray))
        let foreign = folder.store + "/blobs/" + "\(kept)".prefix(2) + "/README"
        try folder.write([], to: foreign)
        #expect(try store.collect(grace: .zero, isTrial: true).strayCount == 0)
        #expect(try store.collect(grace: .zero).strayCount == 1)
        #expect(try !folder.files().contains { $0.hasSuffix("\(stray)") })
        #expect(try folder.files().contains { $0.hasSuffix("README") })
        #expect(try store.get(kept, in: space("a")) == bytes("kept"))
    }

    // Goal: content that has a name is never lost to a collection, whatever happens at the same time,
    // not even when it is the same content that the collection is removing. Method: several tasks
    // store, read, move labels and let go of a few contents, while collections run without grace.
    @Test("never removes what is stored with a label at the same time", arguments: Kind.allCases)
    func concurrent(kind: Kind) async throws {
        let folder = try Folder()
        let store =
            kind == .memory ? ContentStore.inMemory() : try folder.open(disk: UnsyncedDisk())
        let spaces = [try space("a"), try space("b")]
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var random = SplitMix(seed: UInt64(worker))
                    for round in 0..<150 {
                        let content = bytes("content \(Int.random(in: 0..<6, using: &random))")
                        let space = spaces[Int.random(in: 0..<2, using: &random)]
                        let name = try label("worker\(worker)")
                        let found = await store.perform { (store) throws(StoreError) in
                            let id = try store.put(content, in: space, label: name)
                            let read = try store.get(id, in: space)
                            if round % 3 == 0 { try store.removeLabel(name, in: space) }
                            return read
                        }
                        #expect(try found.get() == content)
                    }
                    return 0
                }
            }
            group.addTask {
                var removed = 0
                for _ in 0..<100 {
                    removed += try await store.perform { (store) throws(StoreError) in
                        try store.collect(grace: .zero).removedCount
                    }.get()
                }
                return removed
            }
            return try await group.reduce(0, +)
        }
        #expect(try store.verify().isValid)
        for space in spaces {
            for (name, id) in try store.labels(of: space) {
                #expect(try ContentID(of: store.get(id, in: space)) == id, "\(name)")
            }
        }
        #expect(total >= 0)
    }

    // Goal: the store is its model. Method: random operations against dictionaries, with collections
    // and restarts between them; the seed is in the message.
    @Test("any sequence of operations leaves what a plain model has", arguments: 0..<30)
    func model(seed: Int) throws {
        var random = SplitMix(seed: UInt64(seed))
        let folder = try Folder()
        let clock = StandingClock()
        var store = try folder.open(clock.options, disk: UnsyncedDisk())
        let spaces = [try space("a"), try space("b")]
        var contents: [StoreNamespace: Set<ContentID>] = [:]
        var labels: [StoreNamespace: [StoreLabel: ContentID]] = [:]
        for step in 0..<200 {
            let at = spaces[Int.random(in: 0..<2, using: &random)]
            let content = bytes("\(Int.random(in: 0..<8, using: &random))")
            let id = ContentID(of: content)
            let name = try label("l\(Int.random(in: 0..<4, using: &random))")
            let isThere = contents[at, default: []].contains(id)
            switch Int.random(in: 0..<9, using: &random) {
            case 0, 1:
                try store.put(content, in: at)
                contents[at, default: []].insert(id)
            case 2:
                try store.put(content, in: at, label: name)
                contents[at, default: []].insert(id)
                labels[at, default: [:]][name] = id
            case 3:
                #expect((code { try store.setLabel(name, to: id, in: at) } == nil) == isThere)
                if isThere { labels[at, default: [:]][name] = id }
            case 4:
                #expect(try store.removeLabel(name, in: at) == (labels[at]?[name] != nil))
                labels[at]?[name] = nil
            case 5:
                let isNamed = labels[at, default: [:]].values.contains(id)
                #expect((code { try store.forget(id, in: at) } == .conflict) == isNamed)
                if !isNamed { contents[at]?.remove(id) }
            case 6:
                let expected = Bool.random(using: &random) ? labels[at]?[name] : id
                let isExpected = labels[at]?[name] == expected
                guard isThere else { continue }
                #expect(
                    try store.compareAndSetLabel(name, from: expected, to: id, in: at) == isExpected
                )
                if isExpected { labels[at, default: [:]][name] = id }
            case 7:
                clock.advance(seconds: 1)
                let named = Set(labels.values.flatMap(\.values))
                _ = try store.collect(grace: .zero)
                for space in spaces { contents[space]?.formIntersection(named) }
            default:
                store.close()
                store = try folder.open(clock.options, disk: UnsyncedDisk())
            }
            for space in spaces {
                let found = try store.contents(of: space).map(\.id)
                #expect(
                    found == contents[space, default: []].sorted(), "seed \(seed), step \(step)")
                let named = Dictionary(
                    uniqueKeysWithValues: try store.labels(of: space).map { ($0.label, $0.id) })
                #expect(named == labels[space, default: [:]], "seed \(seed), step \(step)")
            }
        }
        #expect(try store.verify().isValid)
        _ = try store.collect(grace: .zero)
        #expect(try store.verify().count == Set(labels.values.flatMap(\.values)).count)
    }
}
