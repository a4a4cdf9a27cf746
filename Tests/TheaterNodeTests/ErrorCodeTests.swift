// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Goal: the page of error codes and the sources say the same. Method: reads both as text.
@Suite("Error codes")
struct ErrorCodeTests {
    /// Every code of an error's `Code` enum, with the files that declare it.
    private let declared: [String: [String]]
    /// Codes that are spelled where they are used: those of host functions and of the commands.
    private let spelled: Set<String>
    /// The codes that the page's tables explain, in its order.
    private let explained: [String]
    /// Every code-like word in code form on the page.
    private let mentioned: Set<String>

    init() throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let folder = root.appending(path: "Sources")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        var declared: [String: [String]] = [:]
        var spelled: Set<String> = []
        for path in paths.sorted()
        where path.hasSuffix(".swift") && !path.hasPrefix("TheaterSimulation/") {
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            for match in text.matches(of: /case `?\w+`? = "([a-z-]+\.[a-z0-9-]+)"/) {
                declared[String(match.1), default: []].append(path)
            }
            for match in text.matches(of: /HostError\(\s*"([a-z-]+\.[a-z0-9-]+)"/) {
                spelled.insert(String(match.1))
            }
            for match in text.matches(of: /"((?:cli|check)\.[a-z0-9-]+)"/) {
                spelled.insert(String(match.1))
            }
        }
        self.declared = declared
        self.spelled = spelled
        let page = try String(
            contentsOf: root.appending(path: "Documentation/ErrorCodes.md"), encoding: .utf8)
        let lines = page.split(separator: "\n")
        explained = lines.compactMap { line in
            line.prefixMatch(of: /\| `([a-z-]+\.[a-z0-9-]+)` \|/).map { String($0.1) }
        }
        mentioned = Set(page.matches(of: /`([a-z-]+\.[a-z0-9-]+)`/).map { String($0.1) })
    }

    @Test("are found in the sources")
    func found() {
        // Without these the other tests would pass on nothing.
        #expect(declared.count > 100, "only \(declared.count) codes were found")
        #expect(spelled.isSuperset(of: ["host.undecodable", "cli.usage", "check.outdated"]))
    }

    @Test("are all on the page")
    func complete() {
        let missing = Set(declared.keys).union(spelled).subtracting(explained).sorted()
        #expect(missing.isEmpty, "add to Documentation/ErrorCodes.md: \(missing)")
    }

    @Test("on the page exist, each in one row")
    func existing() {
        let stale = mentioned.union(explained).subtracting(declared.keys).subtracting(spelled)
        #expect(stale.isEmpty, "no source has: \(stale.sorted())")
        let rows = Dictionary(grouping: explained, by: \.self)
        let repeated = rows.filter { $0.value.count > 1 }.keys.sorted()
        #expect(repeated.isEmpty, "explained twice: \(repeated)")
    }

    @Test("have one meaning: each is declared once, across all targets")
    func unique() {
        let repeated = declared.filter { $0.value.count > 1 }
        #expect(repeated.isEmpty, "declared more than once: \(repeated)")
        let both = spelled.intersection(declared.keys).sorted()
        #expect(both.isEmpty, "spelled out although an error declares them: \(both)")
    }
}
