// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform
import TheaterTesting

@testable import TheaterStore

@Suite("Content in parts")
struct DraftTests {
    @Test("is what it would be as a whole", arguments: Kind.allCases)
    func whole(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            for sizes in [[0], [1], [5, 0, 70_000, 1], [1_000_000, 2_000_000]] {
                let parts = sizes.map { size in
                    (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
                }
                let draft = try store.draft()
                for part in parts { try draft.append(part) }
                let content = Array(parts.joined())
                #expect(draft.size == UInt64(content.count))
                #expect(draft.id == ContentID(of: content))
                #expect(try store.size(of: draft.id, in: a) == nil)
                let id = try store.put(draft, in: a, label: label("x"))
                #expect(try store.get(id, in: a) == content)
                #expect(try store.target(of: label("x"), in: a) == id)
            }
            #expect(try store.verify().isValid)
        }
    }

    @Test("is stored once, and nothing is added behind that", arguments: Kind.allCases)
    func over(kind: Kind) throws {
        try kind.withStore { store in
            let a = try space("a")
            let draft = try store.draft()
            try draft.append([1, 2])
            let id = try store.put(draft, in: a)
            #expect(throws: StoreError.self) { try draft.append([3]) }
            #expect(throws: StoreError.self) { try store.put(draft, in: try space("b")) }
            #expect(try store.get(id, in: a) == [1, 2])
            #expect(try store.size(of: id, in: try space("b")) == nil)
            #expect(try store.verify().isValid)
        }
    }

    @Test("that is there already counts once, and mends what is damaged")
    func known() throws {
        let folder = try Folder()
        let a = try space("a")
        let store = try folder.open()
        let id = try store.put(bytes("same"), in: a)
        try folder.write(bytes("sane"), to: folder.blob(id))
        let draft = try store.draft()
        try draft.append(bytes("sa"))
        try draft.append(bytes("me"))
        #expect(try store.put(draft, in: a) == id)
        #expect(try store.get(id, in: a) == bytes("same"))
        #expect(try store.usage(of: a).count == 1)
        store.close()
    }

    @Test("that is let go of, refused or too large leaves nothing")
    func nothing() throws {
        let folder = try Folder()
        let a = try space("a")
        var options = StoreOptions()
        options.contentSizeMax = 10
        let store = try folder.open(options)
        var draft: ContentDraft? = try store.draft()
        try draft?.append(bytes("ten bytes!"))
        #expect(code { try draft?.append([1]) } == .tooLarge)
        draft = nil
        let refused = try store.draft()
        try refused.append(bytes("xx"))
        #expect(
            code { try store.put(refused, in: a, quota: StoreQuota(sizeMax: 1, countMax: 9)) }
                == .quota)
        #expect(try folder.files().contains { $0.hasPrefix("tmp/") })
        let kept = try store.put(refused, in: a)
        #expect(try store.get(kept, in: a) == bytes("xx"))
        #expect(try !folder.files().contains { $0.hasPrefix("tmp/") })
        store.close()
        #expect(code { _ = try store.draft() } == .closed)
    }
}
