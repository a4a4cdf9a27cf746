// SPDX-License-Identifier: Apache-2.0

/// A table for people: each column is as wide as what stands in it, and on a terminal one gives way so that the lines
/// fit.
struct TextTable {
    /// A column.
    struct Column {
        let title: String
        /// Whether it is aligned at its end.
        var isNumber = false
        /// Whether it is cut first when there is no room.
        var givesWay = false
    }

    /// The narrowest that a column becomes that gives way.
    private static let widthMin = 8
    private static let gap = "  "

    private let columns: [Column]
    private var rows: [[String]]

    init(_ columns: [Column]) {
        self.columns = columns
        rows = [columns.map(\.title)]
    }

    /// Adds a line, a cell for each column.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The title and the lines.
    ///
    /// - Parameter width: how wide they may be; `nil` where nothing is cut.
    func lines(width: Int?) -> [String] {
        let widths = widths(within: width)
        return rows.map { cells in
            let parts = zip(cells, zip(columns, widths)).map { cell, place in
                let (column, width) = place
                let cut = Printable.cut(cell, to: width)
                return column.isNumber
                    ? Printable.padLeft(cut, width) : Printable.pad(cut, width)
            }
            let line = parts.joined(separator: Self.gap)
            let end = line.lastIndex { $0 != " " }.map { line.index(after: $0) }
            let trimmed = String(line[..<(end ?? line.startIndex)])
            return width.map { Printable.cut(trimmed, to: $0) } ?? trimmed
        }
    }

    private func widths(within width: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.map { $0[index].unicodeScalars.count }.max() ?? 0
        }
        guard let width, let place = columns.firstIndex(where: \.givesWay) else { return widths }
        let whole = widths.reduce(0, +) + Self.gap.count * (widths.count - 1)
        if whole > width {
            widths[place] = min(widths[place], max(Self.widthMin, widths[place] - (whole - width)))
        }
        return widths
    }
}

extension Output {
    /// How wide the lines of a table may be; `nil` when no people read them, and nothing is cut.
    func tableWidth() -> Int? { isTerminal(.results) ? width(.results) : nil }
}
