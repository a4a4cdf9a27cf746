// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import TheaterAPI
import TheaterClient

/// Modules on their way to a node.
@Suite("Uploads to a node", .serialized, .timeLimit(.minutes(2)))
struct UploadTests {
    private static let size = 128 << 20

    private static func head(_ size: Int) -> String {
        "POST /v1/modules HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "Content-Type: application/wasm\r\nContent-Length: \(size)\r\n\r\n\0asm"
    }

    /// The most memory that a process ever had, in bytes.
    private static func memoryPeak(_ process: Int) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let digits = try #require(line).filter(\.isNumber)
        return try #require(Int(digits)) << 10
    }

    private static func drafts(_ node: RunningNode) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: node.folder.path("data/store/tmp"))
    }

    // Goal: a module is on the disk while it comes, not in the memory. Method: it is larger than all that the node may
    // have of memory meanwhile.
    @Test("a module of any size takes no memory")
    func memory() async throws {
        let node = try await RunningNode()
        let process: Int = try #require(try await node.client.node()["pid"]?.integer())
        let before = try Self.memoryPeak(process)
        let upload = try Crowd(node.socketPath, count: 1) { _ in Self.head(Self.size) }
        async let isSent = upload.fill(Self.size - 4)
        let answer = await upload.hear("\"digest\"")
        #expect(await isSent)
        #expect(answer[0].hasPrefix("HTTP/1.1 201"), "\(answer)")
        #expect(answer[0].contains("\"size\":\(Self.size)"), "\(answer)")
        let grown = try Self.memoryPeak(process) - before
        #expect(grown < Self.size / 2, "\(grown) bytes")
        #expect(try Self.drafts(node).isEmpty)
        #expect(await node.stop() == 0)
    }

    @Test("what ends early, or is no module, leaves nothing behind")
    func early() async throws {
        let node = try await RunningNode()
        let left = try Crowd(node.socketPath, count: 2) { _ in Self.head(1 << 20) }
        while try Self.drafts(node).count < 2 {
            try Task.checkCancellation()
            await Task.yield()
        }
        left.leave()
        while try !Self.drafts(node).isEmpty {
            try Task.checkCancellation()
            await Task.yield()
        }
        for body in ["\0as", "\0asn and more", "", "no module"] {
            let refused = try await RawSocket.request(
                node.socketPath, "POST", "/v1/modules", headers: ["Content-Type: application/wasm"],
                body: body)
            #expect(refused.status == 422, "\(refused)")
            #expect(refused.body.contains("actor.module"), "\(refused)")
        }
        let announced = try await RawSocket.request(
            node.socketPath, "POST", "/v1/modules",
            headers: ["Content-Type: application/wasm", "Content-Length: 999999999"])
        #expect(announced.status == 413, "\(announced)")
        #expect(try Self.drafts(node).isEmpty)
        #expect(await node.stop() == 0)
    }
}
