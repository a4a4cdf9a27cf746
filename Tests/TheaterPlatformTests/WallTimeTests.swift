// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@Suite("Points in time as text")
struct WallTimeTests {
    /// From the example of RFC 9110, section 5.6.7, and `date -u`.
    @Test(arguments: [
        (784_111_777_000_000_000, "1994-11-06T08:49:37.000Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123Z", "Tue, 14 Nov 2023 22:13:20 GMT"),
        (951_782_400_007_000_000, "2000-02-29T00:00:00.007Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
        (0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func forms(nanoseconds: Int64, rfc3339: String, httpDate: String) {
        let time = WallTime(nanoseconds: nanoseconds)
        #expect(time.rfc3339 == rfc3339)
        #expect(time.httpDate == httpDate)
    }

    @Test("The ends of what can be said have texts too")
    func ends() {
        for time in [Int64.min, .max].map(WallTime.init(nanoseconds:)) {
            #expect(time.rfc3339.hasSuffix("Z"))
            #expect(time.httpDate.hasSuffix(" GMT"))
        }
    }
}
