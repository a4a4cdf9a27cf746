// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

/// A bundle cut into its sections, to be put together in another way.
struct BundleParts {
    struct Section {
        var kind: UInt8
        var body: [UInt8]
        /// Where the body begins in the file.
        var start: Int
    }

    var header: [UInt8]
    var sections: [Section] = []

    init(_ bytes: [UInt8]) {
        header = Array(bytes[..<BundleFormat.headerSize])
        var place = BundleFormat.headerSize
        while bytes[place] != BundleFormat.Kind.end.rawValue {
            let size = Int(BundleFormat.number(bytes[place + 1..<place + 9]))
            let start = place + 9
            sections.append(
                Section(kind: bytes[place], body: Array(bytes[start..<start + size]), start: start))
            place = start + size
        }
    }

    /// The sections of events.
    var events: [Section] {
        get { sections.filter { $0.kind == 3 } }
        set {
            sections = sections.filter { $0.kind != 3 } + newValue
            let count = UInt64(newValue.count)
            header.replaceSubrange(
                26..<34, with: (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) })
        }
    }

    /// The file, with a digest at its end that fits.
    var bytes: [UInt8] {
        Self.sealed(
            sections.reduce(header) { $0 + Self.sectionHeader($1.kind, $1.body.count) + $1.body })
    }

    static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        let body = bytes + sectionHeader(4, 32)
        return body + Digest.sha256(of: body).bytes
    }

    static func sectionHeader(_ kind: UInt8, _ size: Int) -> [UInt8] {
        [kind] + (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
    }
}

@Suite("Bundles")
struct BundleTests {
    @Test("hold the whole chain, its checkpoints, module and manifest")
    func whole() async throws {
        let chain = try await ProvenChain(count: 30)
        for size in [UInt64(2), 17] { _ = try chain.prover().checkpoint(size: size) }
        let disk = SimulatedDisk()
        let written = try chain.prover().export(to: "/b", contents: Contents(), disk: disk)
        let bytes = try #require(disk.contents("/b"))
        let report = try chain.verify(bytes)
        #expect(report == written)
        #expect(report.actor == actor(1))
        #expect(report.count == 30)
        #expect(report.checkpointSizes == [2, 17, 30])
        #expect(report.included == Set(report.contents.modules + report.contents.manifests))
        #expect(report.included.count == 2)
        #expect(report.times?.last == WallTime(nanoseconds: 29_000))
        // The reader gives what somebody needs who runs the module against its events.
        var reader = try BundleReader(MemorySource(bytes))
        var (recorded, contents): ([ChainEvent], [Digest: [UInt8]]) = ([], [:])
        while let part = try reader.next() {
            switch part {
            case .checkpoint: break
            case .content(let digest, let body): contents[digest] = body
            case .event(let event): recorded.append(event.event(of: reader.actor))
            }
        }
        #expect(try recorded == events(chain.journal.reader(), actor(1)))
        #expect(contents[report.contents.modules[0]] == ProvenChain.module)
        #expect(contents[report.contents.manifests[0]] == ProvenChain.manifest)
        #expect(try disk.list("") == ["b"])
    }

    @Test("without module, manifest or payload verify, and say so")
    func partial() async throws {
        let chain = try await ProvenChain(count: 6)
        let report = try chain.verify(chain.bundle(Contents(contents: [])))
        #expect(report.included.isEmpty)
        #expect(report.contents.modules.count == 1)
        var parts = BundleParts(try chain.bundle())
        let last = parts.events[5].body
        parts.events[5].body = Array(last.dropLast("payload 5".utf8.count))
        #expect(try chain.verify(parts.bytes).withheldCount == 1)
        let empty = try await ProvenChain(count: 0)
        let nothing = try empty.verify(empty.bundle())
        #expect(nothing.count == 0)
        #expect(nothing.times == nil)
        let other = Contents(other: [1, 2, 3])
        #expect(proofCode { _ = try chain.bundle(other) } == .wrongContent)
    }

    @Test("verify with checkpoints from elsewhere, and not with others")
    func anchors() async throws {
        let chain = try await ProvenChain(count: 8)
        let early = try chain.prover().checkpoint(size: 5).note
        let bundle = try chain.bundle()
        _ = try chain.verify(bundle, anchors: [early])
        let other = try await ProvenChain(count: 8, text: "other")
        let wrong = try other.prover().checkpoint(size: 5).note
        let error = try #require(proofError { _ = try chain.verify(bundle, anchors: [wrong]) })
        #expect(error.code == .wrongRoot)
        let longer = try await ProvenChain(count: 9)
        let later = try longer.prover().checkpoint().note
        #expect(proofCode { _ = try chain.verify(bundle, anchors: [later]) } == .wrongRoot)
        let forged = try nodeKey(2).sign(early.text)
        #expect(proofCode { _ = try chain.verify(bundle, anchors: [forged]) } == .unknownKey)
        let stranger = BundleVerifier(key: try nodeKey(2).verifier)
        #expect(proofCode { _ = try stranger.verify(MemorySource(bundle)) } == .unknownKey)
    }

    // Goal: one byte that differs anywhere is found, and of an event the event is named. Method: flips
    // a bit of each byte; once as it is, and once with the digest of the file computed again, as
    // somebody would who alters it on purpose.
    @Test("with one byte changed are refused, and the event is named", arguments: [false, true])
    func flips(sealsAgain: Bool) async throws {
        let seed: UInt64 = 12
        var random = SplitMix(seed: seed)
        let chain = try await ProvenChain(count: 12)
        for size in [UInt64(4), 9] { _ = try chain.prover().checkpoint(size: size) }
        let bundle = try chain.bundle()
        let parts = BundleParts(bundle)
        let body = bundle.count - 9 - 32
        for place in 0..<(sealsAgain ? body : bundle.count) {
            var changed = bundle
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            if sealsAgain { changed = BundleParts.sealed(Array(changed[..<body])) }
            let error = proofError { _ = try chain.verify(changed) }
            let what: Comment = "byte \(place), seed \(seed): \(error.map { "\($0)" } ?? "taken")"
            try #require(error != nil, what)
            let event = parts.events.firstIndex {
                $0.start <= place && place < $0.start + $0.body.count
            }
            if let event {
                #expect(error?.sequence == UInt64(event), what)
                #expect(error?.description.contains("event \(event)") == true, what)
            }
        }
    }

    // Goal and method: as above, for events that are dropped, doubled, swapped, cut and put in.
    @Test("with events dropped, doubled, swapped, or of others are refused at the first of them")
    func rearranged() async throws {
        let chain = try await ProvenChain(count: 10)
        let other = BundleParts(try await ProvenChain(count: 10, text: "other").bundle())
        let parts = BundleParts(try chain.bundle())
        _ = try chain.verify(parts.bytes)
        func error(
            keepsCount: Bool = false, _ change: (inout [BundleParts.Section]) -> Void
        ) throws -> ProofError {
            var changed = parts
            change(&changed.events)
            if keepsCount { changed.header = parts.header }
            return try #require(proofError { _ = try chain.verify(changed.bytes) })
        }
        for place in 0..<10 {
            let isLast = place == 9
            #expect(try error { $0.remove(at: place) }.code == .wrongRoot)
            let dropped = try error(keepsCount: true) { $0.remove(at: place) }
            #expect(isLast ? dropped.code == .badBundle : dropped.sequence == UInt64(place))
            let doubled = try error { $0.insert($0[place], at: place) }
            #expect(doubled.sequence == UInt64(place) + 1)
            if !isLast {
                #expect(try error { $0.swapAt(place, place + 1) }.sequence == UInt64(place))
            }
            #expect(try error { $0.removeLast(10 - place) }.code == .wrongRoot)
            // Of another chain, whose first event is the same; with all that follow, and alone.
            if place > 0 {
                let rest = try error { $0[place...] = other.events[place...] }
                #expect(rest.sequence == (place == 1 ? 9 : UInt64(place)))
                let single = try error { $0[place] = other.events[place] }
                #expect(single.sequence == UInt64(place))
            }
        }
    }

    @Test("that say too much, or have parts twice or out of order, are refused")
    func hostile() async throws {
        let chain = try await ProvenChain(count: 5)
        _ = try chain.prover().checkpoint(size: 2)
        let bundle = try chain.bundle()
        let parts = BundleParts(bundle)
        func found(_ bytes: [UInt8]) -> ProofError.Code? {
            proofCode { _ = try chain.verify(bytes) }
        }
        func changed(_ change: (inout BundleParts) -> Void) -> ProofError.Code? {
            var copy = parts
            change(&copy)
            return found(copy.bytes)
        }
        for size in 0..<bundle.count { #expect(found(Array(bundle[..<size])) == .badBundle) }
        #expect(found(bundle + [0]) == .badBundle)
        // Checkpoint, checkpoint, module, manifest, events.
        #expect(parts.sections.map(\.kind) == [1, 1, 2, 2, 3, 3, 3, 3, 3])
        #expect(changed { $0.sections.swapAt(0, 1) } == .badBundle)
        #expect(changed { $0.sections.insert($0.sections[0], at: 0) } == .badBundle)
        #expect(changed { $0.sections.swapAt(1, 2) } == .badBundle)
        #expect(changed { $0.sections.insert($0.sections[2], at: 2) } == .wrongContent)
        #expect(changed { $0.sections[2].body = [1] } == .wrongContent)
        #expect(changed { $0.sections.remove(at: 1) } == .wrongRoot)
        #expect(changed { $0.sections.removeFirst(2) } == .wrongRoot)
        #expect(changed { $0.sections.removeFirst() } == nil)
        #expect(changed { $0.sections.remove(at: 2) } == nil)
        #expect(changed { $0.header[26] = 6 } == .badBundle)
        #expect(changed { $0.header[33] = 0xFF } == .badBundle)
        #expect(changed { $0.header[8] = 2 } == .badBundle)
        #expect(changed { $0.header[10] ^= 1 } == .wrongChain)
        #expect(changed { $0.sections[5].body = [] } == .brokenChain)
        #expect(changed { $0.sections[5].body = [UInt8](repeating: 0, count: 82) } == .brokenChain)
        let module = parts.sections[2]
        #expect(
            changed {
                let extra = (0...BundleFormat.contentsMax).map { number in
                    BundleParts.Section(kind: 2, body: Array("\(number)".utf8), start: 0)
                }
                $0.sections.replaceSubrange(2..<3, with: [module] + extra)
            } == .badBundle)
        // Sizes that no file has: nothing is allocated for them.
        for kind in UInt8(0)...5 {
            for size in [UInt64(1) << 28 + 1, 1 << 40, 1 << 63, .max] {
                let claim = [kind] + (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
                #expect(found(parts.header + claim + [1, 2, 3]) == .badBundle)
            }
        }
    }

    @Test("appear whole or not at all, whichever disk operation fails")
    func faults() async throws {
        let chain = try await ProvenChain(count: 5)
        var operation = 0
        while true {
            let disk = SimulatedDisk()
            disk.put("/bundle", [1, 2, 3])
            disk.inject(.init(operation: operation, kept: 100))
            let found = proofCode {
                _ = try chain.prover().export(to: "/bundle", contents: Contents(), disk: disk)
            }
            if disk.faultsHit == 0 { break }
            #expect(found == .disk)
            #expect(disk.contents("/bundle") == [1, 2, 3])
            disk.inject(nil)
            #expect(try disk.list("") == ["bundle"])
            operation += 1
        }
        #expect(operation > 2)
    }
}
