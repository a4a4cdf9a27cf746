// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Lines on their way out, made of bytes: a list of many thousand joins no strings.
struct LineText {
    /// What there is so far.
    private(set) var bytes: [UInt8] = []
    /// Where the last line begins.
    private var start = 0
    /// How many columns a line has at most; what is over is cut when it ends.
    private let width: Int?

    /// - Parameter width: how many columns a line has at most; `nil` where nothing is cut.
    init(width: Int?) { self.width = width }

    /// Adds a cell to the last line, and blanks after it.
    ///
    /// - Parameter columns: how many it has at least.
    mutating func add(_ cell: some Collection<UInt8>, columns: Int = 0) {
        let place = bytes.count
        bytes += cell
        for _ in 0..<max(0, columns - count(from: place)) { bytes.append(UInt8(ascii: " ")) }
    }

    /// Adds a number to the last line, behind blanks.
    mutating func add(_ number: Int, columns: Int) {
        let digits = String(number).utf8
        for _ in 0..<max(0, columns - digits.count) { bytes.append(UInt8(ascii: " ")) }
        bytes += digits
    }

    /// Ends the last line.
    mutating func end() {
        if let width, bytes.count - start > width, count(from: start) > width {
            let line = String(decoding: bytes[start...], as: UTF8.self)
            bytes.replaceSubrange(start..., with: Printable.cut(line, to: width).utf8)
        }
        bytes.append(UInt8(ascii: "\n"))
        start = bytes.count
    }

    /// Writes what there is as results, and forgets it.
    mutating func flush(to output: any Output) {
        if !bytes.isEmpty { output.write(bytes, to: .results) }
        bytes.removeAll(keepingCapacity: true)
        start = 0
    }

    /// Adds JSON to the last line.
    mutating func add(_ json: JSONValue) { json.write(to: &bytes) }

    /// How many characters there are from a place on.
    private func count(from place: Int) -> Int {
        // Each begins with a byte that goes on with none.
        bytes[place...].reduce(0) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
    }
}
