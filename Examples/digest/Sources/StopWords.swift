// SPDX-License-Identifier: Apache-2.0

/// Words that say nothing about a document, sorted for searching.
struct StopWords {
    private let words: [[UInt8]]

    init() {
        words = Self.list.split(separator: space).map { Array($0) }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether a word in lower case says nothing. Numbers and words of one or two letters do not either.
    func contains(_ word: [UInt8]) -> Bool {
        if word.count < 3 || word.allSatisfy({ isDigit($0) || $0 == dot || $0 == dash }) {
            return true
        }
        var low = 0
        var high = words.count
        while low < high {
            let middle = (low + high) / 2
            if words[middle] == word { return true }
            if words[middle].lexicographicallyPrecedes(word) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return false
    }

    private static let list = Array(
        """
        a able about above across after again against all almost also although always am among an \
        and another any anything are aren't around as ask at away back be became because become \
        been before being below best better between both but by came can can't cannot could did \
        didn't do does doesn't doing don't done down during each either else enough etc even ever \
        every everything far few first for found from further get gets getting give given gives go \
        goes going gone got had has hasn't have haven't having he hence her here hers herself him \
        himself his how however i i'd i'll i'm i've if in indeed instead into is isn't it it's its \
        itself just keep keeps kept know known last later least less let lets like likely long made \
        make makes making many may maybe me mean means might mine more most mostly much must my \
        myself near need needs neither never next no nobody none nor not nothing now of off often \
        old on once one only onto or other others otherwise ought our ours ourselves out over own \
        part per perhaps put puts quite rather really said same say says second see seem seems seen \
        several shall she should since so some somebody someone something soon still such take \
        takes taken than that that's the their theirs them themselves then there there's therefore \
        these they they're thing things this those though three through thus to together too \
        toward towards two under unless until up upon us use used uses using usually very via want \
        was wasn't way ways we we're well went were weren't what what's whatever when where whether \
        which while who whole whom whose why will with within without won't would yes yet you \
        you're your yours yourself e.g i.e
        """.utf8)
}
