// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterPlatform

@Suite("Canonical paths")
struct CanonicalPathTests {
    @Test("links are followed, and what is missing is kept")
    func links() throws {
        let manager = FileManager.default
        let made = manager.temporaryDirectory.appending(path: "theater-path-\(UUID())")
        try manager.createDirectory(
            at: made.appending(path: "real/deep"), withIntermediateDirectories: true)
        defer { try? manager.removeItem(at: made) }
        let root = CanonicalPath.resolve(made.path())
        try manager.createSymbolicLink(
            atPath: root + "/link", withDestinationPath: root + "/real/deep")
        #expect(CanonicalPath.resolve(root + "/link") == root + "/real/deep")
        // Behind a link `..` is the folder above what it leads to.
        #expect(CanonicalPath.resolve(root + "/link/../x/./y") == root + "/real/x/y")
        #expect(CanonicalPath.resolve(root + "/missing/../../real") != root + "/real")
        #expect(CanonicalPath.resolve(root + "//real/./new") == root + "/real/new")
        #expect(CanonicalPath.resolve("/") == "/")
        #expect(CanonicalPath.resolve("/../..") == "/")
        #expect(CanonicalPath.resolve("").hasPrefix("/"))
        #expect(CanonicalPath.resolve("new/file").hasPrefix("/"))
    }
}
