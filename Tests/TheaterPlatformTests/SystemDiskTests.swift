// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import TheaterPlatform

@Suite("The file system")
struct SystemDiskTests {
    // Goal: what is closed can be opened again at once, although a child that is being started has copies of
    // all descriptors of its parent until it becomes its program. Method: a copy of the descriptor.
    @Test("gives up a lock of which a child still has the descriptor")
    func release() throws {
        var template = Array("/tmp/theater-disk-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        close(descriptor)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { remove(path) }
        let disk = SystemDisk()
        let file = try disk.open(path, .write)
        #expect(try disk.lock(file))
        let copy = dup(file.descriptor)
        defer { close(copy) }
        let other = try disk.open(path, .write)
        #expect(try !disk.lock(other))
        disk.release(file)
        #expect(try disk.lock(other))
        disk.release(other)
    }
}
