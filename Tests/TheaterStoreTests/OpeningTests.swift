// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform

@testable import TheaterStore

@Suite("Opening a store")
struct OpeningTests {
    @Test("finds everything again")
    func reopen() throws {
        let folder = try Folder()
        let a = try space("a")
        var store = try folder.open()
        let one = try store.put(bytes("one"), in: a, label: label("x"))
        let two = try store.put(bytes("two"), in: a, label: label("y/z"))
        try store.put(bytes("three"), in: a)
        try store.put(bytes("one"), in: space("b"))
        try store.removeLabel(label("x"), in: a)
        try store.setLabel(label("é"), to: one, in: a)
        try store.forget(ContentID(of: bytes("three")), in: a)
        let before = (try store.usage(), try store.labels(of: a).map { "\($0.label) \($0.id)" })
        store.close()
        store = try folder.open()
        #expect(try store.usage() == before.0)
        #expect(try store.labels(of: a).map { "\($0.label) \($0.id)" } == before.1)
        #expect(try store.get(two, in: a) == bytes("two"))
        #expect(try store.verify().isValid)
    }

    @Test("one at a time has it, and any number may read")
    func locked() throws {
        let folder = try Folder()
        #expect(try ContentStore.openReadOnly(directory: folder.store) == nil)
        let store = try folder.open()
        let id = try store.put(bytes("x"), in: space("a"), label: label("l"))
        #expect(code { _ = try folder.open() } == .locked)
        let reader = try #require(try ContentStore.openReadOnly(directory: folder.store))
        #expect(try reader.get(id, in: space("a")) == bytes("x"))
        #expect(code { try reader.put(bytes("y"), in: space("a")) } == .readOnly)
        #expect(code { try reader.removeLabel(label("l"), in: space("a")) } == .readOnly)
        #expect(code { _ = try reader.collect(grace: .zero) } == .readOnly)
        store.close()
        let next = try folder.open()
        store.close()
        #expect(code { _ = try folder.open() } == .locked, "closing twice gives up one lock")
        #expect(try next.get(id, in: space("a")) == bytes("x"))
    }

    @Test("removes what a killed process was writing, and nothing else")
    func leftovers() throws {
        let folder = try Folder()
        var store = try folder.open()
        let id = try store.put(bytes("kept"), in: space("a"), label: label("l"))
        store.close()
        let before = try folder.files()
        try folder.write(bytes("half a bl"), to: folder.store + "/tmp/1")
        try folder.write([], to: folder.store + "/tmp/99")
        try folder.write(bytes("theaterS"), to: folder.store + "/catalogue.new")
        store = try folder.open()
        #expect(try folder.files() == before)
        #expect(try store.get(id, in: space("a")) == bytes("kept"))
        store.close()
    }

    // Goal: a process may die at any byte of an append. Method: cut the catalogue at every length; all
    // changes before the cut are there, and none of those that it went through.
    @Test("loses only the change that was being written")
    func torn() throws {
        let folder = try Folder()
        let store = try folder.open()
        var sizes = [UInt64(try folder.read(folder.catalogue).count)]
        for index in 0..<6 {
            try store.put(bytes("content \(index)"), in: space("a"), label: label("l\(index)"))
            sizes.append(UInt64(try folder.read(folder.catalogue).count))
        }
        store.close()
        let whole = try folder.read(folder.catalogue)
        for size in Int(sizes[1])...whole.count {
            let copy = try folder.copy()
            try copy.write(Array(whole[..<size]), to: copy.catalogue)
            let expected = sizes.filter { $0 <= UInt64(size) }.count - 1
            let reader = try #require(try ContentStore.openReadOnly(directory: copy.store))
            #expect(try reader.usage(of: space("a")).count == expected)
            let reopened = try copy.open()
            #expect(try reopened.usage(of: space("a")).count == expected, "cut at \(size)")
            #expect(try reopened.labels(of: space("a")).count == expected)
            // What is appended next must not be taken for damage.
            try reopened.put(bytes("later"), in: space("a"), label: label("later"))
            reopened.close()
            let again = try copy.open()
            #expect(try again.usage(of: space("a")).count == expected + 1)
        }
    }

    // Goal: damage is found, and never taken for the end. Method: change each byte of the catalogue in
    // turn; whatever opens has lost at most the last change.
    @Test("a changed byte of the catalogue is damage")
    func damagedCatalogue() throws {
        let folder = try Folder()
        let store = try folder.open()
        for index in 0..<4 {
            try store.put(bytes("\(index)"), in: space("a"), label: label("l\(index)"))
        }
        let beforeLast = try folder.read(folder.catalogue).count
        try store.put(bytes("last"), in: space("a"))
        store.close()
        let whole = try folder.read(folder.catalogue)
        let copy = try folder.copy()
        for place in whole.indices {
            var changed = whole
            changed[place] ^= 0x15
            try copy.write(changed, to: copy.catalogue)
            let found = code {
                let opened = try copy.open()
                #expect(
                    place >= beforeLast || (12..<16).contains(place), "byte \(place) went unnoticed"
                )
                if place >= beforeLast { #expect(try opened.usage(of: space("a")).count == 4) }
            }
            if (8..<12).contains(place) {
                #expect(found == .newerFormat)
            } else if place < beforeLast, !(12..<16).contains(place) {
                #expect(found == .damaged, "byte \(place)")
            }
        }
    }

    @Test("an empty or missing catalogue beside blobs is damage, not an empty store")
    func emptyCatalogue() throws {
        let folder = try Folder()
        let store = try folder.open()
        try store.put(bytes("x"), in: space("a"))
        store.close()
        for size in [0, 7, 15] {
            try folder.write(
                Array(try folder.read(folder.catalogue).prefix(size)), to: folder.catalogue)
            #expect(code { _ = try folder.open() } == .damaged)
        }
        try FileManager.default.removeItem(atPath: folder.catalogue)
        #expect(code { _ = try folder.open() } == .damaged)
        #expect(try ContentStore.openReadOnly(directory: folder.store) == nil)
    }

    @Test("many changes of few things do not make the catalogue large")
    func compaction() throws {
        let folder = try Folder()
        let a = try space("a")
        var store = try folder.open(disk: UnsyncedDisk())
        let ids = try (0..<2).map { try store.put(bytes("\($0)"), in: a) }
        for index in 0..<20_000 { try store.setLabel(label("flip"), to: ids[index % 2], in: a) }
        #expect(try folder.read(folder.catalogue).count < 2 << 20)
        try store.put(bytes("after"), in: a, label: label("after"))
        store.close()
        store = try folder.open()
        #expect(try store.target(of: label("flip"), in: a) == ids[1])
        #expect(try store.target(of: label("after"), in: a) == ContentID(of: bytes("after")))
        #expect(try store.usage(of: a).count == 3)
    }

    @Test("a directory that cannot be had is an error with its path")
    func noDirectory() throws {
        let folder = try Folder()
        #expect(code { _ = try ContentStore.open(directory: folder.path + "/no/store") } == .disk)
        try folder.write([], to: folder.store)
        #expect(code { _ = try folder.open() } == .disk)
    }
}
