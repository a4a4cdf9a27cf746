// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest

@Suite("Manifest fuzzing")
struct FuzzTests {
    private static let seedText = """
        # a manifest
        name = "crawler"
        version = "1.0"
        package = "crawler.wasm"
        description = \"\"\"
        long \\
           text \\u00e9\"\"\"
        initial_state_value = '42'
        on_error = "continue"
        exports = { rpc = ["a:b/c", "d:e/f"] }
        [limits]
        memory = "64MiB"
        fuel_per_call = 1_000
        call_timeout = "30s"
        [chain]
        durability = "async"
        delay = "20ms"
        [[handler]]
        type = "tcp"
        connect = [ "a:1", 'b:2' ]
        client_tls = { enabled = true, x.y = 1.5, at = "1979-05-27T07:32:00Z" }
        [[handlers]]
        type = "store"
        [handlers.config]
        store_id = "ü😀"
        token = { secret = "env:TOKEN" }
        [[children]]
        name = "${who:-worker}"
        manifest = "worker.toml"
        shutdown = "5s"
        [supervision]
        backoff = { initial = "1s" }
        [permission_policy.store]
        type = "restrict"
        config = { store_id = "${id}" }
        [variables]
        id = 5
        """
    private static let pieces = [
        "[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "'''", "\\", "\\u0000", "\\U0010FFFF",
        "=", ".", ",", "#", "\n", "\r", "\r\n", "\t", " ", "\u{0}", "\u{7F}", "\u{FEFF}", "é", "😀",
        "-", "+", "_", "0x", "1e", "inf", "nan", "true", "99999999999999999999", "1979-05-27",
        "07:32", "type = ", "[limits]", "[[handler]]", "${", "${id}", ":-", "$${", "name",
        "a.b.c.d = 1\n", "\u{85}",
        "\u{2028}",
    ]

    // Goal: no text crashes, hangs, or yields a finding outside the text. Method: change a good
    // manifest in one to six places, at random, twenty thousand times.
    @Test("no changed manifest crashes", .timeLimit(.minutes(5)))
    func mutate() throws {
        let seed: UInt64 = 20_250_713
        var generator = SplitMix(seed: seed)
        var accepted = 0
        for round in 0..<20_000 {
            let bytes = mutated(&generator)
            let lineCount = bytes.count { $0 == 10 } + 1
            do throws(ManifestDiagnostics) {
                let manifest = try Manifest.parse(bytes: bytes, file: "f.toml")
                accepted += 1
                for grant in manifest.handlers {
                    var reader = grant.reader()
                    _ = reader.strings("connect")
                    try? reader.finish()
                }
            } catch {
                let context: Comment = "seed \(seed), round \(round)"
                #expect(
                    (1...ManifestDiagnostics.countMax).contains(error.diagnostics.count), context)
                for diagnostic in error.diagnostics {
                    #expect((1...lineCount).contains(diagnostic.line), context)
                    #expect((1...bytes.count + 2).contains(diagnostic.column), context)
                }
            }
        }
        #expect(accepted > 100 && accepted < 19_000, "seed \(seed): \(accepted) were accepted")
    }

    private func mutated(_ generator: inout SplitMix) -> [UInt8] {
        var bytes = Array(Self.seedText.utf8)
        for _ in 0...Int.random(in: 0...5, using: &generator) {
            let start = Int.random(in: 0...bytes.count, using: &generator)
            let length = min(Int.random(in: 0...12, using: &generator), bytes.count - start)
            let piece = Self.pieces.randomElement(using: &generator).map { Array($0.utf8) } ?? []
            switch Int.random(in: 0...5, using: &generator) {
            case 0: bytes.removeSubrange(start..<start + length)
            case 1: bytes.insert(contentsOf: piece, at: start)
            case 2: bytes.replaceSubrange(start..<start + length, with: piece)
            case 3: bytes.insert(contentsOf: bytes[start..<start + length], at: start)
            case 4: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: start)
            default: bytes = Array(bytes.prefix(max(start, bytes.count / 2)))
            }
        }
        return bytes
    }

    @Test(
        "texts of a mebibyte that repeat one thing end soon",
        .timeLimit(.minutes(2)),
        arguments: [
            "[", "{", "a.", "a=", "\"", "'", "#", "\n", "[[a]]\n", "x=1\n", "[a.b]\n", "\\",
            "handler = [", "é", "[[handler]]\ntype='a'\n", "{a=", "a=[1,", "\r", "0",
        ])
    func repetition(piece: String) {
        let text = String(repeating: piece, count: Manifest.sizeMax / piece.utf8.count)
        #expect(!findings(text).isEmpty)
    }

    @Test(
        "a mebibyte of keys, tables and items that are all different ends soon",
        .timeLimit(.minutes(2)))
    func variety() {
        let keys = (0..<70_000).map { "k\($0) = \($0)\n" }.joined()
        #expect(findings(head + keys).count == ManifestDiagnostics.countMax)
        let inline =
            "[[handler]]\ntype='a'\nx = { "
            + (0..<70_000).map { "k\($0) = 1" }.joined(separator: ", ") + " }"
        #expect(findings(head + inline).isEmpty)
        let items =
            "[exports]\nrpc = [" + (0..<60_000).map { "\"a:b/c\($0)\"" }.joined(separator: ",")
            + "]"
        #expect(findings(head + items).count == 1)
        let tables = (0..<60_000).map { "[[l.a\($0)]]\n" }.joined()
        #expect(findings(head + tables).count == 1)
    }
}
