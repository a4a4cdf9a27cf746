// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import TheaterFiles

/// Goal: files below a root are what the system says, and whatever is not ordinary is an error. Method: real
/// files.
@Suite("Files below a root", .timeLimit(.minutes(1)))
struct FileRootTests {
    private let folder: TestFolder
    private let root: FileRoot

    init() throws {
        folder = try TestFolder()
        root = try FileRoot.open(folder.inside)
    }

    @Test("are written, appended to, read and deleted")
    func ordinary() throws {
        try root.write("a", "one")
        try root.write("a", "tw")
        #expect(try root.text("a") == "tw")
        var budget = FileBudget.ample
        #expect(try root.write(try FilePath("a"), Array("o and more".utf8), .append, &budget) == 12)
        #expect(budget.size == 10 && budget.count == 0)
        #expect(folder.read("inside/a") == "two and more")
        let path = try FilePath("a")
        #expect(try root.read(path, from: 4, 3) == Array("and".utf8))
        #expect(try root.read(path, from: 8, 100) == Array("more".utf8))
        for offset in [12, 13, .max, 1 << 63] as [UInt64] {
            #expect(try root.read(path, from: offset, 100) == [])
        }
        #expect(code { () throws(FileError) in try root.write("a", "", .create) } == .exists)
        try root.write("b", "new", .create)
        let status = try root.status(try FilePath("b"))
        #expect(status.kind == .file && status.size == 3 && status.modified > 1_600_000_000_000)
        try root.delete(path, &budget)
        #expect(budget.size == -2 && budget.count == -1)
        #expect(folder.names("inside") == ["b"])
        #expect(code { () throws(FileError) in _ = try root.text("a") } == .notFound)
        #expect(try !root.exists(path) && root.exists(try FilePath("b")))
    }

    @Test("folders are made one by one, listed, and deleted with all in them")
    func folders() throws {
        var budget = FileBudget.ample
        let deep = try FilePath("d/e")
        #expect(code { () throws(FileError) in try root.makeFolder(deep, &budget) } == .notFound)
        try root.makeFolder(try FilePath("d"), &budget)
        try root.makeFolder(deep, &budget)
        #expect(code { () throws(FileError) in try root.makeFolder(deep, &budget) } == .exists)
        try root.write("d/f", "12345")
        try root.write("d/e/g", "1")
        try folder.link("inside/d/out", to: folder.outside)
        let listing = try root.list(try FilePath("d"), countMax: 10, sizeMax: 100)
        #expect(listing.entries.map(\.name) == ["e", "f", "out"])
        #expect(listing.entries.map(\.status.kind) == [.folder, .file, .link])
        #expect(listing.entries.map(\.status.size) == [0, 5, 0])
        let all = try FilePath("d")
        #expect(code { () throws(FileError) in try root.delete(all, &budget) } == .notAFile)
        let file = try FilePath("d/f")
        #expect(
            code { () throws(FileError) in try root.deleteFolder(file, &budget) } == .notAFolder)
        budget = .ample
        try root.deleteFolder(all, &budget)
        #expect(budget.size == -6 && budget.count == -5)
        #expect(folder.names("inside").isEmpty)
        #expect(folder.read("outside/secret") == "secret")
        let top = try FilePath(".")
        #expect(code { () throws(FileError) in try root.deleteFolder(top, &budget) } == .badPath)
    }

    @Test("names that are no text are counted, and deleted with their folder")
    func names() throws {
        try folder.folder("inside/n")
        let name: [CChar] =
            (folder.inside + "/n/").utf8.map { CChar(bitPattern: $0) } + [-1, 0x61, 0]
        let number = open(name, O_WRONLY | O_CREAT, 0o600)
        #expect(number >= 0)
        close(number)
        try root.write("n/new\nline", "x")
        let path = try FilePath("n")
        let listing = try root.list(path, countMax: 10, sizeMax: 100)
        #expect(listing.entries.map(\.name) == ["new\nline"] && listing.namelessCount == 1)
        var budget = FileBudget.ample
        try root.deleteFolder(path, &budget)
        #expect(budget.count == -3)
    }

    @Test("a huge folder is refused at the bound, and listed below it")
    func huge() throws {
        try folder.folder("inside/h")
        for index in 0..<3000 { try root.write("h/\(index)", "") }
        let path = try FilePath("h")
        #expect(
            code { () throws(FileError) in _ = try root.list(path, countMax: 2999, sizeMax: .max) }
                == .tooMany)
        #expect(
            code { () throws(FileError) in _ = try root.list(path, countMax: 5000, sizeMax: 100) }
                == .tooMany)
        #expect(try root.list(path, countMax: 3000, sizeMax: 1 << 20).entries.count == 3000)
        var budget = FileBudget.ample
        try root.deleteFolder(path, &budget)
        #expect(budget.count == -3001)
    }

    @Test("folders deeper than can be held open are refused before anything is deleted")
    func deep() throws {
        var path = "inside/x"
        for _ in 0..<FileRoot.depthMax + 1 {
            try folder.folder(path)
            path += "/x"
        }
        var budget = FileBudget.ample
        let all = try FilePath("x")
        #expect(code { () throws(FileError) in try root.deleteFolder(all, &budget) } == .tooDeep)
        #expect(folder.names("inside").count == FileRoot.depthMax + 1)
    }

    @Test("pipes, sockets and devices are no files, and nothing waits for them")
    func special() throws {
        #expect(mkfifo(folder.inside + "/pipe", 0o600) == 0)
        for name in ["pipe"] {
            let path = try FilePath(name)
            #expect(code { () throws(FileError) in _ = try root.text(name) } == .notAFile)
            #expect(code { () throws(FileError) in try root.write(name, "x") } == .notAFile)
            #expect(
                code { () throws(FileError) in try root.write(name, "x", .append) } == .notAFile)
            #expect(try root.status(path).kind == .other)
        }
        #expect(code { () throws(FileError) in _ = try root.text(".") } == .notAFile)
        #expect(code { () throws(FileError) in try root.write(".", "x") } == .notAFile)
        let devices = try FileRoot.open("/dev")
        for name in ["null", "zero", "full", "tty"] {
            #expect(code { () throws(FileError) in _ = try devices.text(name) } != nil)
            #expect(code { () throws(FileError) in try devices.write(name, "x") } != nil)
        }
        #expect(code { () throws(FileError) in _ = try devices.text("zero") } == .notAFile)
        #expect(code { () throws(FileError) in try devices.write("full", "x") } == .notAFile)
    }

    @Test("are put in place as a whole, with the mode of the old one")
    func whole() throws {
        try root.write("a", "old")
        chmod(folder.inside + "/a", 0o640)
        var budget = FileBudget.ample
        try root.writeWhole(try FilePath("a"), Array("newer".utf8), mark: 1, &budget)
        #expect(folder.read("inside/a") == "newer" && budget.size == 2 && budget.count == 0)
        var status = stat()
        #expect(stat(folder.inside + "/a", &status) == 0 && status.st_mode & 0o777 == 0o640)
        try folder.link("inside/l", to: "../outside/secret")
        try root.writeWhole(try FilePath("l"), Array("x".utf8), mark: 2, &budget)
        #expect(folder.read("outside/secret") == "secret" && folder.read("inside/l") == "x")
        try folder.folder("inside/d")
        let taken = try FilePath("d")
        #expect(
            code { () throws(FileError) in try root.writeWhole(taken, [], mark: 3, &budget) }
                == .notAFile)
        #expect(folder.names("inside") == ["a", "d", "l"])
    }

    @Test("are moved, and replace files")
    func rename() throws {
        var budget = FileBudget.ample
        try root.write("a", "12")
        try root.write("b", "345")
        try root.rename(try FilePath("a"), to: try FilePath("b"), &budget)
        #expect(folder.names("inside") == ["b"] && folder.read("inside/b") == "12")
        #expect(budget.size == -3 && budget.count == -1)
        try folder.folder("inside/d/e")
        func failure(_ path: String, _ target: String) -> FileError.Code? {
            code { () throws(FileError) in
                var budget = FileBudget.ample
                try root.rename(try FilePath(path), to: try FilePath(target), &budget)
            }
        }
        #expect(failure("none", "x") == .notFound)
        #expect(failure("b", "none/x") == .notFound)
        #expect(failure("d", "d/e/f") == .intoItself)
        #expect(failure("b", "d") == .notAFile)
        #expect(failure("d", "b") == .notAFolder)
        try folder.folder("inside/full/x")
        #expect(failure("d", "full") == .notEmpty)
        #expect(failure("b", ".") == .badPath)
        #expect(failure("b", "b") == nil)
    }

    @Test("bounds of size and count hold before anything is done, and deleting makes room")
    func quota() throws {
        var budget = FileBudget(sizeMax: 10, countMax: 2, fileSizeMax: 8)
        func write(_ name: String, _ count: Int, _ mode: FileRoot.WriteMode = .replace)
            -> FileError.Code?
        {
            code { () throws(FileError) in
                _ = try root.write(
                    try FilePath(name), [UInt8](repeating: 0x61, count: count), mode, &budget)
            }
        }
        #expect(write("a", 9) == .tooLarge)
        #expect(folder.names("inside").isEmpty)
        #expect(write("a", 8) == nil)
        #expect(write("a", 1, .append) == .tooLarge)
        #expect(write("b", 3) == .quota)
        #expect(folder.names("inside") == ["a"])
        #expect(write("b", 2) == nil)
        #expect(write("c", 0) == .quota)
        #expect(write("b", 1, .append) == .quota)
        let made = try FilePath("d")
        #expect(code { () throws(FileError) in try root.makeFolder(made, &budget) } == .quota)
        #expect(
            code { () throws(FileError) in
                try root.writeWhole(made, [], mark: 1, &budget)
            } == .quota)
        try root.delete(try FilePath("b"), &budget)
        #expect(write("a", 0) == nil && budget.size == 0)
        #expect(write("c", 8) == nil)
        #expect(write("a", 3, .append) == .quota)
        #expect(write("a", 2, .append) == nil)
        #expect(budget.size == 10 && budget.count == 2)
    }

    @Test("a file larger than may be read is refused, also when it does not say its size")
    func large() throws {
        try root.write("a", "123456")
        let path = try FilePath("a")
        #expect(try root.read(path, sizeMax: 6).count == 6)
        #expect(
            code { () throws(FileError) in _ = try root.read(path, sizeMax: 5) } == .tooLarge)
        let system = try FileRoot.open("/proc")
        #expect(try system.text("version").hasPrefix("Linux"))
        let maps = try FilePath("cmdline")
        #expect(code { () throws(FileError) in _ = try system.read(maps, sizeMax: 1) } == .tooLarge)
    }

    @Test("a root that is not there, is no folder or lies behind a link is refused")
    func roots() throws {
        try root.write("file", "")
        try folder.link("link", to: folder.inside)
        let bad = ["/none", "/file", "/../link", "/../link/x", "/x\0"]
        for path in bad.map({ folder.inside + $0 }) + ["", "relative"] {
            #expect(
                code { () throws(FileError) in _ = try FileRoot.open(path) } == .noRoot, "\(path)")
        }
        for number in [ENOSYS, EPERM, E2BIG] {
            #expect(FileError.root(number, "/x").code == .unsupported)
        }
    }

    @Test("what the node may not do is an error", .enabled(if: geteuid() != 0))
    func permissions() throws {
        try root.write("a", "x")
        chmod(folder.inside + "/a", 0)
        defer { chmod(folder.inside + "/a", 0o600) }
        #expect(code { () throws(FileError) in _ = try root.text("a") } == .noPermission)
        #expect(code { () throws(FileError) in try root.write("a", "y") } == .noPermission)
    }

    @Test("files that cannot be changed are an error for everybody")
    func immutable() throws {
        let system = try FileRoot.open("/proc")
        #expect(code { () throws(FileError) in try system.write("version", "x") } != nil)
        #expect(FileError.system(EROFS, try FilePath("a")).code == .noPermission)
        #expect(FileError.system(EACCES, try FilePath("a")).code == .noPermission)
    }

    @Test(
        "a full disk is an error, and what was appended in part is taken back",
        .enabled(if: SmallDisk.isPossible))
    func full() throws {
        let disk = try SmallDisk(folder.path + "/disk")
        let root = try FileRoot.open(disk.path)
        try root.write("a", String(repeating: "a", count: 100_000))
        let more = String(repeating: "b", count: 200_000)
        #expect(code { () throws(FileError) in try root.write("a", more, .append) } == .noSpace)
        #expect(try root.status(try FilePath("a")).size == 100_000)
        var budget = FileBudget.ample
        let path = try FilePath("a")
        #expect(
            code { () throws(FileError) in
                try root.writeWhole(path, Array(more.utf8), mark: 1, &budget)
            } == .noSpace)
        #expect(budget.size == 0)
        #expect(try root.list(try FilePath("."), countMax: 9, sizeMax: 99).entries.count == 1)
        #expect(try root.text("a").utf8.count == 100_000)
    }
}

/// A disk of 256 KiB in memory, where the system lets us have one.
private final class SmallDisk {
    let path: String

    static let isPossible: Bool = {
        let path =
            FileManager.default.temporaryDirectory.path + "/theater-disk-\(UUID().uuidString)"
        return (try? SmallDisk(path)) != nil
    }()

    struct Refused: Error {}

    init(_ path: String) throws {
        self.path = path
        mkdir(path, 0o700)
        guard mount("theater", path, "tmpfs", 0, "size=256k") == 0 else {
            rmdir(path)
            throw Refused()
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
}
