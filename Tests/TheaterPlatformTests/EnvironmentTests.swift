// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterPlatform

@Suite("The system's environment")
struct SystemEnvironmentTests {
    @Test("is that of the process")
    func process() throws {
        let variables = SystemEnvironment.variables()
        let path = try #require(SystemSecrets.environment("PATH"))
        #expect(variables["PATH"] == path)
    }

    @Test("is read entry by entry, and what is malformed is left out")
    func parse() {
        let text = "A=1\u{0}B=\u{0}C=x=y\u{0}=z\u{0}NONE\u{0}A=2\u{0}\u{0}É=é"
        #expect(
            SystemEnvironment.parse(Array(text.utf8)) == [
                "A": "1", "B": "", "C": "x=y", "É": "é",
            ])
        #expect(SystemEnvironment.parse([0x41, 0x3D, 0xFF, 0]).isEmpty)
        #expect(SystemEnvironment.parse([]).isEmpty)
    }
}
