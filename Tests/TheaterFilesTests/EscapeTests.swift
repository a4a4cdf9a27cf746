// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterPlatform
import TheaterTesting

@testable import TheaterFiles

/// Goal: nothing outside of the root is read, written, listed or deleted, whatever links say and whoever changes
/// them meanwhile. Method: links of all kinds; then threads that swap folders for links while the root is
/// used.
@Suite("Escapes from a root", .timeLimit(.minutes(2)))
struct EscapeTests {
    private let folder: TestFolder
    private let root: FileRoot

    init() throws {
        folder = try TestFolder()
        root = try FileRoot.open(folder.inside)
    }

    @Test("links inside are followed as long as they stay inside")
    func inner() throws {
        try folder.folder("inside/d/e")
        try root.write("d/f", "here")
        try folder.link("inside/to-file", to: "d/f")
        try folder.link("inside/d/e/up", to: "../f")
        #expect(try root.text("to-file") == "here")
        #expect(try root.text("d/e/up") == "here")
    }

    @Test("links that lead out are denied to every operation")
    func links() throws {
        try folder.folder("inside/d")
        let links = [
            "absolute": folder.outside, "relative": "../outside", "deep": "d/../../outside",
            "own": folder.inside, "root": "/", "process": "/proc/self/root",
        ]
        for (name, target) in links { try folder.link("inside/\(name)", to: target) }
        for name in links.keys {
            for path in [name, "\(name)/secret", "\(name)/new"] {
                denied { (root) throws(FileError) in _ = try root.text(path) }
                denied { (root) throws(FileError) in _ = try root.status(try FilePath(path)) }
                denied { (root) throws(FileError) in _ = try root.exists(try FilePath(path)) }
                denied { (root) throws(FileError) in
                    _ = try root.list(try FilePath(path), countMax: 9, sizeMax: 99)
                }
                denied { (root) throws(FileError) in try root.write(path, "x") }
                denied { (root) throws(FileError) in try root.write(path, "x", .append) }
            }
            for path in ["\(name)/secret", "\(name)/new"] {
                denied { (root) throws(FileError) in try root.write(path, "x", .create) }
                denied { (root) throws(FileError) in
                    var budget = FileBudget.ample
                    try root.makeFolder(try FilePath(path), &budget)
                }
                denied { (root) throws(FileError) in
                    var budget = FileBudget.ample
                    try root.delete(try FilePath(path), &budget)
                }
                denied { (root) throws(FileError) in
                    var budget = FileBudget.ample
                    try root.deleteFolder(try FilePath(path), &budget)
                }
                denied { (root) throws(FileError) in
                    var budget = FileBudget.ample
                    try root.writeWhole(try FilePath(path), [], mark: 1, &budget)
                }
                denied { (root) throws(FileError) in
                    var budget = FileBudget.ample
                    try root.rename(try FilePath("d"), to: try FilePath(path), &budget)
                }
                denied { (root) throws(FileError) in
                    var budget = FileBudget.ample
                    try root.rename(try FilePath(path), to: try FilePath("x"), &budget)
                }
            }
        }
        #expect(folder.names("outside") == ["secret"])
        #expect(folder.read("outside/secret") == "secret")
    }

    private func denied(
        _ line: SourceLocation = #_sourceLocation, _ work: (FileRoot) throws(FileError) -> Void
    ) {
        do throws(FileError) {
            try work(root)
            Issue.record("it was done", sourceLocation: line)
        } catch {
            #expect(error.code == .outside && error.isDenial, "\(error)", sourceLocation: line)
        }
    }

    @Test("links in a circle, and the links of /proc, are denied")
    func circle() throws {
        try folder.link("inside/loop", to: "loop")
        denied { (root) throws(FileError) in _ = try root.text("loop") }
        let system = try FileRoot.open("/proc")
        for path in ["self/root/etc/passwd", "self/cwd", "self/exe"] {
            #expect(
                code { () throws(FileError) in _ = try system.text(path) } == .outside, "\(path)")
        }
    }

    @Test("deleting a folder deletes links, not what they lead to")
    func deletion() throws {
        try folder.folder("inside/d")
        try folder.link("inside/d/out", to: folder.outside)
        try folder.link("inside/d/file", to: folder.outside + "/secret")
        var budget = FileBudget.ample
        try root.deleteFolder(try FilePath("d"), &budget)
        #expect(folder.read("outside/secret") == "secret")
        #expect(folder.names("inside").isEmpty)
    }

    /// Two threads exchange `inside/swap`, a folder, and `inside/other`, a link to the outside, as fast as they
    /// can, while every operation is done by chance through both names. Whatever is read is from the inside, and
    /// the outside stays as it was.
    @Test("a folder that is swapped for a link leads nowhere else", arguments: 0..<2)
    func swap(round: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed: seed)
        try folder.folder("inside/swap")
        try folder.write("outside/marker", "")
        try folder.link("inside/other", to: round == 0 ? folder.outside : "../outside")
        try root.write("swap/secret", "public")
        let isOver = Atomic<Bool>(false)
        let swaps = Atomic<Int>(0)
        let inside = folder.inside
        let swapper = Thread {
            while !isOver.load(ordering: .relaxed) {
                if exchange(inside + "/swap", inside + "/other") {
                    swaps.add(1, ordering: .relaxed)
                }
            }
        }
        swapper.start()
        defer { isOver.store(true, ordering: .relaxed) }
        var seen = (inside: 0, denied: 0)
        for step in 0..<4000 {
            // Others want the thread as well.
            if step.isMultiple(of: 50) { await Task.yield() }
            let folderName = random.next(below: 2) == 0 ? "swap" : "other"
            do throws(FileError) {
                try operate(random.next(below: 8), in: folderName, seed, step)
                seen.inside += 1
            } catch {
                // The other name may be the link: of that there is only a denial.
                if error.code == .outside { seen.denied += 1 }
            }
        }
        isOver.store(true, ordering: .relaxed)
        #expect(folder.names("outside") == ["marker", "secret"], "seed \(seed)")
        #expect(folder.read("outside/secret") == "secret", "seed \(seed)")
        #expect(swaps.load(ordering: .relaxed) > 100, "nothing raced")
        #expect(seen.inside > 100 && seen.denied > 100, "seed \(seed): \(seen)")
    }

    private func operate(
        _ choice: Int, in name: String, _ seed: UInt64, _ step: Int
    ) throws(FileError) {
        var budget = FileBudget.ample
        let comment: Comment = "seed \(seed), step \(step)"
        switch choice {
        case 0:
            // A file that is written anew is empty for a moment.
            #expect(["public", ""].contains(try root.text(name + "/secret")), comment)
        case 1: try root.write(name + "/secret", "public")
        case 2: try root.write(name + "/new\(step % 32)", "new")
        case 3: try root.makeFolder(try FilePath(name + "/folder\(step % 32)"), &budget)
        case 4:
            try root.writeWhole(
                try FilePath(name + "/whole\(step % 8)"), [1], mark: UInt64(step), &budget)
        case 5:
            let listing = try root.list(try FilePath(name), countMax: 1 << 20, sizeMax: 1 << 30)
            #expect(!listing.entries.contains { $0.name == "marker" }, comment)
        case 6: try root.delete(try FilePath(name + "/whole\(step % 8)"), &budget)
        default:
            try root.makeFolder(try FilePath(name + "/deep"), &budget)
            try root.write(name + "/deep/file", "x")
            try root.deleteFolder(try FilePath(name + "/deep"), &budget)
        }
    }

    /// A thread exchanges a folder inside of what is deleted, and a link to the outside. What lies outside is
    /// never touched.
    @Test("a folder that is swapped while it is deleted takes nothing outside along")
    func deletionRace() throws {
        try folder.folder("outside/precious")
        for index in 0..<50 { try folder.write("outside/precious/\(index)", "x") }
        let isOver = Atomic<Bool>(false)
        let swaps = Atomic<Int>(0)
        /// The two names to exchange: none while the test prepares its next round.
        let names = Mutex<(String, String)?>(nil)
        let swapper = Thread {
            while !isOver.load(ordering: .relaxed) {
                names.withLock { names in
                    guard let names, exchange(names.0, names.1) else { return }
                    swaps.add(1, ordering: .relaxed)
                }
            }
        }
        swapper.start()
        defer { isOver.store(true, ordering: .relaxed) }
        for round in 0..<300 {
            try folder.folder("inside/\(round)/e/f/g")
            try folder.link("inside/link\(round)", to: folder.outside + "/precious")
            let inside = folder.inside
            names.withLock { $0 = (inside + "/\(round)/e", inside + "/link\(round)") }
            var budget = FileBudget.ample
            try? root.deleteFolder(try FilePath("\(round)"), &budget)
            names.withLock { $0 = nil }
        }
        isOver.store(true, ordering: .relaxed)
        #expect(folder.names("outside/precious").count == 50)
        #expect(swaps.load(ordering: .relaxed) > 0, "nothing raced")
    }
}
