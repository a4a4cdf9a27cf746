// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import TheaterFiles

/// A folder with a root in it and something beside the root, which goes with the test.
final class TestFolder: Sendable {
    let path: String
    var inside: String { path + "/inside" }
    var outside: String { path + "/outside" }

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "theater-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.resolvingSymlinksInPath().path
        for folder in [inside, outside] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
        }
        try write("outside/secret", "secret")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: path + "/" + name)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path + "/" + name, withDestinationPath: target)
    }

    func folder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    /// The names below a folder, sorted.
    func names(_ name: String) -> [String] {
        (try? FileManager.default.subpathsOfDirectory(atPath: path + "/" + name))?.sorted() ?? []
    }
}

extension FileBudget {
    /// As good as none.
    static var ample: FileBudget {
        FileBudget(sizeMax: 1 << 40, countMax: 1 << 40, fileSizeMax: 1 << 40)
    }
}

extension FileRoot {
    func write(
        _ path: String, _ text: String, _ mode: WriteMode = .replace
    ) throws(FileError) {
        var budget = FileBudget.ample
        _ = try write(try FilePath(path), Array(text.utf8), mode, &budget)
    }

    func text(_ path: String) throws(FileError) -> String {
        String(decoding: try read(try FilePath(path), sizeMax: 1 << 20), as: UTF8.self)
    }
}

/// The code of the error that something ends with; `nil` for none.
func code(_ work: () throws(FileError) -> Void) -> FileError.Code? {
    do throws(FileError) {
        try work()
        return nil
    } catch {
        return error.code
    }
}

/// Gives two paths each other's file, in one step.
func exchange(_ first: String, _ second: String) -> Bool {
    typealias Call =
        @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
    // SAFETY: the C library's own function, with its own parameters.
    guard let symbol = dlsym(nil, "renameat2") else { return false }
    let call = unsafeBitCast(symbol, to: Call.self)
    let exchange: UInt32 = 2
    return call(AT_FDCWD, first, AT_FDCWD, second, exchange) == 0
}
