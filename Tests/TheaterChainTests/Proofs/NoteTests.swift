// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Keys")
struct KeyTests {
    @Test("of others are read, and their ids are right")
    func known() throws {
        let text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
        let key = try VerifierKey(text)
        #expect(key.name == "sum.golang.org")
        #expect(key.id == 0x033D_E0AE)
        #expect(key.description == text)
    }

    @Test("read back as they were written; the description of a private one has no secret")
    func text() throws {
        let key = try nodeKey(7)
        #expect(try VerifierKey(key.verifier.description) == key.verifier)
        #expect(key.verifier.name.hasPrefix("theater.node/"))
        #expect(try NodeKey(fileText: key.fileText).verifier == key.verifier)
        #expect(key.description == key.verifier.description)
        #expect(!"\(key)".contains(Base64.encode([UInt8](repeating: 7, count: 31))))
    }

    @Test("that are wrong are refused")
    func wrong() throws {
        let good = try nodeKey(1, name: "a.example/b").verifier.description
        let parts = good.split(separator: "+", maxSplits: 2).map(String.init)
        let short = Base64.encode([1] + [UInt8](repeating: 0, count: 31))
        let otherKind = Base64.encode([2] + [UInt8](repeating: 0, count: 32))
        for text in [
            "", "+", "++", "a+b", parts[0], "\(parts[0])+\(parts[1])", good + "\n", " " + good,
            "\(parts[0])+00000000+\(parts[2])", "\(parts[0])+\(parts[1].uppercased())Z+\(parts[2])",
            "\(parts[0])x+\(parts[1])+\(parts[2])", "+\(parts[1])+\(parts[2])",
            "a b+\(parts[1])+\(parts[2])", "a\u{2003}b+\(parts[1])+\(parts[2])",
            "\(parts[0])+\(parts[1])+\(parts[2].dropLast())", "a+00000000+\(short)",
            "a+00000000+\(otherKind)",
            String(repeating: "a", count: 2000) + "+00000000+\(parts[2])",
        ] {
            #expect(proofCode { _ = try VerifierKey(text) } == .badKey, "\(text)")
        }
        #expect(proofCode { _ = try NodeKey(seed: [1, 2, 3]) } == .badKey)
        #expect(proofCode { _ = try nodeKey(1, name: "a+b") } == .badKey)
        #expect(proofCode { _ = try nodeKey(1, name: "") } == .badKey)
        #expect(
            proofCode { _ = try nodeKey(1, name: String(repeating: "a", count: 257)) } == .badKey)
    }

    @Test("base64 has one form for the same bytes")
    func base64() {
        var random = SplitMix(seed: 5)
        for size in 0..<70 {
            let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode([0xFF, 0xEF]) == "/+8=")
        for text in [
            "A", "AA", "AAA", "AB==", "AAB=", "A===", "====", "AA=A", "AAAA\n", " AAA", "-_AA",
        ] {
            #expect(Base64.decode(text) == nil, "\(text)")
        }
    }
}

@Suite("Signed notes")
struct NoteTests {
    private static let text = "some text\n\nwith an empty line\n"

    @Test("verify by their key, and by no other")
    func verify() throws {
        let note = try nodeKey(1, name: "n").sign(Self.text)
        #expect(try SignedNote(note.bytes) == note)
        try note.verify(by: nodeKey(1, name: "n").verifier)
        // Another key of the same name; the same key under another name; one that claims the same id.
        #expect(proofCode { try note.verify(by: nodeKey(2, name: "n").verifier) } == .unknownKey)
        #expect(proofCode { try note.verify(by: nodeKey(1, name: "m").verifier) } == .unknownKey)
        let forged = SignedNote(
            text: Self.text,
            signatures: [
                .init(
                    name: "n", keyID: try nodeKey(1, name: "n").verifier.id,
                    bytes: try nodeKey(2, name: "n").sign(Self.text).signatures[0].bytes)
            ])
        #expect(
            proofCode { try forged.verify(by: nodeKey(1, name: "n").verifier) } == .badSignature)
    }

    @Test("with signatures of others verify; with a second, wrong one of this key they do not")
    func several() throws {
        let (mine, other) = (try nodeKey(1, name: "n"), try nodeKey(2, name: "witness"))
        let (first, second) = (try mine.sign(Self.text), try other.sign(Self.text))
        let both = SignedNote(text: Self.text, signatures: second.signatures + first.signatures)
        try SignedNote(both.bytes).verify(by: mine.verifier)
        try SignedNote(both.bytes).verify(by: other.verifier)
        let bad = SignedNote.Signature(name: "n", keyID: mine.verifier.id, bytes: [1, 2, 3])
        let mixed = SignedNote(text: Self.text, signatures: first.signatures + [bad])
        #expect(proofCode { try mixed.verify(by: mine.verifier) } == .badSignature)
        // A signature of a kind that is not known is left alone.
        let strange = SignedNote.Signature(
            name: "n", keyID: 1, bytes: [UInt8](repeating: 9, count: 5000))
        try SignedNote(text: Self.text, signatures: [strange] + first.signatures)
            .verify(by: mine.verifier)
    }

    @Test("are read up to a size and a number of signatures, and not beyond")
    func bounds() throws {
        let line = try nodeKey(1, name: "n").sign(Self.text).signatures[0]
        func note(_ count: Int) -> [UInt8] {
            SignedNote(
                text: Self.text, signatures: [SignedNote.Signature](repeating: line, count: count)
            ).bytes
        }
        #expect(try SignedNote(note(SignedNote.signaturesMax)).signatures.count == 64)
        #expect(proofCode { _ = try SignedNote(note(SignedNote.signaturesMax + 1)) } == .badNote)
        let tail = Array(SignedNote(text: "", signatures: [line]).description.utf8)
        let room = SignedNote.sizeMax - tail.count - 1
        let large = [UInt8](repeating: 0x61, count: room) + [0x0A] + tail
        #expect(large.count == SignedNote.sizeMax)
        #expect(try SignedNote(large).text.utf8.count == room + 1)
        #expect(proofCode { _ = try SignedNote([0x61] + large) } == .badNote)
    }

    @Test("that have another form are refused")
    func wrong() throws {
        let good = try nodeKey(1, name: "n").sign(Self.text)
        let line = good.signatures[0].line
        var texts = [
            "", "\n", "\n\n", "text\n", "text\n\n", "text\n\n\n", "\n" + line, "text\n" + line,
            "text\n\n" + line.dropLast(), "text\n\n" + line + "\n", "text\n\n" + line + "more\n",
            "te\u{7}xt\n\n" + line, "text\r\n\r\n" + line, "te\0xt\n\n" + line, "te\txt\n\n" + line,
            "text\n\n" + line.replacing("—", with: "-"),
            "text\n\n" + line.replacing("— ", with: "—"),
            "text\n\n— n \n", "text\n\n— n AAAA\n", "text\n\n— n AAAAAA==\n",
            "text\n\n—  AAAAAAA=\n",
            "text\n\n— n+m AAAAAAA=\n", "text\n\n— n AAAAAAB=\n", "text\n\n— n AAAAAAA= x\n",
            "text\n\n— n\u{A0}m AAAAAAA=\n", "text\n\n—\u{2003}n AAAAAAA=\n",
        ]
        texts.append("text\n\n— \(String(repeating: "n", count: 300)) AAAAAAA=\n")
        for text in texts {
            #expect(proofCode { _ = try SignedNote(Array(text.utf8)) } == .badNote, "\(text)")
        }
        #expect(
            proofCode { _ = try SignedNote([0xFF, 0x0A, 0x0A] + Array(line.utf8)) } == .badNote)
        #expect(proofCode { _ = try nodeKey(1).sign("no line's end") } == .badNote)
        #expect(proofCode { _ = try nodeKey(1).sign("a\tb\n") } == .badNote)
        #expect(try SignedNote(Array(("text\n\n" + line).utf8)).text == "text\n")
    }

    // Goal: no byte of a note can change. Method: flips one bit of each byte, and cuts it everywhere.
    @Test("with one byte changed, or cut, are refused")
    func flips() throws {
        var random = SplitMix(seed: 8)
        let key = try nodeKey(1, name: "n.example")
        let bytes = try key.sign(Self.text).bytes
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let found = proofCode { try SignedNote(changed).verify(by: key.verifier) }
            #expect(found != nil, "byte \(place)")
            #expect(
                proofCode { try SignedNote(Array(bytes[..<place])).verify(by: key.verifier) }
                    != nil,
                "cut at \(place)")
        }
    }

    @Test("are checkpoints of a chain in one form only")
    func checkpoint() throws {
        let key = try nodeKey(1, name: "n.example")
        let signed = try SignedCheckpoint(
            actor: actor(1), size: 3, root: .zero, head: MerkleTree.emptyRoot, by: key)
        let text = signed.checkpoint.text
        #expect(try SignedCheckpoint(signed.note, by: key.verifier) == signed)
        let wrongChain = proofCode {
            _ = try SignedCheckpoint(signed.note, by: key.verifier, of: actor(2))
        }
        #expect(wrongChain == .wrongChain)
        let other = try key.sign(text.replacing("n.example/", with: "m.example/"))
        #expect(proofCode { _ = try SignedCheckpoint(other, by: key.verifier) } == .wrongChain)
        let id = "\(actor(1))"
        for changed in [
            text + "more\n", String(text.dropLast(70)), text.replacing("\n3\n", with: "\n03\n"),
            text.replacing("\n3\n", with: "\n+3\n"), text.replacing("\n3\n", with: "\n-3\n"),
            text.replacing("\n3\n", with: "\n18446744073709551616\n"),
            text.replacing("\n3\n", with: "\n٣\n"), text.replacing("head ", with: "HEAD "),
            text.replacing("head e", with: "head E"), text.replacing(id, with: id.uppercased()),
            text.replacing(id, with: "x"), text.replacing("AAA=\n", with: "AAAA\n"),
            text.replacing("/", with: " "),
        ] {
            let note = try key.sign(changed)
            #expect(
                proofCode { _ = try SignedCheckpoint(note, by: key.verifier) } == .badCheckpoint,
                "\(changed)")
        }
    }
}
