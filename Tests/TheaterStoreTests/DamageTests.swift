// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterStore

@Suite("Damaged blobs")
struct DamageTests {
    enum Damage: CaseIterable {
        case changed, cut, emptied, lengthened, gone

        func apply(_ path: String) throws {
            var content = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            switch self {
            case .changed: content[content.count / 2] ^= 1
            case .cut: content.removeLast()
            case .emptied: content = []
            case .lengthened: content.append(0)
            case .gone: return try FileManager.default.removeItem(atPath: path)
            }
            try Data(content).write(to: URL(fileURLWithPath: path))
        }
    }

    @Test("are an error that names the blob, never wrong content", arguments: Damage.allCases)
    func found(damage: Damage) throws {
        let folder = try Folder()
        let a = try space("a")
        var store = try folder.open()
        let id = try store.put(bytes("precious"), in: a, label: label("l"))
        let other = try store.put(bytes("other"), in: a)
        try damage.apply(folder.blob(id))
        for round in 0..<2 {
            let error = #expect(throws: StoreError.self) { try store.get(id, in: a) }
            #expect(error?.code == .damaged)
            #expect(error?.content == id)
            #expect(error?.description.contains("\(id)") == true)
            #expect(try store.get(other, in: a) == bytes("other"))
            let result = try store.verify()
            #expect(!result.isValid)
            #expect(result.problems.map(\.content) == [id])
            #expect(result.problems.map(\.namespaces) == [[a]])
            #expect(result.count == 2)
            store.close()
            if round == 0 { store = try folder.open() }
        }
    }

    // A system that trusts the name of a file would answer that the content is there, and never
    // mend it.
    @Test("are mended by storing the same content again", arguments: Damage.allCases)
    func mended(damage: Damage) throws {
        let folder = try Folder()
        let (a, b) = (try space("a"), try space("b"))
        let store = try folder.open()
        let id = try store.put(bytes("precious"), in: a)
        try damage.apply(folder.blob(id))
        try store.put(bytes("precious"), in: b)
        #expect(try store.get(id, in: a) == bytes("precious"))
        #expect(try store.verify().isValid)
    }

    @Test("do not keep a collection from its work")
    func collected() throws {
        let folder = try Folder()
        let store = try folder.open()
        let kept = try store.put(
            bytes(String(repeating: "x", count: 100)), in: space("a"), label: label("l"))
        try store.put(bytes("loose"), in: space("a"))
        try Damage.changed.apply(folder.blob(kept))
        #expect(try store.collect(grace: .zero).removedCount == 1)
    }
}
