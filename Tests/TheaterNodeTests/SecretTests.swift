// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterHandler
import TheaterManifest

@testable import TheaterNode

@Suite("Secrets of a node")
struct SecretTests {
    private let secrets = NodeSecrets()

    @Test("come from the environment and from files, without the line's end")
    func found() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())").path()
        try Data("hunter2\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try secrets.secret(SecretReference(.file(path))).text == "hunter2")
        let home = try secrets.secret(SecretReference(.environment("PATH")))
        #expect(home.text == ProcessInfo.processInfo.environment["PATH"])
    }

    @Test("that are not there are refused by their place")
    func missing() {
        for (reference, code) in [
            (SecretReference(.environment("THEATER_NO_SUCH_VARIABLE")), "secret.not-found"),
            (SecretReference(.file("/no/such/file")), "secret.unreadable"),
            (SecretReference(.file("/")), "secret.unreadable"),
            (SecretReference(.file("/dev/zero")), "secret.unreadable"),
        ] {
            do throws(HostError) {
                _ = try secrets.secret(reference)
                Issue.record("\(reference) must be refused")
            } catch {
                #expect(error.code == code)
            }
        }
    }
}
