// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@Suite("Actor identities")
struct ActorIDTests {
    private static let text = "0123abcd-4567-89ab-cdef-fedcba987654"
    private static let id = ActorID(high: 0x0123_abcd_4567_89ab, low: 0xcdef_fedc_ba98_7654)

    @Test("The printed form is parsed, in either case")
    func printed() {
        #expect(Self.id.description == Self.text)
        #expect(ActorID(Self.text) == Self.id)
        #expect(ActorID(Self.text.uppercased()) == Self.id)
        #expect(ActorID(("<" + Self.text + ">").dropFirst().dropLast()) == Self.id)
        for _ in 0..<100 {
            let id = ActorID.random()
            #expect(ActorID(id.description) == id)
            #expect(ActorID(bytes: id.bytes) == id)
        }
    }

    @Test("The bytes are those of the printed form")
    func bytes() {
        #expect(
            Self.id.bytes == [
                0x01, 0x23, 0xab, 0xcd, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98,
                0x76, 0x54,
            ])
    }

    @Test(
        "Anything else is no identity",
        arguments: [
            "", "0123abcd", text + "0", String(text.dropLast()),
            "0123abcd456789abcdeffedcba987654", "0123abcd-4567-89ab-cdeffedcba987654-",
            "0123abcd-4567-89ab-cdef-fedcba98765g", "0123abcd-4567-89ab-cdef-fedcba9876-4",
            "0123abcd 4567-89ab-cdef-fedcba987654", "-123abcd-4567-89ab-cdef-fedcba987654",
            "0123abcd-4567-89ab-cdef-fedcba98765\u{E9}", "é123abcd-4567-89ab-cdef-fedcba98765",
        ])
    func other(text: String) {
        #expect(ActorID(text) == nil)
    }
}
