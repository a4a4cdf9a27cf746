// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TheaterAPI

/// Answers in the forms that the API has.
enum Answer {
    /// A document.
    static func json(_ json: JSONValue, status: Int = 200) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.utf8)))
    }

    /// A list of JSON texts, each on a line, made while it is sent, some at a time.
    ///
    /// - Parameters:
    ///   - next: where the next page begins, as the last line's `next`.
    ///   - lines: makes the lines of some items.
    static func lines<Item: Sendable>(
        _ items: ArraySlice<Item>, next: String?,
        _ lines: @escaping @Sendable (ArraySlice<Item>) -> [UInt8]
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: MediaType.lines],
            body: ResponseBody { writer in
                var rest = items
                while !rest.isEmpty {
                    try await writer.write(ByteBuffer(bytes: lines(rest.prefix(linesAtOnce))))
                    rest = rest.dropFirst(linesAtOnce)
                    await Task.yield()
                }
                if let next {
                    let line: JSONValue = ["next": .string(next)]
                    try await writer.write(ByteBuffer(string: "\(line)\n"))
                }
                try await writer.finish(nil)
            })
    }

    /// How many lines are sent at once.
    private static let linesAtOnce = 512

    /// Bytes.
    static func bytes(_ bytes: [UInt8], type: String = "application/octet-stream") -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Nothing but a status.
    static func nothing(status: Int) -> Response { Response(status: .init(code: status)) }

    /// Why something was not done.
    static func problem(_ problem: Problem, methods: [String] = []) -> Response {
        var headers: HTTPFields = [.contentType: Problem.mediaType]
        if !methods.isEmpty { headers[.allow] = methods.joined(separator: ", ") }
        if problem.status == 426 {
            (headers[.upgrade], headers[.connection]) = ("websocket", "Upgrade")
        }
        if problem.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        if problem.status == 429 || problem.status == 503 { headers[.retryAfter] = "1" }
        return Response(
            status: .init(code: problem.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: problem.json.utf8)))
    }
}
