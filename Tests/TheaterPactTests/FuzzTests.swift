// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact
import TheaterValue

// Goal: no text, no buffer and no module makes the parsers crash or hang. Method: cut, repeat,
// swap and splice good inputs by a seeded generator, and take everything that is accepted
// through every function that walks it.
@Suite("Fuzz")
struct FuzzTests {
    private static let words = [
        "interface ", "record ", "variant ", "enum ", "flags ", "type ", "imports ", "exports ",
        "func", "self", "value", "_", "list<", "option<", "result<", "tuple<", "map<", "<", ">",
        "(", ")", "{", "}", ",", ";", ":", ".", "/", "->", "=", "@package: string = \"x\"", "\"",
        "//", "/*", "*/", "\n", "é", "\0", "a", "b", "-1", "use ", "world ", "package ",
    ]

    private static let texts =
        ReferenceInterface.all.map(\.text)
        + [
            MetadataFixture.actorText, TypeCheckTests.declarations,
            "package a:b interface m { f: func(x: u8) -> u8 } world w { export m }",
            "type s: c record box<t> { i: t } exports { a:b.f: func(x: box<s>) -> _ }",
            "record a { b: b } record b { a: option<a>, c: list<b> } exports { f: func(x: a) }",
        ]

    private static func mutate(
        _ input: [UInt8], _ splices: [[UInt8]], _ random: inout SplitMix
    ) -> [UInt8] {
        var bytes = input
        for _ in 0..<(1 + random.below(4)) {
            let position = random.below(bytes.count + 1)
            let length = min(random.below(24), bytes.count - position)
            let range = position..<position + length
            switch random.below(6) {
            case 0: bytes.removeSubrange(range)
            case 1: bytes.insert(contentsOf: splices[random.below(splices.count)], at: position)
            case 2: bytes.replaceSubrange(range, with: splices[random.below(splices.count)])
            case 3 where !bytes.isEmpty: bytes[random.below(bytes.count)] = UInt8(random.below(256))
            case 4: bytes.insert(contentsOf: bytes[range], at: random.below(bytes.count + 1))
            default: if random.below(8) == 0 { bytes.removeSubrange(position...) }
            }
        }
        return bytes
    }

    @Test("mutated texts", arguments: [UInt64(1), 2])
    func texts(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let inputs = Self.texts.map { Array($0.utf8) }
        let splices = Self.words.map { Array($0.utf8) }
        var accepted = 0
        for _ in 0..<Support.fuzzCount / 2 {
            let input = inputs[random.below(inputs.count)]
            let text = String(decoding: Self.mutate(input, splices, &random), as: UTF8.self)
            guard let document = try? PactDocument.parse(text, file: "fuzz.pact") else { continue }
            accepted += 1
            for interface in document.interfaces {
                _ = interface.hash(rules: document.rules)
                for function in interface.functions {
                    _ = function.description
                    guard let signature = try? FunctionSignature(function, in: interface) else {
                        continue
                    }
                    _ = signature.detailedDescription
                }
            }
        }
        #expect(accepted > 0, "seed \(seed)")
    }

    @Test("mutated metadata and modules", arguments: [UInt64(3), 4])
    func metadata(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let actor = Support.bytes(MetadataFixture.actorHex)
        let generic = try PackageMetadata(
            package: PactPackage.parse(Self.texts[Self.texts.count - 2], file: "g.pact")
        ).encoded()
        let splices: [[UInt8]] = [
            [0], [0xFF, 0xFF, 0xFF, 0xFF], [0x09], [0x08], [0x07], [0x15], Array("CGRF".utf8),
            Array(actor.prefix(64)), [1, 0, 0, 0], [0x12, 0, 0, 0], [0x11, 0, 0, 0],
        ]
        let module: [UInt8] =
            [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 11, 0xE9, 0x13, 1, 0, 0x41, 0, 0x0B, 0xE2, 0x13]
            + actor
        var accepted = 0
        for round in 0..<Support.fuzzCount / 2 {
            let bytes = Self.mutate(round % 2 == 0 ? actor : generic, splices, &random)
            if let metadata = try? PackageMetadata(decoding: bytes) {
                accepted += 1
                exercise(metadata)
            }
            if let metadata = try? PackageMetadata(Self.damaged(actor, &random)) {
                accepted += 1
                exercise(metadata)
            }
            if round % 8 == 0 {
                _ = try? PackageMetadata.find(inModule: Self.mutate(module, splices, &random))
            }
        }
        #expect(accepted > 0, "seed \(seed)")
        #expect(try PackageMetadata.find(inModule: module) != nil)
    }

    private func exercise(_ metadata: PackageMetadata) {
        _ = ImportCheck(granted: []).check(metadata).description
        for signature in metadata.imports + metadata.exports {
            _ = signature.hash()
            _ = signature.detailedDescription
            for type in signature.results { try? TypeCheck.check(.unit, against: type) }
        }
        #expect((try? metadata.encoded()) != nil)
    }

    /// The value of a good buffer with some parts replaced by others.
    private static func damaged(
        _ good: [UInt8], _ random: inout SplitMix
    ) throws -> Value {
        replace(try CGRF.decode(good), &random)
    }

    private static func replace(_ value: Value, _ random: inout SplitMix) -> Value {
        if random.below(150) == 0 {
            let others: [Value] = [.unit, .string(""), .u8(1), .list(.string, [.unit])]
            return others[random.below(others.count)]
        }
        switch value {
        case .record(var record):
            for index in record.fields.indices {
                record.fields[index].value = replace(record.fields[index].value, &random)
            }
            return .record(record)
        case .variant(var variant):
            if random.below(60) == 0 { variant.tag = UInt32(random.below(24)) }
            for index in variant.payload.indices {
                variant.payload[index] = replace(variant.payload[index], &random)
            }
            return .variant(variant)
        case .list(let type, let items):
            var replaced: [Value] = []
            for item in items { replaced.append(replace(item, &random)) }
            return .list(type, replaced)
        default:
            return value
        }
    }
}
