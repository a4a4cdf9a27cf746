// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A `theater serve` of its own, and what is asked of it through its socket.
final class ServedNode {
    let data: String
    private let child: Child
    private let theater: String

    /// Starts it and waits until it answers.
    init(_ theater: String, folder: String) throws {
        // A socket has a short path, wherever the benchmark's folder is.
        data =
            "/tmp/theater-bench-\(getpid())-\(folder.utf8.reduce(UInt32(7)) { $0 &* 31 &+ UInt32($1) })"
        try? FileManager.default.removeItem(atPath: data)
        self.theater = theater
        child = try Child([theater, "serve", "--quiet", "--data", data], reading: .standardError)
        for _ in 0..<2000 {
            if let answer = try? ask("GET", "/readyz"), answer.hasPrefix("HTTP/1.1 200") { return }
            usleep(5000)
        }
        throw BenchError("'theater serve' does not answer at \(data)/theater.sock")
    }

    /// Ends it.
    func end() {
        child.terminate()
        child.wait()
        try? FileManager.default.removeItem(atPath: data)
    }

    /// Connects to the socket.
    func connect() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: (data + "/theater.sock").utf8)
        }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard descriptor >= 0, isConnected else {
            close(descriptor)
            throw BenchError("the node's socket does not answer: errno \(errno)")
        }
        return descriptor
    }

    /// A request on a connection of its own; all that is answered.
    @discardableResult
    func ask(
        _ method: String, _ path: String, type: String = "application/octet-stream",
        _ body: [UInt8] = []
    ) throws -> String {
        let descriptor = try connect()
        defer { close(descriptor) }
        try Self.write(
            descriptor,
            Self.request(method, path, type: type, body, headers: "Connection: close\r\n"))
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    /// A request as it goes over the wire.
    static func request(
        _ method: String, _ path: String, type: String = "application/octet-stream",
        _ body: [UInt8] = [], headers: String = ""
    ) -> [UInt8] {
        Array(
            ("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)Content-Type: \(type)\r\n"
                + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
    }

    static func write(_ descriptor: Int32, _ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError("the node closed a connection") }
            rest = rest.dropFirst(count)
        }
    }

    /// Keeps a module; its digest.
    func keep(_ wasm: [UInt8]) throws -> String {
        let answer = try ask("POST", "/v1/modules", type: "application/wasm", wasm)
        guard let digest = Self.text("digest", in: answer) else {
            throw BenchError("the node does not keep the module: \(answer)")
        }
        return digest
    }

    /// Starts an actor.
    func start(_ digest: String, name: String, manifest: String) throws {
        let text = manifest.replacingOccurrences(of: "\"", with: "\\\"")
            .replacingOccurrences(of: "\n", with: "\\n")
        let body = "{\"manifest\":\"\(text)\",\"module\":\"\(digest)\",\"name\":\"\(name)\"}"
        let answer = try ask("POST", "/v1/actors", type: "application/json", Array(body.utf8))
        guard answer.hasPrefix("HTTP/1.1 201") else {
            throw BenchError("the node does not start the actor: \(answer)")
        }
    }

    private static func text(_ name: String, in answer: String) -> String? {
        answer.components(separatedBy: "\"\(name)\":\"").dropFirst().first.map {
            String($0.prefix { $0 != "\"" })
        }
    }
}

/// Makes one request after the other on each of many connections, from one thread.
struct HTTPLoad {
    let node: ServedNode
    let connections: Int
    let request: [UInt8]

    /// Makes so many requests; nanoseconds for all of them.
    func run(_ count: Int) throws -> Double {
        var pollers: [pollfd] = []
        defer { for poller in pollers { close(poller.fd) } }
        for _ in 0..<connections {
            pollers.append(pollfd(fd: try node.connect(), events: Int16(POLLIN), revents: 0))
        }
        let start = clockNanoseconds()
        var begun = 0
        for poller in pollers where begun < count {
            try ServedNode.write(poller.fd, request)
            begun += 1
        }
        var done = 0
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while done < count {
            guard poll(&pollers, nfds_t(connections), 10_000) > 0 else {
                throw BenchError("the node does not answer")
            }
            for poller in pollers where poller.revents != 0 {
                let size = read(poller.fd, &chunk, chunk.count)
                // Answers are short, and come whole.
                guard size > 12, chunk[9] == UInt8(ascii: "2") else {
                    throw BenchError(
                        "the node refuses: \(String(decoding: chunk.prefix(max(0, size)), as: UTF8.self))"
                    )
                }
                done += 1
                if begun < count {
                    try ServedNode.write(poller.fd, request)
                    begun += 1
                }
            }
        }
        return Double(clockNanoseconds() - start)
    }
}
