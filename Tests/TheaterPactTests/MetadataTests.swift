// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact
import TheaterValue

@Suite("Metadata")
struct MetadataTests {
    @Test("metadata of a package is byte for byte what guests carry")
    func encodeActor() throws {
        let package = try PactPackage.parse(MetadataFixture.actorText, file: "fx.pact")
        let metadata = try PackageMetadata(package: package)
        #expect(try metadata.encoded() == Support.bytes(MetadataFixture.actorHex))
        #expect(try PackageMetadata(decoding: Support.bytes(MetadataFixture.actorHex)) == metadata)
    }

    // The offsets and payloads are those of the published listing of 654 bytes.
    @Test("the smallest metadata has the published layout")
    func encodeDoubler() throws {
        let package = try PactPackage.parse(
            "exports { double: func(input: value) -> value }", file: "doubler.pact")
        let bytes = try PackageMetadata(package: package).encoded()
        #expect(bytes.count == 654)
        #expect(bytes.prefix(16) == Support.bytes("43475246020000001500000014000000")[...])
        let offsets = [
            16, 33, 45, 63, 80, 118, 167, 188, 226, 247, 333, 354, 371, 383, 399, 415, 431, 447,
            475, 529, 550,
        ]
        let kinds: [UInt8] = [
            0x07, 0x06, 0x06, 0x06, 0x08, 0x09, 0x07, 0x08, 0x07, 0x09, 0x07, 0x07, 0x06, 0x0F,
            0x0F, 0x0F, 0x0F, 0x0B, 0x09, 0x07, 0x09,
        ]
        for (offset, kind) in zip(offsets, kinds) {
            #expect(bytes[offset] == kind, "node at \(offset)")
        }
        func payload(_ offset: Int, _ hex: String) {
            let expected = Support.bytes(hex)
            #expect(Array(bytes[(offset + 8)..<(offset + 8 + expected.count)]) == expected)
        }
        payload(16, "0900000000 00000000")
        payload(33, "00000000")
        payload(45, "06000000646f75626c65")
        payload(63, "05000000696e707574")
        payload(80, "09000000747970652d64657363 0500000076616c7565 14000000 00000000")
        payload(167, "0900000000 01000000 05000000")
        payload(226, "0800000000 01000000 07000000")
        payload(383, "13899fcdfb055922")
        payload(399, "68bfcde5fcef666e")
        payload(415, "a689789c1e9dd721")
        payload(431, "9951f86080d17a7b")
        payload(447, "04000000 0d000000 0e000000 0f000000 10000000")
        payload(475, "0e000000696e746572666163652d68617368 02000000")
    }

    @Test("metadata that a composer wrote again is read by field name and tag")
    func hostDialect() throws {
        let package = try PactPackage.parse(MetadataFixture.actorText, file: "fx.pact")
        let metadata = try PackageMetadata(package: package)
        let bytes = try CGRF.encode(Self.rewritten(metadata.value))
        #expect(bytes != (try metadata.encoded()))
        #expect(try PackageMetadata(decoding: bytes) == metadata)
    }

    /// Other type names, other case names, hashes as bytes, fields in another order.
    private static func rewritten(_ value: Value) -> Value {
        switch value {
        case .record(let record):
            var fields = record.fields.map { Value.Record.Field($0.name, rewritten($0.value)) }
            if case .tuple(let words) = record.fields.first(where: { $0.name == "hash" })?.value {
                let numbers = words.compactMap {
                    if case .u64(let word) = $0 { word } else { nil }
                }
                let hash = InterfaceHash(numbers[0], numbers[1], numbers[2], numbers[3])
                fields[1].value = .array(PackedArray(bytes: hash.bytes))
            }
            return .record(.init("PackageMetadata", fields.reversed()))
        case .variant(let variant):
            return .variant(
                .init("Type", "tag\(variant.tag)", tag: variant.tag, variant.payload.map(rewritten))
            )
        case .list(_, let items):
            return items.isEmpty
                ? .array(PackedArray(bytes: [])) : .list(.record("x"), items.map(rewritten))
        case .option(let type, let inner):
            return .option(type, inner.map(rewritten))
        default:
            return value
        }
    }

    @Test("every type survives encoding, and hashes as its declaration does")
    func everyType() throws {
        let names = [
            "bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char",
            "string", "flags", "list<u8>", "option<string>", "result<u8, string>",
            "result<_, string>", "result<u8, _>", "point", "shape", "color", "tuple<u8, s8>",
            "value", "tuple<>", "map<string, u8>", "set<u8>", "bits", "box<u8>", "tree", "sexpr",
            "nowhere",
        ]
        let text = """
            record point { x: f64, y: f64 }
            variant shape { dot, circle(f64), box(point) }
            enum color { red, green }
            flags bits { a, b }
            record box<t> { item: t, more: list<box<t>> }
            record tree { left: option<tree>, right: option<self> }
            variant sexpr { sym(string), lst(list<self>) }
            exports { f: func(\(names.enumerated().map { "p\($0): \($1)" }.joined(separator: ", "))) }
            """
        let package = try PactPackage.parse(text, file: "all.pact")
        let metadata = try PackageMetadata(package: package)
        #expect(try PackageMetadata(decoding: metadata.encoded()) == metadata)
        let function = package.exports[0].functions[0]
        let declared = package.exports[0].hash(of: function, rules: .guest)
        #expect(metadata.exports[0].hash() == declared)
        #expect(metadata.exportHashes.map(\.hash) == [package.exports[0].hash(rules: .guest)])
        let tree = try #require(metadata.exports[0].parameters.first { $0.name == "p29" })
        #expect(tree.type.description == "tree")
        #expect(
            tree.type
                == .record(
                    name: "tree",
                    [
                        .init(name: "left", type: .option(.value)),
                        .init(name: "right", type: .option(.value)),
                    ]))
        let unit = PackageMetadata(
            imports: [],
            exports: [.init(interface: "", name: "f", parameters: [], results: [.unit])])
        #expect(try PackageMetadata(decoding: unit.encoded()) == unit)
    }

    @Test(
        "damaged metadata names the damaged part",
        arguments: [
            (Value.unit, "the package's metadata is no record"),
            (
                .record(.init("", [.init("imports", .list(.string, []))])),
                "the package's metadata has no field 'exports'"
            ),
            (
                .record(.init("", [.init("imports", .string("x"))])),
                "the package's metadata at imports is no list"
            ),
            (
                .record(.init("", [.init("imports", .list(.string, [.string("x")]))])),
                "the package's metadata at imports.0 is no record"
            ),
        ])
    func damaged(value: Value, message: String) {
        let error = Support.error { try PackageMetadata(value) }
        #expect(error?.description == message + "; build the package again")
        #expect(error?.code == .badMetadata)
    }

    @Test("a type of an unknown tag, or without its payload, is refused with its place")
    func badTypes() throws {
        func metadata(_ type: Value) -> Value {
            let function = Value.record(
                .init(
                    "",
                    [
                        .init("interface", .string("")), .init("name", .string("f")),
                        .init("params", .list(.string, [])),
                        .init("results", .list(.string, [type])),
                    ]))
            return .record(
                .init(
                    "",
                    [
                        .init("imports", .list(.string, [])),
                        .init("exports", .list(.string, [function])),
                    ]))
        }
        let unknown = Support.error {
            try PackageMetadata(metadata(.variant(.init("", "", tag: 22))))
        }
        #expect(
            unknown?.problem
                == "the package's metadata at exports.0.'f'.results.0 has a type with the unknown "
                + "tag 22")
        let empty = Support.error {
            try PackageMetadata(metadata(.variant(.init("", "", tag: 14))))
        }
        #expect(empty?.problem.hasSuffix("has a type of tag 14 with 0 payloads") == true)
        let fine = try PackageMetadata(metadata(.variant(.init("", "", tag: 3))))
        #expect(fine.exports[0].results == [.u32])
        #expect(fine.exportHashes == [])
    }

    @Test("metadata nests as deep as the bound and no deeper")
    func depth() throws {
        func metadata(_ depth: Int) -> PackageMetadata {
            let type = (0..<depth).reduce(TypeDescription.u8) { inner, _ in .list(inner) }
            return PackageMetadata(
                imports: [],
                exports: [.init(interface: "", name: "f", parameters: [], results: [type])])
        }
        // The type itself stands on the fifth level.
        let deepest = metadata(251)
        #expect(try PackageMetadata(decoding: deepest.encoded()) == deepest)
        let error = Support.error { try metadata(252).encoded() }
        #expect(error?.code == .badMetadata)
    }

    @Test("bytes that are no CGRF are refused")
    func noCGRF() throws {
        let error = Support.error { try PackageMetadata(decoding: [1, 2, 3]) }
        #expect(error?.code == .badMetadata)
        var bytes = Support.bytes(MetadataFixture.actorHex)
        for size in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: PactError.self) {
                try PackageMetadata(decoding: Array(bytes.prefix(size)))
            }
        }
        bytes.append(0)
        #expect(throws: PactError.self) { try PackageMetadata(decoding: bytes) }
    }

    // MARK: - Static search

    private static func module(_ segments: [[UInt8]]) -> [UInt8] {
        func number(_ value: Int) -> [UInt8] {
            var rest = value
            var bytes: [UInt8] = []
            repeat {
                bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
                rest >>= 7
            } while rest > 0
            return bytes
        }
        var data = number(segments.count)
        for (index, segment) in segments.enumerated() {
            data += index % 2 == 0 ? [0x00, 0x41, 0x80, 0x80, 0x04, 0x0B] : [0x01]
            data += number(segment.count) + segment
        }
        return [0x00, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 0x01, 0x01, 0x00, 0x0B]
            + number(data.count) + data
    }

    @Test("metadata is found in the middle of a data segment, past other CGRF buffers")
    func search() throws {
        let bytes = Support.bytes(MetadataFixture.actorHex)
        let greeting = try CGRF.encode(.string("hello"))
        let module = Self.module([greeting + [7], Array("xCGRF".utf8) + greeting + bytes + [1, 2]])
        let found = try #require(try PackageMetadata.find(inModule: module))
        #expect(found.metadata == (try PackageMetadata(decoding: bytes)))
        #expect(Array(module[found.range]) == bytes)
        #expect(try PackageMetadata.find(inModule: Self.module([greeting])) == nil)
        #expect(try PackageMetadata.find(inModule: Array(module.prefix(8))) == nil)
    }

    @Test("what is no module, or is cut, is refused")
    func badModules() throws {
        let module = Self.module([Support.bytes(MetadataFixture.actorHex)])
        #expect(throws: PactError.self) { try PackageMetadata.find(inModule: []) }
        #expect(throws: PactError.self) { try PackageMetadata.find(inModule: [0, 0x61, 0x73]) }
        for size in [9, 10, 12, 14, 20, module.count - 1] {
            #expect(throws: PactError.self) {
                try PackageMetadata.find(inModule: Array(module.prefix(size)))
            }
        }
    }

    @Test("a module full of false starts is given up on")
    func falseStarts() throws {
        let start = Support.bytes("43475246020000000100000000000000")
        let noise = Array(repeating: start, count: 64).flatMap(\.self)
        let bytes = Support.bytes(MetadataFixture.actorHex)
        #expect(try PackageMetadata.find(inModule: Self.module([noise + bytes])) == nil)
        let fewer = Self.module([noise.dropLast(16) + bytes])
        #expect(try PackageMetadata.find(inModule: fewer) != nil)
    }
}
