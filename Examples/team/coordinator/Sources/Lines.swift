// SPDX-License-Identifier: Apache-2.0

/// A text, and where its lines begin.
struct Lines {
    /// How many bytes a worker gets at once, unless one line is longer.
    static let partSizeMax = 32 << 10

    let bytes: [UInt8]
    /// The offset of each line, and the end of the last.
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(offset + 1)
        }
        if starts[starts.count - 1] != bytes.count { starts.append(bytes.count) }
        self.starts = starts
    }

    var count: Int { starts.count - 1 }

    /// Ranges of lines of about ``partSizeMax``.
    var parts: [Range<Int>] {
        var parts: [Range<Int>] = []
        var first = 0
        for line in 0..<count where starts[line + 1] - starts[first] > Self.partSizeMax {
            if line > first { parts.append(first..<line) }
            first = line
        }
        if first < count { parts.append(first..<count) }
        return parts
    }

    subscript(lines: Range<Int>) -> ArraySlice<UInt8> {
        bytes[starts[lines.lowerBound]..<starts[lines.upperBound]]
    }
}
