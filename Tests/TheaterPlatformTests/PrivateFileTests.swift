// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import TheaterPlatform

@Suite("Private files")
struct PrivateFileTests {
    /// A directory that is gone after the test.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/theater-private-XXXXXX".utf8CString)
        _ = try #require(mkdtemp(&template))
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer {
            for folder in [path + "/keys", path] {
                for name in (try? SystemDisk().list(folder)) ?? [] { remove(folder + "/" + name) }
                rmdir(folder)
            }
        }
        try body(path)
    }

    private func mode(_ path: String) -> mode_t {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mode & 0o777 : 0
    }

    private func refusal(_ path: String) -> String? {
        do throws(PrivateFileError) {
            _ = try PrivateFile.read(path, sizeMax: 100)
            return nil
        } catch {
            #expect(!error.remedy.isEmpty)
            return error.description
        }
    }

    @Test("are for their owner alone, and never replaced")
    func make() throws {
        try withDirectory { folder in
            let path = folder + "/keys/a"
            #expect(try PrivateFile.read(path, sizeMax: 100) == nil)
            try PrivateFile.make(path, [1, 2, 3])
            #expect(mode(path) == 0o600)
            #expect(mode(folder + "/keys") == 0o700)
            #expect(try PrivateFile.read(path, sizeMax: 3) == [1, 2, 3])
            try PrivateFile.make(path, [4])
            #expect(try PrivateFile.read(path, sizeMax: 100) == [1, 2, 3])
            #expect(try SystemDisk().list(folder + "/keys") == ["a"])
        }
    }

    @Test("that others may read or change, or that are no files, are refused")
    func refuse() throws {
        try withDirectory { folder in
            let path = folder + "/keys/a"
            try PrivateFile.make(path, [1, 2, 3])
            for wrong: mode_t in [0o640, 0o604, 0o620, 0o602, 0o601] {
                chmod(path, wrong)
                #expect(refusal(path)?.contains("others may read or change '\(path)'") == true)
            }
            chmod(path, 0o600)
            #expect(refusal(path) == nil)
            for wrong: mode_t in [0o720, 0o702, 0o777] {
                chmod(folder + "/keys", wrong)
                #expect(refusal(path)?.contains("others may write to the folder") == true)
            }
            chmod(folder + "/keys", 0o755)
            #expect(refusal(path) == nil)
            symlink(path, folder + "/keys/link")
            #expect(refusal(folder + "/keys/link") != nil)
            mkfifo(folder + "/keys/pipe", 0o600)
            #expect(refusal(folder + "/keys/pipe")?.contains("is not a file") == true)
            #expect(refusal(folder + "/keys") != nil)
            try PrivateFile.make(folder + "/keys/large", [UInt8](repeating: 0, count: 101))
            #expect(refusal(folder + "/keys/large")?.contains("longer than 100 bytes") == true)
            try PrivateFile.make(folder + "/keys/full", [UInt8](repeating: 0, count: 100))
            #expect(refusal(folder + "/keys/full") == nil)
        }
    }

    @Test("that cannot be made say why")
    func unmakeable() throws {
        try withDirectory { folder in
            do throws(PrivateFileError) {
                try PrivateFile.make(folder + "/no/such/a", [1])
                Issue.record("it was made")
            } catch {
                #expect(error.description.contains("/no/such"))
            }
        }
    }
}
