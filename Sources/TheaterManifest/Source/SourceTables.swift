// SPDX-License-Identifier: Apache-2.0

/// The tables of a text while it is being read.
///
/// Tables refer to each other by number, so that a header may come back to a table that was begun
/// earlier and each addition costs the same however deep the table lies.
struct SourceTables {
    private enum Item {
        case value(SourceNode)
        case table(Int)
        /// The number of a list of tables that `[[headers]]` extend.
        case tables(Int)
    }

    private struct Table {
        var place: ManifestPlace
        var offset: Int
        /// Whether a header of its own has named the table.
        var hasHeader: Bool
        var keys: [(key: String, place: ManifestPlace, item: Item)] = []
        var positions: [String: Int] = [:]
    }

    /// A key as written, with its place.
    struct Key {
        let name: String
        let place: ManifestPlace
        let offset: Int
    }

    private var tables: [Table] = []
    private var lists: [[Int]] = []

    /// Begins a table that belongs to nothing yet and returns its number.
    mutating func begin(at place: ManifestPlace, offset: Int) -> Int {
        tables.append(Table(place: place, offset: offset, hasHeader: true))
        return tables.count - 1
    }

    /// Adds `key = value`; `path` has at least one key, all but the last name tables.
    mutating func add(
        _ path: [Key], _ node: SourceNode, to table: Int
    ) throws(SourceError) {
        guard let last = path.last else { return }
        let parent = try descend(path.dropLast(), from: table)
        try insert(last, .value(node), into: parent)
    }

    /// Adds an inline table, which was begun before, as the value of a key.
    mutating func add(_ path: [Key], table child: Int, to table: Int) throws(SourceError) {
        guard let last = path.last else { return }
        let parent = try descend(path.dropLast(), from: table)
        try insert(last, .table(child), into: parent)
    }

    /// Opens the table that `[path]` names and returns its number.
    mutating func open(
        _ path: [Key], header: ManifestPlace, offset: Int
    ) throws(SourceError) -> Int {
        guard let last = path.last else { return 0 }
        let parent = try descend(path.dropLast(), from: 0)
        guard let position = tables[parent].positions[last.name] else {
            let child = begin(at: header, offset: offset)
            try insert(last, .table(child), into: parent)
            return child
        }
        let existing = tables[parent].keys[position]
        guard case .table(let child) = existing.item, !tables[child].hasHeader else {
            throw duplicate(last, existing.place)
        }
        tables[child].hasHeader = true
        tables[child].place = header
        return child
    }

    /// Appends a table to the array that `[[path]]` names and returns its number.
    mutating func append(
        _ path: [Key], header: ManifestPlace, offset: Int
    ) throws(SourceError) -> Int {
        guard let last = path.last else { return 0 }
        let parent = try descend(path.dropLast(), from: 0)
        let child = begin(at: header, offset: offset)
        guard let position = tables[parent].positions[last.name] else {
            lists.append([child])
            try insert(last, .tables(lists.count - 1), into: parent)
            return child
        }
        let existing = tables[parent].keys[position]
        guard case .tables(let list) = existing.item else {
            throw duplicate(last, existing.place, "write every entry as [[\(last.name)]]")
        }
        lists[list].append(child)
        return child
    }

    /// The finished table; its depth was bounded while it was read.
    func freeze(_ number: Int) -> SourceTable {
        let table = tables[number]
        return SourceTable(
            place: table.place,
            entries: table.keys.map { key, place, item in
                SourceEntry(key: key, place: place, node: freeze(item, at: place))
            })
    }

    /// The finished table as a value.
    func freezeNode(_ number: Int) -> SourceNode {
        SourceNode(
            content: .table(freeze(number)), place: tables[number].place,
            offset: tables[number].offset)
    }

    private func freeze(_ item: Item, at place: ManifestPlace) -> SourceNode {
        switch item {
        case .value(let node): return node
        case .table(let number): return freezeNode(number)
        case .tables(let list):
            let nodes = lists[list].map(freezeNode)
            return SourceNode(
                content: .array(nodes), place: nodes.first?.place ?? place,
                offset: nodes.first?.offset ?? 0)
        }
    }

    private mutating func descend(
        _ path: some Sequence<Key>, from start: Int
    ) throws(SourceError) -> Int {
        var table = start
        for key in path {
            guard let position = tables[table].positions[key.name] else {
                let child = begin(at: key.place, offset: key.offset)
                tables[child].hasHeader = false
                try insert(key, .table(child), into: table)
                table = child
                continue
            }
            let existing = tables[table].keys[position]
            switch existing.item {
            case .table(let child): table = child
            case .tables(let list): table = lists[list].last ?? table
            case .value:
                throw SourceError(
                    code: .duplicateKey, place: key.place,
                    message: "'\(key.name)' is a value since line \(existing.place.line), "
                        + "so it cannot hold keys")
            }
        }
        return table
    }

    private mutating func insert(_ key: Key, _ item: Item, into table: Int) throws(SourceError) {
        if let position = tables[table].positions[key.name] {
            throw duplicate(key, tables[table].keys[position].place)
        }
        tables[table].positions[key.name] = tables[table].keys.count
        tables[table].keys.append((key.name, key.place, item))
    }

    private func duplicate(
        _ key: Key, _ first: ManifestPlace, _ suggestion: String = "remove one of the two"
    ) -> SourceError {
        SourceError(
            code: .duplicateKey, place: key.place,
            message: "'\(key.name)' is already defined at \(first.line):\(first.column)",
            suggestion: suggestion)
    }
}
