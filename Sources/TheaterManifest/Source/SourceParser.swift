// SPDX-License-Identifier: Apache-2.0

/// Reads TOML into a tree whose every key and value knows its line and column.
///
/// It understands the structure of TOML 1.0: comments, the four kinds of string, bare, quoted and
/// dotted keys, both kinds of header, arrays and inline tables. `TOMLCheck` has the last word on
/// what is valid.
struct SourceParser {
    private var scanner: SourceScanner
    private var tables = SourceTables()
    private var firstHeader: ManifestPlace?

    private init(_ text: String) { scanner = SourceScanner(Array(text.utf8)) }

    /// Reads a whole text of bounded size.
    static func parse(_ text: String) throws(SourceError) -> SourceDocument {
        var parser = SourceParser(text)
        return try parser.document()
    }

    private mutating func document() throws(SourceError) -> SourceDocument {
        // Table 0 is the root. Depth counts the tables and arrays around a value.
        var table = tables.begin(at: scanner.place, offset: scanner.offset)
        var depth = 0
        let root = table
        scanner.skipTrivia()
        while !scanner.isAtEnd {
            if scanner.sees("[") {
                (table, depth) = try header()
            } else {
                try keyValue(into: table, depth: depth)
            }
            scanner.skipBlanks()
            scanner.skipComment()
            guard scanner.isAtLineEnd else {
                throw scanner.error(
                    "\(scanner.found) stands where the line should end",
                    "put one key on each line, and quotes around text")
            }
            scanner.skipTrivia()
        }
        return SourceDocument(root: tables.freeze(root), firstHeader: firstHeader)
    }

    private mutating func header() throws(SourceError) -> (table: Int, depth: Int) {
        let place = scanner.place
        let offset = scanner.offset
        if firstHeader == nil { firstHeader = place }
        scanner.advance()
        let isArray = scanner.take("[")
        scanner.skipBlanks()
        let path = try keyPath(depth: 0)
        guard scanner.take("]"), !isArray || scanner.take("]") else {
            throw scanner.error(
                "the header is not closed, found \(scanner.found)",
                isArray ? "end it with ]]" : "end it with ]")
        }
        let table =
            isArray
            ? try tables.append(path, header: place, offset: offset)
            : try tables.open(path, header: place, offset: offset)
        return (table, path.count)
    }

    private mutating func keyValue(into table: Int, depth: Int) throws(SourceError) {
        let path = try keyPath(depth: depth)
        guard scanner.take("=") else {
            let name = path.last?.name ?? ""
            throw scanner.error(
                "'=' must follow the key '\(name.prefix(40))', found \(scanner.found)")
        }
        scanner.skipBlanks()
        if scanner.sees("{") {
            let child = try inlineTable(depth: depth + path.count)
            try tables.add(path, table: child, to: table)
        } else {
            let node = try value(depth: depth + path.count)
            try tables.add(path, node, to: table)
        }
    }

    /// Reads a dotted key and the blanks behind it.
    private mutating func keyPath(depth: Int) throws(SourceError) -> [SourceTables.Key] {
        var path: [SourceTables.Key] = []
        repeat {
            scanner.skipBlanks()
            try checkDepth(depth + path.count)
            path.append(try key())
            scanner.skipBlanks()
        } while scanner.take(".")
        return path
    }

    private mutating func key() throws(SourceError) -> SourceTables.Key {
        let place = scanner.place
        let offset = scanner.offset
        if scanner.sees("\"") || scanner.sees("'") {
            let name = try SourceStringReader.read(&scanner, multiline: false)
            return SourceTables.Key(name: name, place: place, offset: offset)
        }
        while let byte = scanner.current, Self.isBareKey(byte) { scanner.advance() }
        guard scanner.offset > offset else {
            throw scanner.error("a key must stand here, found \(scanner.found)")
        }
        return SourceTables.Key(name: scanner.text(from: offset), place: place, offset: offset)
    }

    /// Reads a value. Recursion is bounded by `checkDepth`.
    private mutating func value(depth: Int) throws(SourceError) -> SourceNode {
        try checkDepth(depth)
        let place = scanner.place
        let offset = scanner.offset
        switch scanner.current.map({ Unicode.Scalar($0) }) {
        case "\"", "'":
            let text = try SourceStringReader.read(&scanner)
            return SourceNode(content: .string(text), place: place, offset: offset)
        case "[":
            let items = try array(depth: depth)
            return SourceNode(content: .array(items), place: place, offset: offset)
        case "{":
            let table = try inlineTable(depth: depth)
            return tables.freezeNode(table)
        default:
            let content = try SourceScalars.read(&scanner)
            return SourceNode(content: content, place: place, offset: offset)
        }
    }

    private mutating func array(depth: Int) throws(SourceError) -> [SourceNode] {
        let start = scanner.place
        var items: [SourceNode] = []
        scanner.advance()
        while true {
            scanner.skipTrivia()
            if scanner.take("]") { return items }
            guard !scanner.isAtEnd else {
                throw scanner.error(
                    "the array that starts here is not closed", "end it with ]", at: start)
            }
            items.append(try value(depth: depth + 1))
            scanner.skipTrivia()
            guard scanner.take(",") || scanner.sees("]") || scanner.isAtEnd else {
                throw scanner.error(
                    "',' or ']' must follow an item of an array, found \(scanner.found)")
            }
        }
    }

    private mutating func inlineTable(depth: Int) throws(SourceError) -> Int {
        try checkDepth(depth)
        let table = tables.begin(at: scanner.place, offset: scanner.offset)
        scanner.advance()
        scanner.skipBlanks()
        if scanner.take("}") { return table }
        while true {
            try keyValue(into: table, depth: depth)
            scanner.skipBlanks()
            if scanner.take("}") { return table }
            guard scanner.take(",") else {
                throw scanner.error(
                    "',' or '}' must follow a value of an inline table, found \(scanner.found)",
                    scanner.isAtLineEnd ? "an inline table ends on its line" : nil)
            }
            scanner.skipBlanks()
            guard !scanner.isAtLineEnd else {
                throw scanner.error(
                    "a key must stand here, found \(scanner.found)",
                    "an inline table ends on its line, without a comma behind the last value")
            }
        }
    }

    private func checkDepth(_ depth: Int) throws(SourceError) {
        guard depth >= Manifest.depthMax else { return }
        throw scanner.error(
            "tables and arrays are nested deeper than \(Manifest.depthMax) levels",
            "flatten the value", code: .tooDeep)
    }

    private static func isBareKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
