// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TheaterAPI

/// Takes what is sent to it as a collector of OTLP does, and keeps it.
final class Collector: Sendable {
    struct State: Sendable {
        var heads: [String] = []
        var spans: [JSONValue] = []
        var metrics: [String: [UInt64]] = [:]
        fileprivate var status: String?
    }

    let port: UInt16
    private let listener: SharedDescriptor
    private let state: Watched<State>

    var heads: [String] { state.value.heads }

    /// Answers otherwise from here on.
    func answer(_ status: String) { state.change { $0.status = status } }

    /// - Parameter status: what is answered; `nil` for nothing.
    init(status: String? = "200 OK") throws {
        state = Watched(State(status: status))
        listener = SharedDescriptor(
            socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener.number, $0, size) == 0 && listen(listener.number, 16) == 0
                    && getsockname(listener.number, $0, &size) == 0
            }
        }
        guard isBound else { throw RawSocket.Failed() }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener.number, nil, nil)
                guard client >= 0, let collector = self else { return }
                Thread.detachNewThread { Self.serve(client) { collector.keep($0, $1) } }
            }
        }
    }

    deinit { listener.stop() }

    private static func serve(
        _ client: Int32, _ keep: (String, JSONValue?) -> String?
    ) {
        defer { close(client) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let split = bytes.firstRange(of: end)?.upperBound {
                let head = String(decoding: bytes[..<split], as: UTF8.self).lowercased()
                let length =
                    head.components(separatedBy: "content-length: ").dropFirst().first
                    .flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
                if bytes.count >= split + length {
                    let status = keep(
                        head, try? JSONValue.parse(Array(bytes[split..<split + length])))
                    bytes.removeFirst(split + length)
                    guard let status else { continue }
                    let answer = Array("HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\n{}".utf8)
                    guard send(client, answer, answer.count, Int32(MSG_NOSIGNAL)) > 0 else {
                        return
                    }
                    continue
                }
            }
            let count = read(client, &chunk, chunk.count)
            guard count > 0 else { return }
            bytes += chunk[..<count]
        }
    }

    /// - Returns: what is answered.
    private func keep(_ head: String, _ body: JSONValue?) -> String? {
        var status: String?
        state.change { state in
            state.heads.append(head)
            for scope in Self.scopes("Spans", of: body) {
                state.spans += scope["spans"]?.array ?? []
            }
            for scope in Self.scopes("Metrics", of: body) {
                for metric in scope["metrics"]?.array ?? [] {
                    let points = (metric["sum"] ?? metric["gauge"])?["dataPoints"]?.array ?? []
                    state.metrics[metric["name"]?.string ?? ""] = points.compactMap {
                        $0["asInt"]?.string.flatMap { UInt64($0) }
                    }
                }
            }
            status = state.status
        }
        return status
    }

    private static func scopes(_ kind: String, of body: JSONValue?) -> [JSONValue] {
        (body?["resource\(kind)"]?.array ?? []).flatMap { $0["scope\(kind)"]?.array ?? [] }
    }

    /// Waits until what came is enough.
    @discardableResult
    func heard(_ isEnough: @escaping @Sendable (State) -> Bool) async -> State {
        await state.wait(until: isEnough)
        return state.value
    }

    /// The spans that came, when they are enough.
    func spans(
        _ isEnough: @escaping @Sendable ([JSONValue]) -> Bool
    ) async -> [JSONValue] {
        await heard { isEnough($0.spans) }.spans
    }

    /// The metrics that came last, when they are as wanted.
    func metrics(
        _ isEnough: @escaping @Sendable ([String: [UInt64]]) -> Bool
    ) async -> [String: [UInt64]] {
        await heard { isEnough($0.metrics) }.metrics
    }

    /// An attribute of a span as text.
    static func attribute(_ name: String, of span: JSONValue) -> String? {
        let value = span["attributes"]?.array?.first { $0["key"]?.string == name }?["value"]
        return value?["stringValue"]?.string ?? value?["intValue"]?.string
    }
}
