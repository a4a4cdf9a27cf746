// SPDX-License-Identifier: Apache-2.0

/// Finds the name that somebody probably meant.
public enum Suggestion {
    /// The candidate nearest to `name`, if one is near enough.
    ///
    /// Near enough is one edit for short names and up to three for long ones. Of equally near
    /// candidates the first counts. Nothing is near to names of one byte or of more than 128.
    public static func nearest(
        to name: String, among candidates: some Sequence<String>
    ) -> String? {
        let wanted = Array(name.utf8)
        guard (2...128).contains(wanted.count) else { return nil }
        let allowed = max(1, min(3, wanted.count / 3))
        var best: (name: String, distance: Int)?
        for candidate in candidates where candidate != name {
            let other = Array(candidate.utf8)
            guard other.count <= 128, abs(other.count - wanted.count) <= allowed else { continue }
            let distance = editDistance(wanted, other)
            if distance <= allowed, distance < best?.distance ?? Int.max {
                best = (candidate, distance)
            }
        }
        return best?.name
    }

    /// The number of insertions, deletions, replacements and swaps of neighbours.
    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    last[column] + (byte == other ? 0 : 1), last[column + 1] + 1,
                    current[column] + 1)
                if row > 0, column > 0, byte == right[column - 1], other == left[row - 1] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last.last ?? 0
    }

    /// "did you mean 'x'?" for a type name that is not known.
    static func remedy(forType name: String, among declared: some Sequence<String>) -> String? {
        if let known = foreignTypes[name.lowercased()] { return "did you mean '\(known)'?" }
        let builtIn = PactType.builtInNames
        guard let near = nearest(to: name, among: Array(declared) + builtIn) else {
            return "declare it with 'record', 'variant', 'enum', 'flags' or 'type'"
        }
        return "did you mean '\(near)'?"
    }

    /// What other languages call the built-in types.
    private static let foreignTypes: [String: String] = [
        "i8": "s8", "i16": "s16", "i32": "s32", "i64": "s64", "int8": "s8", "int16": "s16",
        "int32": "s32", "int64": "s64", "uint8": "u8", "uint16": "u16", "uint32": "u32",
        "uint64": "u64", "int": "s64", "integer": "s64", "uint": "u64", "usize": "u64",
        "float": "f64", "double": "f64", "float32": "f32", "float64": "f64", "number": "f64",
        "str": "string", "text": "string", "string": "string", "boolean": "bool", "bool": "bool",
        "byte": "u8", "bytes": "list<u8>", "vec": "list<…>", "array": "list<…>", "any": "value",
        "optional": "option<…>", "unit": "_", "void": "_", "none": "_", "list": "list<…>",
        "option": "option<…>", "result": "result<…>", "map": "map<…>", "set": "set<…>",
        "tuple": "tuple<…>",
    ]
}
