// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterValue

@Suite struct ExampleTests {
    @Test(arguments: Example.all) func encodes(_ example: Example) throws {
        #expect(hex(try CGRF.encode(example.value)) == example.hex)
    }

    @Test(arguments: Example.all) func decodes(_ example: Example) throws {
        #expect(try CGRF.decode(unhex(example.hex)) == example.value)
    }

    @Test(arguments: Example.all) func prints(_ example: Example) {
        #expect(ValueText.print(example.value) == example.text)
    }

    @Test(arguments: Example.all) func parses(_ example: Example) throws {
        #expect(try ValueText.parse(example.text) == example.value)
    }

    /// Both decoders must accept and refuse the same; an unused first node forces the second.
    @Test(arguments: Example.all) func decodesAsGraph(_ example: Example) throws {
        var bytes = unhex(example.hex)
        let count = UInt32(bytes[8])
        bytes.replaceSubrange(8..<12, with: le(count + 1))
        bytes += [Kind.bool, 0, 0, 0, 1, 0, 0, 0, 1]
        #expect(try CGRF.decode(bytes) == example.value)
    }
}
