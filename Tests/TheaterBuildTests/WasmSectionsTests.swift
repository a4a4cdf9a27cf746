// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterBuild

@Suite("Sections of a WebAssembly file")
struct WasmSectionsTests {
    private static let header: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 1, 0, 0, 0]

    private static func section(_ id: UInt8, _ content: [UInt8]) -> [UInt8] {
        [id, UInt8(content.count)] + content
    }

    private static func name(_ text: String) -> [UInt8] {
        [UInt8(text.utf8.count)] + Array(text.utf8)
    }

    /// A module with one of everything that is read.
    private static let module: [UInt8] =
        header
        + section(1, [2, 0x60, 4, 0x7F, 0x7F, 0x7F, 0x7F, 1, 0x7F, 0x60, 0, 0])
        + section(
            2,
            [4] + name("m") + name("f") + [0, 0]
                + name("m") + name("t") + [1, 0x70, 0, 1]
                + name("m") + name("g") + [3, 0x7F, 0]
                + name("m") + name("e") + [4, 0, 1])
        + section(3, [1, 1])
        + section(5, [1, 1, 2, 16])
        + section(7, [2] + name("memory") + [2, 0] + name("go") + [0, 1])
        + section(10, [1, 2, 0, 0x0B])
        + section(11, [2, 0, 0x41, 8, 0x0B, 3, 97, 98, 99, 1, 2, 100, 101])
        + section(0, name("name") + [1, 6, 1, 1] + name("go!"))

    @Test("are read")
    func read() throws {
        let sections = try WasmSections(Self.module)
        #expect(sections.imports.map(\.name) == ["f", "t", "g", "e"])
        #expect(sections.imports.map(\.kind) == [.function, .table, .global, .tag])
        #expect(sections.imports[0].type == .call)
        #expect(sections.exports.map(\.name) == ["memory", "go"])
        #expect(sections.exports[1].type == .init(parameters: [], results: []))
        #expect(sections.memories == [.init(pagesMin: 2, pagesMax: 16)])
        #expect(sections.hasNames)
        #expect(sections.data.map { Array(Self.module[$0]) } == [[97, 98, 99], [100, 101]])
        #expect(sections.codeSize == 4)
    }

    @Test("of a file cut anywhere between sections' ends are refused")
    func cut() throws {
        var ends: Set<Int> = [8]
        var at = 8
        while at < Self.module.count {
            at += 2 + Int(Self.module[at + 1])
            ends.insert(at)
        }
        for size in 0..<Self.module.count {
            let error = buildError { _ = try WasmSections(Array(Self.module.prefix(size))) }
            #expect((error?.code == .badWasm) == !ends.contains(size), "cut to \(size) bytes")
        }
    }

    @Test(
        "with wrong contents are refused with the place",
        arguments: [
            ([], "byte 0"), (Array("hello".utf8), "byte 0"),
            ([0x00, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0], "byte 4"),
            (header + section(2, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), "byte 10"),
            (header + section(7, [1, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), "byte 11"),
            (header + section(7, [1, 1, 0xFF, 0, 0]), "byte 12"),
            (header + section(7, [1] + name("a") + [9, 0]), "byte 13"),
            (
                header
                    + section(5, [1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]),
                "byte 12"
            ),
            (header + section(11, [1, 0, 0x10, 0, 0x0B, 0]), "byte 12"),
        ] as [([UInt8], String)])
    func wrong(bytes: [UInt8], place: String) throws {
        let error = try #require(buildError { _ = try WasmSections(bytes) })
        #expect(error.code == .badWasm)
        #expect(error.message.hasPrefix(place + ":"), "\(error.message)")
    }

    @Test("of mutated files never crash the reader")
    func mutated() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = Self.module
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            if (try? WasmSections(bytes)) != nil { accepted += 1 }
            _ = try? FunctionNames.rewrite(bytes) { $0 }
        }
        #expect(accepted > 0, "seed \(seed)")
        #expect(accepted < 20_000, "seed \(seed)")
    }

    @Test("keep everything but the names when names are rewritten")
    func names() throws {
        let rewritten = try FunctionNames.rewrite(Self.module) { $0.map { "static \($0)?" } }
        let old = try WasmSections(Self.module)
        let new = try WasmSections(rewritten)
        #expect(new == old)
        #expect(rewritten.suffix(4).elementsEqual(Array("go!?".utf8)))
    }
}
