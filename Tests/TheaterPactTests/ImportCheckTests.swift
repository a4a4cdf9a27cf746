// SPDX-License-Identifier: Apache-2.0
import Testing
import TheaterPact

@Suite("Import check")
struct ImportCheckTests {
    private static let runtimeText = """
        interface runtime {
            @package: string = "theater:simple"
            record point { x: s32, y: s32 }
            exports {
                log: func(msg: string)
                self: func() -> string
                shutdown: func(data: option<list<u8>>) -> result<_, string>
                move: func(to: point)
            }
        }
        """

    private func check(
        _ imports: String, granted: [String] = [runtimeText],
        ungranted: [ImportCheck.Ungranted] = []
    ) throws -> ImportReport {
        let package = try PactPackage.parse(imports, file: "actor.pact")
        let interfaces = try granted.map { try Support.host($0) }
        return ImportCheck(granted: interfaces, ungranted: ungranted)
            .check(try PackageMetadata(package: package))
    }

    @Test("a subset and the whole interface are verified")
    func verified() throws {
        let subset = try check("imports { theater:simple/runtime { log: func(text: string) } }")
        #expect(subset.isAccepted)
        #expect(subset.outcomes.map(\.verdict) == [.verified(.functions)])
        let package = try PactPackage.parse(
            "imports { theater:simple/runtime { log: func(text: string) } }", file: "a.pact")
        var metadata = try PackageMetadata(package: package)
        let runtime = try Support.host(Self.runtimeText)
        metadata.importHashes[0].hash = runtime.hash(rules: .host)
        let whole = ImportCheck(granted: [runtime]).check(metadata)
        #expect(whole.outcomes.map(\.verdict) == [.verified(.wholeInterface)])
        metadata.importHashes = []
        #expect(ImportCheck(granted: [runtime]).check(metadata).isAccepted)
        #expect(try check("exports { f: func() }").isAccepted)
    }

    @Test("any of several interfaces of one name may fit")
    func several() throws {
        let other = """
            interface runtime { @package: string = "theater:simple" exports { log: func(n: u8) } }
            """
        for granted in [[other, Self.runtimeText], [Self.runtimeText, other]] {
            let imports = "imports { theater:simple/runtime { log: func(text: string) } }"
            #expect(try check(imports, granted: granted).isAccepted)
        }
    }

    @Test(
        "functions of which no version has all are said to be in other versions, not to be missing")
    func scattered() throws {
        let other = """
            interface runtime { @package: string = "theater:simple" exports { wink: func(n: u8) } }
            """
        let granted = [Self.runtimeText, other]
        let report = try check(
            "imports { theater:simple/runtime { self: func() -> string  wink: func(n: u8) } }",
            granted: granted)
        #expect(
            report.description
                == "the actor imports 'wink' of 'theater:simple/runtime' together with functions that "
                + "this runtime has in another version of it only; no version has all of them. "
                + "Import those of one version.")
        let wrong = try check(
            "imports { theater:simple/runtime { self: func() -> string  winc: func(n: u8) } }",
            granted: granted)
        #expect(
            wrong.description
                == "the actor imports 'winc' of 'theater:simple/runtime', which this runtime's "
                + "interface does not have. Did you mean 'wink'?")
    }

    @Test("an unknown interface is refused with the nearest name")
    func unknown() throws {
        let report = try check("imports { theater:simple/runtme { log: func(msg: string) } }")
        #expect(
            report.description
                == "the actor imports 'theater:simple/runtme', which this runtime does not have. "
                + "Did you mean 'theater:simple/runtime'?")
        let far = try check("imports { some:where/else { log: func(msg: string) } }")
        #expect(far.refusals.map(\.verdict) == [.unknown(nearest: nil)])
    }

    @Test("an interface that is not granted names the handler that would grant it")
    func ungranted() throws {
        let report = try check(
            "imports { theater:simple/tcp { connect: func(to: string) } }",
            ungranted: [.init(interface: "theater:simple/tcp", handler: "tcp")])
        #expect(
            report.description
                == "the actor imports 'theater:simple/tcp', which its manifest does not grant. "
                + "Add [[handler]] with type = \"tcp\" to the manifest, or remove the import.")
    }

    @Test("a missing function is refused with the nearest name")
    func missing() throws {
        let report = try check(
            "imports { theater:simple/runtime { log: func(msg: string)  shutdwn: func() } }")
        #expect(
            report.description
                == "the actor imports 'shutdwn' of 'theater:simple/runtime', which this runtime's "
                + "interface does not have. Did you mean 'shutdown'?")
    }

    @Test("a function with another signature is refused with both sides")
    func mismatch() throws {
        let report = try check(
            """
            imports { theater:simple/runtime {
                log: func(msg: string, level: u8)
                self: func() -> string
            } }
            """)
        guard case .mismatch(let mismatch) = report.outcomes[0].verdict else {
            Issue.record("a mismatch is expected")
            return
        }
        #expect(mismatch.functions[0].expectedHash == (try hash("(m: string, l: u8)")))
        #expect(mismatch.functions[0].offeredHash == (try hash("(m: string)")))
        let runtime = try Support.host(Self.runtimeText)
        #expect(mismatch.offered == runtime.hash(ofFunctions: ["log", "self"]))
        #expect(
            report.description == """
                the actor imports 'theater:simple/runtime' in another version than this runtime's.
                  the actor expects    log: func(msg: string, level: u8)
                  this runtime offers  log: func(msg: string)
                    hashes \(mismatch.functions[0].expectedHash) and \
                \(mismatch.functions[0].offeredHash)
                  interface hash of the actor:  \(mismatch.expected)
                  interface hash offered here:  \(mismatch.offered)
                  Build the actor again with the interface as this runtime offers it.
                """)
    }

    private func hash(_ signature: String) throws -> InterfaceHash {
        let interface = try Support.host("exports { f: func\(signature) }")
        return interface.hash(of: interface.functions[0], rules: .host)
    }

    @Test("a difference inside a record is written out")
    func mismatchInside() throws {
        let report = try check(
            """
            record point { x: s64, y: s64 }
            imports { theater:simple/runtime { move: func(to: point) } }
            """)
        guard case .mismatch(let mismatch) = report.outcomes[0].verdict else {
            Issue.record("a mismatch is expected")
            return
        }
        #expect(
            mismatch.functions.map(\.expected)
                == ["move: func(to: point) with record point { x: s64, y: s64 }"])
        #expect(
            mismatch.functions.map(\.offered)
                == ["move: func(to: point) with record point { x: s32, y: s32 }"])
    }

    @Test("a recorded hash that contradicts the signatures is refused as such")
    func contradiction() throws {
        let package = try PactPackage.parse(
            "imports { theater:simple/runtime { log: func(text: string) } }", file: "a.pact")
        var metadata = try PackageMetadata(package: package)
        metadata.importHashes[0].hash = InterfaceHash(1, 2, 3, 4)
        let runtime = try Support.host(Self.runtimeText)
        let report = ImportCheck(granted: [runtime]).check(metadata)
        #expect(!report.isAccepted)
        #expect(report.description.contains("the hash that it recorded is of other ones"))
        metadata.imports = []
        #expect(!ImportCheck(granted: [runtime]).check(metadata).isAccepted)
    }

    @Test("the right hash over other signatures is refused")
    func borrowedHash() throws {
        let package = try PactPackage.parse(
            "imports { theater:simple/runtime { log: func(msg: u32) } }", file: "a.pact")
        var metadata = try PackageMetadata(package: package)
        let runtime = try Support.host(Self.runtimeText)
        for hash in [runtime.hash(ofFunctions: ["log"]), runtime.hash(rules: .host)] {
            metadata.importHashes[0].hash = hash
            let report = ImportCheck(granted: [runtime]).check(metadata)
            #expect(!report.isAccepted)
            #expect(report.description.contains("log: func(msg: u32)"))
        }
    }
}
