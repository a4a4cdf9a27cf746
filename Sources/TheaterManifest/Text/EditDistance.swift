// SPDX-License-Identifier: Apache-2.0

/// Finds the word somebody meant.
public enum EditDistance {
    /// Words longer than this are not compared: the cost is the product of the lengths.
    static let lengthMax = 64

    /// The number of insertions, deletions, replacements and swaps of neighbours between two
    /// words; `nil` if one of them is longer than `lengthMax`.
    static func between(_ left: String, _ right: String) -> Int? {
        guard let first = scalars(left), let second = scalars(right) else { return nil }
        guard !first.isEmpty, !second.isEmpty else { return max(first.count, second.count) }
        // Three rows are enough: a swap looks two rows back.
        var older: [Int] = []
        var previous = Array(0...second.count)
        for (row, a) in first.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(second.count + 1)
            for (column, b) in second.enumerated() {
                var best = min(previous[column + 1] + 1, current[column] + 1)
                best = min(best, previous[column] + (a == b ? 0 : 1))
                if row > 0, column > 0, a == second[column - 1], b == first[row - 1] {
                    best = min(best, older[column - 1] + 1)
                }
                current.append(best)
            }
            older = previous
            previous = current
        }
        return previous.last
    }

    /// The candidate nearest to `word`, if one is near enough to be what was meant.
    ///
    /// Case, hyphens and underscores do not matter, and a part of a compound name counts as well:
    /// `max_memry` finds `memory`. Ties go to the candidate that comes first.
    public static func suggestion(for word: String, among candidates: [String]) -> String? {
        guard scalars(word) != nil else { return nil }
        let wanted = normalized(word)
        var best: (candidate: String, score: Int)?
        for candidate in candidates {
            guard let score = score(wanted, normalized(candidate)) else { continue }
            if best.map({ score < $0.score }) ?? true { best = (candidate, score) }
        }
        return best?.candidate
    }

    private static func score(_ word: String, _ candidate: String) -> Int? {
        if let whole = between(word, candidate), whole <= allowance(candidate) { return whole * 2 }
        let parts = word.split(separator: "_").map(String.init)
        let targets = candidate.split(separator: "_").map(String.init)
        guard parts.count > 1 || targets.count > 1 else { return nil }
        let scores = parts.flatMap { part in
            targets.compactMap { target -> Int? in
                guard part.count > 3, target.count > 3 else { return nil }
                return between(part, target).flatMap { $0 <= allowance(target) ? $0 : nil }
            }
        }
        // A match of parts is weaker evidence than any match of the whole.
        return scores.min().map { $0 * 2 + 2 * lengthMax }
    }

    private static func allowance(_ word: String) -> Int { max(1, word.count / 3) }

    private static func scalars(_ word: String) -> [Unicode.Scalar]? {
        let scalars = Array(word.unicodeScalars.prefix(lengthMax + 1))
        return scalars.count <= lengthMax ? scalars : nil
    }

    private static func normalized(_ word: String) -> String {
        String(word.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })
    }
}
