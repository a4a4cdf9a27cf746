// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest

@Suite("Section reader")
struct SectionReaderTests {
    private func grant(_ keys: String) throws -> HandlerGrant {
        let text = head + "[[handler]]\ntype = \"process\"\n" + keys
        return try #require(try Manifest.parse(text, file: "crawler.toml").handlers.first)
    }

    private func lines(_ reader: inout SectionReader) -> [String] {
        do throws(ManifestDiagnostics) {
            try reader.finish()
            return []
        } catch {
            return error.diagnostics.map(\.description)
        }
    }

    @Test("reads every kind of value")
    func reads() throws {
        let text = """
            text = "x"
            count = 3
            ratio = 0.5
            whole = 2
            flag = true
            names = ["a", "b"]
            size = "1KiB"
            wait = "2s"
            mode = "slow"
            tls = { enabled = true }
            """
        var reader = try grant(text).reader()
        #expect(reader.string("text") == "x")
        #expect(reader.integer("count", in: 1...3) == 3)
        #expect(reader.float("ratio") == 0.5)
        #expect(reader.float("whole", in: 0...2) == 2)
        #expect(reader.bool("flag") == true)
        #expect(reader.strings("names") == ["a", "b"])
        #expect(reader.bytes("size") == .kibibytes(1))
        #expect(reader.duration("wait") == .seconds(2))
        #expect(reader.choice("mode", among: ["fast", "slow"]) == "slow")
        #expect(reader.section("tls") { $0.bool("enabled") } == .some(true))
        #expect(reader.string("absent") == nil)
        #expect(reader.has("text") && !reader.has("absent"))
        #expect(lines(&reader).isEmpty)
    }

    @Test("reports every wrong value, missing key and unknown key at once")
    func reports() throws {
        let text = """
            max_processes = "ten"
            max_proceses = 5
            ratio = 3.0
            names = ["a", 5]
            flag = "yes"
            tls = { enabled = true, chek = 1 }
            listen = "nowhere"
            """
        var reader = try grant(text).reader()
        #expect(reader.integer("max_processes", in: 1...Int.max) == nil)
        #expect(reader.float("ratio", in: 0...2) == nil)
        #expect(reader.strings("names") == nil)
        #expect(reader.bool("flag") == nil)
        _ = reader.section("tls") { ($0.bool("enabled"), $0.bool("check")) }
        _ = reader.string("path", required: true)
        _ = reader.string("listen")
        reader.refuse("listen", "'listen' names no port", suggestion: "write host:port")
        #expect(
            lines(&reader) == [
                "crawler.toml:3:1: 'path' is missing from handler 'process'; it must be a string "
                    + "[manifest.missing-key]",
                "crawler.toml:5:17: 'max_processes' must be an integer of at least 1, "
                    + "found string \"ten\" [manifest.wrong-type]",
                "crawler.toml:6:1: 'max_proceses' is not a key of handler 'process'; "
                    + "did you mean 'max_processes'? [manifest.unknown-key]",
                "crawler.toml:7:9: 'ratio' must be a number from 0.0 to 2.0, found float 3.0 "
                    + "[manifest.out-of-range]",
                "crawler.toml:8:15: each item of 'names' must be a string, found integer 5 "
                    + "[manifest.wrong-type]",
                "crawler.toml:9:8: 'flag' must be true or false, found string \"yes\" "
                    + "[manifest.wrong-type]",
                "crawler.toml:10:25: 'chek' is not a key of 'tls' of handler 'process'; "
                    + "did you mean 'check'? [manifest.unknown-key]",
                "crawler.toml:11:10: 'listen' names no port; write host:port "
                    + "[manifest.invalid-value]",
            ])
    }

    @Test("says so without a place when the grant was made in code")
    func code() {
        let grant = HandlerGrant(type: "store", configuration: ["quota": .integer(5)])
        var reader = grant.reader()
        #expect(
            lines(&reader) == [
                "handler 'store': 'quota' is not a key of handler 'store' [manifest.unknown-key]"
            ])
    }

    @Test("a handler that nobody offers is refused with the nearest one")
    func unknownType() throws {
        let grant = try grant("")
        #expect(
            grant.unknownType(among: ["tcp", "proces"]).description
                == "crawler.toml:4:8: there is no handler 'process'; did you mean 'proces'? "
                + "[manifest.unknown-handler]")
        #expect(
            grant.unknownType(among: ["tcp", "rpc"]).suggestion == "the handlers are: rpc, tcp")
    }

    @Test("configuration values answer by type")
    func values() {
        #expect(ManifestValue.string("x").string == "x")
        #expect(ManifestValue.integer(1).integer == 1)
        #expect(ManifestValue.integer(1).float == 1)
        #expect(ManifestValue.float(0.5).float == 0.5)
        #expect(ManifestValue.bool(true).bool == true)
        #expect(ManifestValue.array([.bool(true)]).array == [.bool(true)])
        #expect(ManifestValue.table(["a": .bool(true)]).table == ["a": .bool(true)])
        #expect(ManifestValue.bool(true).string == nil)
        #expect(ManifestValue.string("1").integer == nil)
        #expect(ManifestValue.string("1").float == nil)
    }
}
