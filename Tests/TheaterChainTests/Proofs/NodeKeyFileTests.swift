// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("The file of a node's key")
struct NodeKeyFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "theater-key-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path())
    }

    @Test("is made on first need and kept; its name can be chosen then")
    func make() throws {
        try withFolder { folder in
            let before = try NodeKeyFile.load(from: folder)
            #expect(before == nil)
            let key = try NodeKeyFile.loadOrMake(in: folder, name: "example.com/node-1")
            #expect(key.verifier.name == "example.com/node-1")
            #expect(try NodeKeyFile.loadOrMake(in: folder).verifier == key.verifier)
            let loaded = try NodeKeyFile.load(from: folder)
            #expect(loaded?.verifier == key.verifier)
            let path = NodeKeyFile.path(in: folder)
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            #expect(facts[.posixPermissions] as? Int == 0o600)
        }
        try withFolder { folder in
            let wrong = proofCode { _ = try NodeKeyFile.loadOrMake(in: folder, name: "a b") }
            #expect(wrong == .badKey)
            let after = try NodeKeyFile.load(from: folder)
            #expect(after == nil)
        }
    }

    @Test("differs between nodes")
    func different() throws {
        var names: Set<String> = []
        for _ in 0..<4 {
            try withFolder { names.insert(try NodeKeyFile.loadOrMake(in: $0).verifier.description) }
        }
        #expect(names.count == 4)
    }

    @Test("that was altered is refused, and never made anew")
    func altered() throws {
        try withFolder { folder in
            _ = try NodeKeyFile.loadOrMake(in: folder)
            let path = NodeKeyFile.path(in: folder)
            let good = Array(try Data(contentsOf: URL(filePath: path)))
            var random = SplitMix(seed: 4)
            let cuts = [[], Array(good.dropLast()), good + [0x0A], Array(good.dropFirst())]
            let flips = good.indices.map { place in
                var changed = good
                changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                return changed
            }
            for wrong in cuts + flips {
                let handle = try FileHandle(forWritingTo: URL(filePath: path))
                try handle.truncate(atOffset: 0)
                try handle.write(contentsOf: wrong)
                try handle.close()
                let error = proofError { _ = try NodeKeyFile.loadOrMake(in: folder) }
                #expect(error?.code == .keyFile)
                #expect(error?.fact.contains(path) == true)
                #expect(error?.description.contains(String(decoding: good, as: UTF8.self)) == false)
                #expect(Array(try Data(contentsOf: URL(filePath: path))) == wrong)
            }
        }
    }
}
