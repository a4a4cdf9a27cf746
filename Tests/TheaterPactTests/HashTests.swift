// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact

@Suite("Hashes")
struct HashTests {
    @Test(
        "types hash as published",
        arguments: [
            ("bool", "0001000000000000000000000000000000000000000000000000000000000000"),
            ("u8", "0002000000000000000000000000000000000000000000000000000000000000"),
            ("u16", "0003000000000000000000000000000000000000000000000000000000000000"),
            ("u32", "0004000000000000000000000000000000000000000000000000000000000000"),
            ("u64", "0005000000000000000000000000000000000000000000000000000000000000"),
            ("s8", "0006000000000000000000000000000000000000000000000000000000000000"),
            ("s16", "0007000000000000000000000000000000000000000000000000000000000000"),
            ("s32", "0008000000000000000000000000000000000000000000000000000000000000"),
            ("s64", "0009000000000000000000000000000000000000000000000000000000000000"),
            ("f32", "000a000000000000000000000000000000000000000000000000000000000000"),
            ("f64", "000b000000000000000000000000000000000000000000000000000000000000"),
            ("char", "000c000000000000000000000000000000000000000000000000000000000000"),
            ("string", "000d000000000000000000000000000000000000000000000000000000000000"),
            ("bits", "000e000000000000000000000000000000000000000000000000000000000000"),
            ("self", "ffff000000000000000000000000000000000000000000000000000000000000"),
            ("value", "ffff000000000000000000000000000000000000000000000000000000000000"),
            ("parameter", "ffff000000000000000000000000000000000000000000000000000000000000"),
            ("list<s32>", "b0029067e345b73945e2eefa150914f3d59577fa7539edadc8de39090acc8e4f"),
            ("list<u8>", "49d0f1d3d86f55e17737618629d2665df33565608fe9797385aecbfe6253f5dc"),
            ("set<u8>", "49d0f1d3d86f55e17737618629d2665df33565608fe9797385aecbfe6253f5dc"),
            ("option<string>", "d4e3bf5a01e3a2b4e43dcc32ccdd23155ec70bb7958e132009ff1bc2abcc8991"),
            (
                "option<list<u8>>",
                "3f7785fa368fa51262591987e80745608af33cb5e8830150bac2a2d9a2614b17"
            ),
            (
                "result<string, string>",
                "4ec1d0c25aa1ab5531eeb111f04d11a698add96a6d8a6650d80f657708335134"
            ),
            (
                "result<string, _>",
                "4ec1d0c25aa1ab5531eeb111f04d11a698add96a6d8a6650d80f657708335134"
            ),
            (
                "result<_, string>",
                "053662e0e77749878bbb70c22cd6c3687d128631d9f4c1e578c59ee7885c87e9"
            ),
            (
                "result<bool, string>",
                "053662e0e77749878bbb70c22cd6c3687d128631d9f4c1e578c59ee7885c87e9"
            ),
            ("tuple<>", "0691c93339ac086797f52ad890f7e79e119e8171b2b6a2c6a40f4fb6876e7902"),
            ("_", "0691c93339ac086797f52ad890f7e79e119e8171b2b6a2c6a40f4fb6876e7902"),
            ("tuple<s32, s32>", "67f04e894abfbd978634b10e51720437e02ffa3e861f98c3f7bdcf5a6d394751"),
            ("point", "3a63bcf203b3433f822f5621538d16e51b9a2ee6368c6052851e79f2b5ad4b19"),
            ("tniop", "3a63bcf203b3433f822f5621538d16e51b9a2ee6368c6052851e79f2b5ad4b19"),
            ("pair<s32>", "3a63bcf203b3433f822f5621538d16e51b9a2ee6368c6052851e79f2b5ad4b19"),
            ("alias", "3a63bcf203b3433f822f5621538d16e51b9a2ee6368c6052851e79f2b5ad4b19"),
            ("color", "2d6d2dfeda2057bb5572c1f57a08b6b067b7c999532c2a94ba2bcd1b835c39d5"),
            ("sexpr", "f466562d73549f1bf99f3ea8a08382092311461cd44a1a5a563bec47621d0c27"),
            ("sexpr2", "f466562d73549f1bf99f3ea8a08382092311461cd44a1a5a563bec47621d0c27"),
            (
                "map<string, u32>",
                "03d336137802b9c972c3585ebaa8897c111d78dcaf8eeb1f11e063666d2cb1fd"
            ),
            ("counter", "ba30aad86129eaba318f3272c18c9fc9f325a826c8c77072bbd0fdc74156a82f"),
            ("foo", "21396d3f22fa5306740215b0a4358e2184351fc91a91f1c58ce9837137013c58"),
        ])
    func types(text: String, hash: String) throws {
        let declarations = """
            type parameter
            record point { x: s32, y: s32 }
            record tniop { y: s32, x: s32 }
            record pair<t> { x: t, y: t }
            type alias = point
            enum color { red, green, blue }
            variant sexpr { sym(string), lst(list<self>) }
            variant sexpr2 { lst(list<sexpr2>), sym(string) }
            record counter { count: s32 }
            flags bits { read, write }
            """
        let (type, interface) = try Support.type(text, declarations)
        #expect(PactHash.type(type, in: interface, rules: .host).description == hash)
    }

    @Test("interfaces and their functions hash as published", arguments: ReferenceInterface.all)
    func interfaces(reference: ReferenceInterface) throws {
        let host = try PactFile.parseHost(reference.text, file: "\(reference.name).pact")
        #expect(host.interface.name == reference.name)
        #expect(host.interface.hash(rules: .host).description == reference.hash)
        #expect(host.check() == [])
        let hashes = host.interface.functionHashes(rules: .host)
        #expect(hashes.count == reference.functions.count)
        for (name, hash) in hashes {
            #expect(hash.description.prefix(16) == reference.functions[name] ?? "", "\(name)")
        }
    }

    @Test("functions hash as published", arguments: ReferenceFunction.all)
    func functions(reference: ReferenceFunction) throws {
        var text = "exports { f: func\(named(reference.signature)) }"
        if let source = reference.interface {
            let found = ReferenceInterface.all.first { $0.name.hasSuffix("/\(source)") }
            let whole = try #require(found)
            let declarations = whole.text.split(separator: "exports {")[0]
            text = "\(declarations.drop { $0 != "\n" })\(text)"
        }
        let interface = try Support.host(text)
        let hash = interface.hash(of: interface.functions[0], rules: .host)
        #expect(hash.description == reference.hash)
    }

    /// Gives every parameter of `(type, type) -> type` a name.
    private func named(_ signature: String) -> String {
        var depth = 0
        var result = ""
        var isStart = false
        for character in signature {
            if isStart, character != " " {
                if character != ")" { result += "p: " }
                isStart = false
            }
            if character == "(" { isStart = true }
            if character == "<" { depth += 1 }
            if character == ">", result.last != "-" { depth -= 1 }
            if character == ",", depth == 0 { isStart = true }
            result.append(character)
        }
        return result
    }

    @Test(
        "subsets of an interface hash as interfaces of their own",
        arguments: [
            (["log"], "1dd3d02d5f489296fab56691f915636091203b3899500d8d6eb1706d54249e54"),
            (
                ["log", "shutdown"],
                "995dc1c8b0df3020ac9ed9a196787000cd563925e82d008f90428f8c4bd983a6"
            ),
            (
                ["log", "self", "shutdown"],
                "5a8a7706304c531bd5a5aa83d0b3f60c3c5ca58e5ad99854175fb74660b2dfc4"
            ),
            (
                ["get-chain", "log", "shutdown"],
                "f1b6a351d68dc8f9f90e8a2031a6f7717775fed9fe193daf403c2bb2f0934c46"
            ),
        ])
    func subsets(names: [String], hash: String) throws {
        let functions = Set(names)
        let found = ReferenceInterface.all.last { $0.name == "theater:simple/runtime" }
        let runtime = try Support.host(try #require(found).text)
        #expect(runtime.hash(ofFunctions: functions).description == hash)
        let kept = runtime.functionHashes(rules: .host).filter { functions.contains($0.name) }
        #expect(InterfaceHash.interface(name: runtime.name, functions: kept).description == hash)
    }

    @Test(
        "small interfaces hash as published",
        arguments: [
            (
                "math", "double: func(n: s64) -> s64",
                "045d329df239a4083f01ad53ef75b1b271563fa76147e7a0e3013a75352ff364"
            ),
            (
                "theater:simple/actor", "init: func(state: value) -> value",
                "5bcd9881f0c4cb5fedd5b5a5699a78dff1bcaef64581d49747c6e3f5f81c43ab"
            ),
            (
                "", "process: func(input: value) -> value",
                "00602831491e5f0b9d3d1cbd1dfa10fb1280cdd8395a692c002758ae79ee548e"
            ),
            (
                "", "double: func(input: value) -> value",
                "13899fcdfb05592268bfcde5fcef666ea689789c1e9dd7219951f86080d17a7b"
            ),
        ])
    func small(name: String, function: String, hash: String) throws {
        let text =
            name.isEmpty ? "exports { \(function) }" : "exports { \(name) { \(function) } }"
        let package = try PactPackage.parse(text, file: "small.pact")
        #expect(package.exports[0].name == name)
        #expect(package.exports[0].hash(rules: .guest).description == hash)
        #expect(package.exports[0].hash(rules: .host).description == hash)
    }

    @Test("host and guest differ in unknown names and in '_' as a result")
    func rules() throws {
        let interface = try Support.host("exports { f: func() -> _  g: func(x: nowhere) }")
        let host = interface.functionHashes(rules: .host).map(\.hash)
        let guest = interface.functionHashes(rules: .guest).map(\.hash)
        let unit = try #require(
            InterfaceHash(hex: "0691c93339ac086797f52ad890f7e79e119e8171b2b6a2c6a40f4fb6876e7902"))
        let anything = InterfaceHash(0xFFFF, 0, 0, 0)
        let unknown = PactHash.type(.named("nowhere", []), in: interface, rules: .host)
        #expect(host[0] == .function(parameters: [], results: [unit]))
        #expect(guest[0] == .function(parameters: [], results: []))
        #expect(host[1] == .function(parameters: [unknown], results: []))
        #expect(guest[1] == .function(parameters: [anything], results: []))
        #expect(unknown != anything)
    }

    @Test("mutually recursive types hash alike from either side of an interface")
    func mutual() throws {
        let text = "record a { b: option<b> } record b { a: option<a> } "
        let first = try Support.host(text + "exports { f: func(x: a)  g: func(x: b) }")
        let second = try Support.host(text + "exports { g: func(x: b)  f: func(x: a) }")
        #expect(first.hash(rules: .host) == second.hash(rules: .host))
    }

    @Test("a hash survives its bytes, words and digits")
    func roundTrip() throws {
        let hex = "1dd3d02d5f489296fab56691f915636091203b3899500d8d6eb1706d54249e54"
        let hash = try #require(InterfaceHash(hex: hex))
        #expect(hash.description == hex)
        #expect(hash.words.first == 0x9692_485F_2DD0_D31D)
        #expect(InterfaceHash(bytes: hash.bytes) == hash)
        let words = hash.words
        #expect(InterfaceHash(words[0], words[1], words[2], words[3]) == hash)
        #expect(InterfaceHash(hex: String(hex.dropLast())) == nil)
        #expect(InterfaceHash(hex: String(hex.dropLast()) + "g") == nil)
        #expect(InterfaceHash(bytes: Array(repeating: 0, count: 33)) == nil)
        #expect(InterfaceHash(bytes: Array(repeating: 0, count: 31)) == nil)
    }
}
