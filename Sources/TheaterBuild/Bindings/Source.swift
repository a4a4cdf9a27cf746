// SPDX-License-Identifier: Apache-2.0

/// Swift source under construction.
struct Source {
    private(set) var text = ""
    private var depth = 0

    /// Adds a line; an empty one without indentation.
    mutating func line(_ line: String = "") {
        text += (line.isEmpty ? "" : String(repeating: "    ", count: depth) + line) + "\n"
    }

    /// Adds lines one level deeper between `header {` and `}`.
    mutating func block<Failure: Error>(
        _ header: String, _ body: (inout Source) throws(Failure) -> Void
    ) throws(Failure) {
        line(header + " {")
        depth += 1
        try body(&self)
        depth -= 1
        line("}")
    }

    /// Adds lines one level deeper.
    mutating func indented(_ body: (inout Source) -> Void) {
        depth += 1
        body(&self)
        depth -= 1
    }
}
