// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization
import Testing
import TheaterAPI
import TheaterClient

/// A real `theater serve` process with its data directory.
final class RunningNode: Sendable {
    let folder: Folder
    let program: RunningProgram
    let client: TheaterClient

    /// Starts it, and waits until it takes work.
    init(
        _ arguments: [String] = [], in folder: Folder? = nil, environment: [String: String] = [:]
    ) async throws {
        let folder = try folder ?? Folder()
        self.folder = folder
        program = try RunningProgram(["serve"] + arguments, in: folder, environment: environment)
        client = TheaterClient(socketPath: folder.path("data/theater.sock"))
        _ = try await program.line(containing: "serving at")
    }

    var socketPath: String { folder.path("data/theater.sock") }

    /// Runs a command against it.
    func run(_ arguments: [String], input: [UInt8]? = nil) async throws -> Finished {
        try await Finished(arguments, in: folder, input: input)
    }

    /// Puts an actor into a folder of its own and starts it.
    ///
    /// - Returns: its identity.
    @discardableResult
    func start(
        _ wasm: [UInt8], name: String, handlers: [String] = ["runtime"], more: String = ""
    ) async throws -> String {
        try folder.write(wasm, to: "\(name)/\(name).wasm")
        try folder.write(
            TestActors.manifest(name, handlers: handlers, more: more), to: "\(name)/manifest.toml")
        let started = try await run(["run", "--detach", name])
        #expect(started.status == 0, "\(started.stderr)")
        return started.stdout.trimmingCharacters(in: .newlines)
    }

    /// Ends it in order.
    func stop() async -> Int32 {
        await client.close()
        program.send(SIGTERM)
        let status = await program.status()
        if status != 0 { Issue.record("the node ended with \(status):\n\(program.stderr)") }
        return status
    }
}

/// Talks to a Unix socket byte by byte.
enum RawSocket {
    struct Failed: Error {}

    /// Connects to a path, or to a port of this machine as `127.0.0.1:PORT`.
    static func connect(_ path: String) throws -> Int32 {
        if !path.hasPrefix("/"), let port = path.split(separator: ":").last.flatMap({ UInt16($0) })
        {
            return try connect(port: port)
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isConnected = withAddress(path) { Glibc.connect(descriptor, $0, $1) == 0 }
        guard descriptor >= 0, isConnected else { throw Failed() }
        return descriptor
    }

    private static func connect(port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard descriptor >= 0, isConnected else { throw Failed() }
        return descriptor
    }

    /// Makes a socket that takes connections.
    static func listen(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let isBound = withAddress(path) { bind(descriptor, $0, $1) == 0 }
        guard isBound, Glibc.listen(descriptor, 16) == 0 else { throw Failed() }
        return descriptor
    }

    private static func withAddress<Result>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Sends a request as it is, and reads until the other side closes.
    static func exchange(_ path: String, _ text: String) async throws -> String {
        let descriptor = try connect(path)
        _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = read(descriptor, &chunk, chunk.count)
                    guard count > 0 else { break }
                    bytes += chunk[..<count]
                }
                close(descriptor)
                continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    /// Sends a request as it is, reads until a text has come, and goes away without a word.
    static func leave(_ path: String, _ request: String, after text: String) async throws {
        let descriptor = try connect(path)
        _ = Array(request.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 65_536)
                while !String(decoding: bytes, as: UTF8.self).contains(text) {
                    let count = read(descriptor, &chunk, chunk.count)
                    guard count > 0 else { break }
                    bytes += chunk[..<count]
                }
                close(descriptor)
                continuation.resume()
            }
        }
    }

    /// The status and the body of a request with `Connection: close`.
    static func request(
        _ path: String, _ method: String, _ target: String, headers: [String] = [],
        body: String = "", host: String = "localhost"
    ) async throws -> (status: Int, head: String, body: String) {
        let lines =
            ["\(method) \(target) HTTP/1.1", "Host: \(host)", "Connection: close"] + headers
            + (body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"])
        let text = try await exchange(path, lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        let parts = text.components(separatedBy: "\r\n\r\n")
        let status = Int(text.dropFirst(9).prefix(3)) ?? 0
        return (status, parts[0], parts.dropFirst().joined(separator: "\r\n\r\n"))
    }
}

/// Stands between a client and a node, and cuts each connection after so many bytes of the node's.
final class CuttingRelay: Sendable {
    private let listener: Int32
    private let count = Atomic<Int>(0)

    /// How many connections there were.
    var connections: Int { count.load(ordering: .relaxed) }

    init(at path: String, to target: String, after size: Int) throws {
        listener = try RawSocket.listen(path)
        let listener = listener
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let node = try? RawSocket.connect(target) else { return }
                self?.count.add(1, ordering: .relaxed)
                Thread.detachNewThread { Self.copy(client, node, sizeMax: .max) }
                Thread.detachNewThread {
                    Self.copy(node, client, sizeMax: size)
                    shutdown(client, Int32(SHUT_RDWR))
                    shutdown(node, Int32(SHUT_RDWR))
                }
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func copy(_ from: Int32, _ to: Int32, sizeMax: Int) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        var left = sizeMax
        while left > 0 {
            let count = read(from, &chunk, min(chunk.count, left))
            guard count > 0 else { return }
            left -= count
            guard send(to, chunk, count, Int32(MSG_NOSIGNAL)) == count else { return }
        }
    }
}
